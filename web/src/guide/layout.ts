/** The guide's grid: the part of a row that each programme takes. */

import type { LiveStation } from '../../../src/contract/live.js';
import { announcedProgrammes, type Programme } from '../state/programmes.js';

const HALF_HOUR = 30 * 60_000;

export interface Cell {
  title: string;
  /** Null: unknown. */
  from: number | null;
  to: number | null;
  /** Its ends in the grid, 0 to 1. */
  start: number;
  end: number;
  /** The part that has passed, 0 to 1. */
  passed: number;
}

/** The beginning of the half hour that contains a time. */
export const halfHour = (time: number): number => {
  // In the viewer's time zone: zones may differ by half or a quarter of an hour.
  const offset = new Date(time).getTimezoneOffset() * 60_000;
  return Math.floor((time - offset) / HALF_HOUR) * HALF_HOUR + offset;
};

/** The half hours from `from` to before `to`. */
export const halfHours = (from: number, to: number): number[] =>
  Array.from({ length: Math.ceil((to - from) / HALF_HOUR) }, (_, index) => from + index * HALF_HOUR);

/** The position of a time in the grid, 0 to 1; null outside of it. */
export const positionIn = (time: number, { from, to }: { from: number; to: number }): number | null =>
  time < from || time >= to ? null : (time - from) / (to - from);

/** The smallest part of a row that can be read and touched. */
const LEAST = 1 / 12;

/**
 * The cells of a row, in order. Adjacent programmes that are too short for a cell of their own share one.
 */
export function cellsOf(
  station: LiveStation,
  listed: readonly Programme[] | undefined,
  { from, to, now }: { from: number; to: number; now: number },
): Cell[] {
  const position = (time: number) => (Math.min(to, Math.max(from, time)) - from) / (to - from);
  const programmes = listed && listed.length > 0 ? listed : announcedProgrammes(station);
  const cells: Cell[] = [];
  for (const programme of programmes) {
    const start = position(programme.from ?? from);
    const end = position(programme.to ?? to);
    if (end <= start) continue;
    const before = cells.at(-1);
    const isShort = end - start < LEAST;
    if (before && isShort && before.end - before.start < LEAST && Math.abs(before.end - start) < 1e-6) {
      if (!before.title.split(' · ').includes(programme.title)) before.title += ` · ${programme.title}`;
      before.to = programme.to;
      before.end = end;
    } else cells.push({ title: programme.title, from: programme.from, to: programme.to, start, end, passed: 0 });
  }
  const at = (now - from) / (to - from);
  return cells.map((cell) => ({
    ...cell,
    passed: Math.min(1, Math.max(0, (at - cell.start) / (cell.end - cell.start))),
  }));
}
