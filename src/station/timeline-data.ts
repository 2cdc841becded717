/**
 * A timeline as plain data, for threads and for the disk. It is handed over as a delta: the additions since a revision that
 * the receiver has. A snapshot is the delta from nothing. Items and playlists are sent once, and named by their numbers.
 *
 * @typeParam I - An item's form: an open reel between threads, a reel's id on the disk.
 */

import type { PacketNumber, Ticks90k } from '../base/units.js';
import type { ReelData } from '../reel/reel.js';
import type { CounterShift } from '../wire/ts.js';
import type { SpliceFillerData } from './splice-filler.js';

/** A slate shown in place of the plan. */
export interface Override {
  readonly id: string;
}

/** `playlist` is a number of the timeline's. */
export interface PlanEntryData {
  readonly from: Ticks90k;
  readonly playlist: number;
  readonly item: number;
  readonly packet: number;
}

export interface PeriodData extends PlanEntryData {
  readonly first: PacketNumber;
  readonly counters: CounterShift | null;
  readonly filler: SpliceFillerData | null;
}

/** In place of the entries from number `first` on. */
export interface Added<T> {
  readonly first: number;
  readonly added: readonly T[];
}

export interface TimelineDelta<I> {
  /** The revision that it is for, or a later one; −1: it needs none. */
  readonly base: number;
  /** The revision that it leads to. */
  readonly revision: number;
  readonly items: Added<I>;
  /** Each a list of items' numbers. */
  readonly playlists: Added<readonly number[]>;
  /** Numbered from the first that the timeline ever had. */
  readonly periods: Added<PeriodData>;
  /** Number of the oldest period that is still known. */
  readonly oldest: number;
  readonly plan: readonly PlanEntryData[];
  readonly override: Override | null;
}

/** An item between threads. */
export interface ItemData {
  readonly name: string;
  readonly reel: ReelData;
}

/** A change of a station between threads. */
export type StationDelta = TimelineDelta<ItemData>;

/** A station between threads. */
export interface StationData {
  readonly ssrc: number;
  /** A snapshot. */
  readonly timeline: StationDelta;
}

/** Takes values from number `known` on; returns those from `oldest` on, with the additions. */
export function joined<T>(values: readonly T[], { first, added }: Added<T>, known = 0, oldest = known): T[] {
  if (first > known + values.length)
    throw new RangeError(`a delta begins at ${first}, behind ${values.length} entries`);
  return [...values.slice(oldest - known, Math.max(0, first - known)), ...added];
}

/** The snapshot that a later delta makes of one. Throws a RangeError where a delta between them is missing. */
export function withDelta<I>(snapshot: TimelineDelta<I>, delta: TimelineDelta<I>): TimelineDelta<I> {
  if (delta.base < 0) return delta;
  checkBase(delta, snapshot.revision);
  const { periods } = snapshot;
  const { revision, oldest, plan, override } = delta;
  return {
    ...{ base: -1, revision, oldest, plan, override },
    items: { first: 0, added: joined(snapshot.items.added, delta.items) },
    playlists: { first: 0, added: joined(snapshot.playlists.added, delta.playlists) },
    periods: { first: oldest, added: joined(periods.added, delta.periods, periods.first, oldest) },
  };
}

export function checkBase({ base }: { base: number }, revision: number): void {
  if (base > revision) throw new RangeError(`a delta for revision ${base} does not fit revision ${revision}`);
}
