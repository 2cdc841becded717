/** What stations play, when: from the gateway's guide where it has one, else from what a station says of now and next. */
import type { LiveStation } from '../../../src/contract/live.js';

export interface Programme {
  /** Null: not known. */
  from: number | null;
  /** Null: goes on for ever, as far as is known. */
  to: number | null;
  title: string;
}

/** By id of the station, in order of time. */
export type Guide = ReadonlyMap<string, readonly Programme[]>;

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/**
 * What `/api/v1/guide` answered about a time; what is not understood in it is left out. What goes on for ever is told as
 * long as that time: it has neither beginning nor end.
 */
export function readGuide(answer: unknown, asked: { from: number; to: number }): Guide {
  const stations = (answer as { stations?: unknown } | null)?.stations;
  if (!Array.isArray(stations)) return new Map();
  return new Map(
    stations.flatMap(({ id, programmes: told }: { id?: unknown; programmes?: unknown }) => {
      if (typeof id !== 'string' || !Array.isArray(told)) return [];
      const understood = told.filter(
        (each): each is { from: number; to: number; title: string } =>
          isTime(each?.from) && isTime(each?.to) && each.to > each.from && typeof each?.title === 'string',
      );
      const programmes = understood.map(({ from, to, title }) => ({
        from: from === asked.from ? null : from,
        to: to === asked.to ? null : to,
        title,
      }));
      return [[id, programmes] as const];
    }),
  );
}

/** Two answers as one, about a time and the one after it; what reaches from the one into the other is in both. */
export function joined(before: Guide, after: Guide): Guide {
  const ids = new Set([...before.keys(), ...after.keys()]);
  return new Map(
    [...ids].map((id) => {
      const earlier = before.get(id) ?? [];
      const later = after.get(id) ?? [];
      const last = earlier.at(-1);
      if (last?.to === null && later[0]?.from === null) {
        return [id, [...earlier.slice(0, -1), { ...later[0], from: last.from }, ...later.slice(1)]];
      }
      const first = later[0]?.from ?? Number.POSITIVE_INFINITY;
      return [id, [...earlier.filter(({ from }) => (from ?? 0) < first), ...later]];
    }),
  );
}

const covers = ({ from, to }: Programme, time: number): boolean =>
  (from === null || from <= time) && (to === null || time < to);

/** What the station says itself: of now and what follows. */
export function announcedProgrammes({ nowPlaying, nowUntil, next }: LiveStation): Programme[] {
  const playing: Programme = { from: null, to: nowUntil ?? null, title: nowPlaying };
  return nowUntil === undefined || next === undefined
    ? [playing]
    : [playing, { from: nowUntil, to: null, title: next }];
}

/** What is on the air at a time; null where that is not known. */
export const programmeAt = (programmes: readonly Programme[], time: number): Programme | null =>
  programmes.find((programme) => covers(programme, time)) ?? null;

export interface NowAndNext {
  now: Programme;
  next: Programme | null;
}

/** What the station shows at `time`, and what follows. The guide knows when it began; the station has the last word. */
export function nowAndNext(station: LiveStation, guide: Guide, time: number): NowAndNext {
  const listed = guide.get(station.id) ?? [];
  const at = listed.findIndex((programme) => covers(programme, time));
  const [now, next = null] = at < 0 ? announcedProgrammes(station) : listed.slice(at, at + 2);
  return { now: now!, next };
}

/** A station of one film is called as that film is: said once is enough. */
export const isNamesake = ({ name }: LiveStation, { title }: Programme): boolean => name === title;

/** When what plays alone, over and over, last began before a time; null where that is not known, or something follows it. */
export function loopFrom({ itemFrom, nowUntil, duration }: LiveStation, time: number): number | null {
  if (itemFrom === null || nowUntil !== undefined) return null;
  const length = duration * 1000;
  return itemFrom + Math.floor((time - itemFrom) / length) * length;
}

/** How much of it has passed, 0 to 1; null where its beginning or end is not known. */
export function passed({ from, to }: Programme, time: number): number | null {
  return from === null || to === null ? null : Math.min(1, Math.max(0, (time - from) / (to - from)));
}
