/** The seek bar: which stretch of the station's time it shows, and what on it. */
import { type Programme, programmeAt } from './programmes.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** More of them tell nobody anything. */
const MOST_MARKS = 20;
/** So near to the bar's ends, as a part of it, a mark is not to be seen. */
const MARGIN = 0.01;

export interface Timeline {
  /** The bar's ends. */
  from: number;
  to: number;
  /** The earliest moment that can be watched, and the one that is on the air. */
  oldest: number;
  live: number;
  /** Where programmes begin. */
  marks: readonly { time: number; title: string }[];
}

export interface TimelineOptions {
  /** What is on the air. */
  live: number;
  /** The earliest moment that can be had; null: none but that on the air. */
  oldest: number | null;
  /** The picture that is shown. */
  time: number;
  programmes: readonly Programme[];
}

/**
 * From the beginning of what is on the air, half an hour to two hours back, to its end if that comes within two hours;
 * further back where the picture is.
 */
export function timelineOf({ live, oldest, time, programmes }: TimelineOptions): Timeline {
  const first = Math.min(oldest ?? live, live);
  const current = programmeAt(programmes, live);
  const begin = Math.min(live - HOUR / 2, Math.max(live - 2 * HOUR, current?.from ?? live));
  const shown = time < begin ? time - 10 * MINUTE : begin;
  // A station that reaches back only a little still has a bar on which that is to be seen.
  const from = Math.max(shown, Math.min(first, live - MINUTE));
  const end = current?.to ?? null;
  const to = end !== null && end - live <= 2 * HOUR ? Math.max(end, live) : live;
  return { from, to, oldest: Math.max(from, first), live, marks: marksIn(programmes, from, to) };
}

function marksIn(programmes: readonly Programme[], from: number, to: number): { time: number; title: string }[] {
  const margin = (to - from) * MARGIN;
  const marks = programmes.flatMap(({ from: time, title }) =>
    time !== null && time > from + margin && time < to - margin ? [{ time, title }] : [],
  );
  return marks.length > MOST_MARKS ? [] : marks;
}

/** Where a time is on the bar, 0 to 1. */
export const positionOf = ({ from, to }: Timeline, time: number): number =>
  Math.min(1, Math.max(0, (time - from) / Math.max(1, to - from)));

/** The time at a place of the bar that can be watched. */
export const timeAt = ({ from, to, oldest, live }: Timeline, place: number): number =>
  Math.min(live, Math.max(oldest, from + Math.min(1, Math.max(0, place)) * (to - from)));
