/** Programmes: from the gateway's guide, or from the station's own now and next. */
import { Millis } from '../../../src/base/units.js';
import type { LiveStation } from '../../../src/contract/live.js';

export interface Programme {
  /** Null: unknown. */
  from: Millis | null;
  /** Null: without a known end. */
  to: Millis | null;
  title: string;
}

/** By id of the station, in order of time. */
export type Guide = ReadonlyMap<string, readonly Programme[]>;

const isTime = (value: unknown): value is Millis => typeof value === 'number' && Number.isFinite(value);

/**
 * Reads the answer of `/api/v1/guide`; malformed entries are left out. A programme without a beginning or end is listed
 * with the bounds of the requested time instead.
 */
export function readGuide(answer: unknown, asked: { from: number; to: number }): Guide {
  const stations = (answer as { stations?: unknown } | null)?.stations;
  if (!Array.isArray(stations)) return new Map();
  return new Map(
    stations.flatMap(({ id, programmes: listed }: { id?: unknown; programmes?: unknown }) => {
      if (typeof id !== 'string' || !Array.isArray(listed)) return [];
      const valid = listed.filter(
        (each): each is { from: Millis; to: Millis; title: string } =>
          isTime(each?.from) && isTime(each?.to) && each.to > each.from && typeof each?.title === 'string',
      );
      const programmes = valid.map(({ from, to, title }) => ({
        from: from === asked.from ? null : from,
        to: to === asked.to ? null : to,
        title,
      }));
      return [[id, programmes] as const];
    }),
  );
}

/** Joins the guides of two adjacent times; a programme that spans both is in both. */
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

const covers = ({ from, to }: Programme, time: Millis): boolean =>
  (from === null || from <= time) && (to === null || time < to);

/** The station's own now and next. */
export function announcedProgrammes({ nowPlaying, nowUntil, next }: LiveStation): Programme[] {
  const end = nowUntil === undefined ? null : Millis(nowUntil);
  const playing: Programme = { from: null, to: end, title: nowPlaying };
  return nowUntil === undefined || next === undefined ? [playing] : [playing, { from: end, to: null, title: next }];
}

/** The programme at a time; null where unknown. */
export const programmeAt = (programmes: readonly Programme[], time: Millis): Programme | null =>
  programmes.find((programme) => covers(programme, time)) ?? null;

export interface NowAndNext {
  now: Programme;
  next: Programme | null;
}

/** The programme at `time` and the one after it: from the guide, or from the station's own now and next. */
export function nowAndNext(station: LiveStation, guide: Guide, time: Millis): NowAndNext {
  const listed = guide.get(station.id) ?? [];
  const at = listed.findIndex((programme) => covers(programme, time));
  const [now, next = null] = at < 0 ? announcedProgrammes(station) : listed.slice(at, at + 2);
  return { now: now!, next };
}

/** A station of one film has the film's name, which is then shown once. */
export const isNamesake = ({ name }: LiveStation, { title }: Programme): boolean => name === title;

/** When the only item of a station last began before `time`; null where unknown, or with several items. */
export function loopFrom({ itemFrom, nowUntil, duration }: LiveStation, time: Millis): Millis | null {
  if (itemFrom === null || nowUntil !== undefined) return null;
  const length = duration * 1000;
  return Millis(itemFrom + Math.floor((time - itemFrom) / length) * length);
}

/** The part of a programme that has passed, 0 to 1; null without a known beginning and end. */
export function passed({ from, to }: Programme, time: Millis): number | null {
  return from === null || to === null ? null : Math.min(1, Math.max(0, (time - from) / (to - from)));
}
