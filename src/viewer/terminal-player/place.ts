/** Where in the terminal the picture stands. */
import type { Size } from './picture.js';

export interface Place {
  /** Its first column and row, from 1 on. */
  column: number;
  row: number;
  /** Cells that it takes. */
  columns: number;
  rows: number;
  /** Rows of it that are seen: text covers the others. */
  visible: number;
  /** Pixels of a cell. */
  cell: Size;
}

export interface PlaceOptions {
  /** The terminal's cells. */
  columns: number;
  rows: number;
  cell: Size;
  picture: Size;
  /** Whether it may be larger than it is. */
  enlarge: boolean;
  /** Rows of text at the bottom; the last row is never the picture's. */
  textRows: number;
}

/** Where nothing is known of the terminal's font. */
export const USUAL_CELL: Size = { width: 10, height: 20 };

/** At the top and in the middle, as large as can be without its shape being changed; null where there is no room. */
export function placeOf({ columns, rows, cell, picture, enlarge, textRows }: PlaceOptions): Place | null {
  const room = rows - 1;
  if (room < 1 || columns < 1) return null;
  const widest = (columns * cell.width) / picture.width;
  const highest = (room * cell.height) / picture.height;
  const scale = Math.min(widest, highest, enlarge ? Number.POSITIVE_INFINITY : 1);
  const wide = clamp(Math.round((picture.width * scale) / cell.width), columns);
  const high = clamp(Math.round((picture.height * scale) / cell.height), room);
  return {
    column: 1 + Math.floor((columns - wide) / 2),
    row: 1,
    columns: wide,
    rows: high,
    visible: Math.max(0, Math.min(high, rows - Math.max(1, textRows))),
    cell,
  };
}

const clamp = (value: number, most: number): number => Math.max(1, Math.min(most, value));

/** Whether what stands in one place is all replaced by what is drawn in the other. */
export const samePlace = (a: Place | null, b: Place | null): boolean =>
  a?.column === b?.column && a?.columns === b?.columns && a?.rows === b?.rows;
