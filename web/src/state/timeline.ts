/** The seek bar: the part of the station's time that it shows, and the marks on it. */
import { Millis } from '../../../src/base/units.js';
import { type Programme, programmeAt } from './programmes.js';

const MINUTE = Millis(60_000);
const HOUR = Millis(60 * MINUTE);
/** With more marks than this, none is shown. */
const MOST_MARKS = 20;
/** A mark nearer than this to an end of the bar, as a part of it, is hidden. */
const MARGIN = 0.01;

export interface Timeline {
  /** The bar's ends. */
  from: Millis;
  to: Millis;
  /** The earliest moment that can be watched, and the live one. */
  oldest: Millis;
  live: Millis;
  /** Beginnings of programmes. */
  marks: readonly { time: Millis; title: string }[];
}

export interface TimelineOptions {
  /** The moment that is on the air. */
  live: Millis;
  /** The earliest moment available; null: only the live one. */
  oldest: Millis | null;
  /** The moment of the picture shown. */
  time: Millis;
  programmes: readonly Programme[];
}

/**
 * From the beginning of the current programme, half an hour to two hours back, to its end if that is within two hours; from
 * further back for a picture before that.
 */
export function timelineOf({ live, oldest, time, programmes }: TimelineOptions): Timeline {
  const first = Math.min(oldest ?? live, live);
  const current = programmeAt(programmes, live);
  const begin = Math.min(live - HOUR / 2, Math.max(live - 2 * HOUR, current?.from ?? live));
  const shown = time < begin ? time - 10 * MINUTE : begin;
  // A station with a short past still has a bar of a minute.
  const from = Millis(Math.max(shown, Math.min(first, live - MINUTE)));
  const end = current?.to ?? null;
  const to = end !== null && end - live <= 2 * HOUR ? Millis(Math.max(end, live)) : live;
  return { from, to, oldest: Millis(Math.max(from, first)), live, marks: marksIn(programmes, from, to) };
}

function marksIn(programmes: readonly Programme[], from: Millis, to: Millis): { time: Millis; title: string }[] {
  const margin = (to - from) * MARGIN;
  const marks = programmes.flatMap(({ from: time, title }) =>
    time !== null && time > from + margin && time < to - margin ? [{ time, title }] : [],
  );
  return marks.length > MOST_MARKS ? [] : marks;
}

/** The position of a time on the bar, 0 to 1. */
export const positionOf = ({ from, to }: Timeline, time: number): number =>
  Math.min(1, Math.max(0, (time - from) / Math.max(1, to - from)));

/** The time at a position on the bar, limited to what can be watched. */
export const timeAt = ({ from, to, oldest, live }: Timeline, position: number): Millis =>
  Millis(Math.min(live, Math.max(oldest, from + Math.min(1, Math.max(0, position)) * (to - from))));
