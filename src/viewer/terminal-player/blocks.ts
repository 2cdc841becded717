/** Pictures of half blocks: two pixels in each cell, the upper in the colour of the letter, the lower in that behind it. */
import { paletteColour } from './palette.js';
import { type Picture, scaled } from './picture.js';
import type { Place } from './place.js';
import { moveTo, type Renderer } from './renderer.js';

/** How many colours the terminal has: as many as there are, or 256. */
export type Colours = 'all' | '256';

/** Cells as they are drawn: for each its upper and its lower colour. */
export interface Cells {
  columns: number;
  rows: number;
  /** 0xRRGGBB, or the number of one of 256; UNKNOWN where nobody knows what is there. */
  colours: Int32Array;
}

export const UNKNOWN = -1;

/**
 * A cell whose red, green and blue are no further than this from what is wanted stays as it is: nobody sees that in a
 * film, and much of one is noise of a camera.
 */
const TOLERANCE = 6;

/** Draws only the cells that have changed. */
export function blocksRenderer(colours: Colours): Renderer {
  let drawn: Cells | null = null;
  return {
    name: 'blocks',
    most: { width: 320, height: 180 },
    enlarges: true,
    draw(picture, place) {
      const wanted = cellsOf(picture, place, colours);
      const before = drawn?.columns === place.columns && drawn.rows === place.rows ? drawn : unknownCells(place);
      const { text, cells } = blocksOf(wanted, before, { place, colours });
      drawn = cells;
      return text;
    },
    forget() {
      drawn = null;
    },
    end: '',
  };
}

export const unknownCells = ({ columns, rows }: Pick<Place, 'columns' | 'rows'>): Cells => ({
  columns,
  rows,
  colours: new Int32Array(2 * columns * rows).fill(UNKNOWN),
});

/** The picture as cells; those that text covers are unknown. */
export function cellsOf(picture: Picture, place: Place, colours: Colours): Cells {
  const { columns, rows, visible } = place;
  const cells = unknownCells(place);
  const { data } = scaled(picture, { width: columns, height: 2 * rows });
  const colour = colours === 'all' ? packed : paletteColour;
  for (let row = 0; row < 2 * visible; row++) {
    for (let column = 0; column < columns; column++) {
      const at = (row * columns + column) * 3;
      const to = 2 * ((row >> 1) * columns + column) + (row & 1);
      cells.colours[to] = colour(data[at], data[at + 1], data[at + 2]);
    }
  }
  return cells;
}

const packed = (red: number, green: number, blue: number): number => (red << 16) | (green << 8) | blue;

/** What changes `before` into `wanted`, and the cells as they are then. */
export function blocksOf(
  wanted: Cells,
  before: Cells,
  { place, colours }: { place: Place; colours: Colours },
): { text: string; cells: Cells } {
  const { columns } = wanted;
  const cells: Cells = { ...wanted, colours: wanted.colours.slice() };
  const near = colours === 'all' ? isNear : (a: number, b: number) => a === b;
  const pen = new Pen(colours);
  for (let row = 0; row < place.visible; row++) {
    let cursor = -1;
    for (let column = 0; column < columns; column++) {
      const at = 2 * (row * columns + column);
      const [upper, lower] = [wanted.colours[at], wanted.colours[at + 1]];
      if (near(before.colours[at], upper) && near(before.colours[at + 1], lower)) {
        cells.colours[at] = before.colours[at];
        cells.colours[at + 1] = before.colours[at + 1];
        continue;
      }
      if (cursor < 0) pen.write(moveTo(place.row + row, place.column + column));
      else if (cursor < column) pen.write(`\x1b[${column - cursor}C`);
      pen.cell(upper, lower);
      cursor = column + 1;
    }
  }
  return { text: pen.end(), cells };
}

function isNear(shown: number, wanted: number): boolean {
  if (shown === wanted) return true;
  return (
    shown !== UNKNOWN &&
    Math.abs((shown >> 16) - (wanted >> 16)) <= TOLERANCE &&
    Math.abs(((shown >> 8) & 255) - ((wanted >> 8) & 255)) <= TOLERANCE &&
    Math.abs((shown & 255) - (wanted & 255)) <= TOLERANCE
  );
}

/** Writes cells with as few changes of colour as can be. */
class Pen {
  private text = '';
  private front = UNKNOWN;
  private back = UNKNOWN;

  constructor(private readonly colours: Colours) {}

  write(text: string): void {
    this.text += text;
  }

  cell(upper: number, lower: number): void {
    if (upper === lower) {
      // A whole cell of the colour of the letter, or a blank one
      const full = this.front === upper && this.back !== upper;
      if (!full) this.take(this.front, upper);
      this.text += full ? '█' : ' ';
      return;
    }
    const kept = Number(this.front === upper) + Number(this.back === lower);
    const turned = Number(this.front === lower) + Number(this.back === upper);
    if (turned > kept) {
      this.take(lower, upper);
      this.text += '▄';
    } else {
      this.take(upper, lower);
      this.text += '▀';
    }
  }

  /** All that was written, with the terminal's own colours behind it. */
  end(): string {
    return this.text === '' ? '' : `${this.text}\x1b[0m`;
  }

  private take(front: number, back: number): void {
    const codes: string[] = [];
    if (front !== this.front) codes.push(this.code(38, front));
    if (back !== this.back) codes.push(this.code(48, back));
    if (codes.length > 0) this.text += `\x1b[${codes.join(';')}m`;
    this.front = front;
    this.back = back;
  }

  private code(ground: 38 | 48, colour: number): string {
    if (this.colours === '256') return `${ground};5;${colour}`;
    return `${ground};2;${colour >> 16};${(colour >> 8) & 255};${colour & 255}`;
  }
}
