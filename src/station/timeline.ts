/**
 * The past of a station, its plan, and the override shown over it:
 *
 *     periods    on the air, the oldest first: the past, which only grows, then the periods settled for the time after it
 *     plan       the programme's items from each time on, seen or not
 *     override   a slate shown in its place, without an end; below it the plan goes on
 *
 * Without an override the periods that are still to begin are the plan's, so that every thread has them long before. A
 * change that begins sooner replaces them, and computes them from the plan again behind its own period.
 */

import { PacketNumber, Ticks90k } from '../base/units.js';
import { Period, type PeriodOptions } from './period.js';
import { entryOf, type PlanEntry, planFrom } from './plan.js';
import { Playlist, type StationItem } from './playlist.js';
import {
  type Added,
  checkBase,
  joined,
  type Override,
  type PeriodData,
  type PlanEntryData,
  type TimelineDelta,
} from './timeline-data.js';

/**
 * Most periods that have ended and are kept. Behind a cut lies a filler of up to 60 KiB, so this bounds a station's past to
 * some 60 MiB. Periods that are on the air or to come are never dropped.
 */
export const MOST_PAST = 1_000;

/** A change of a timeline, made at `now`. */
export interface TimelineChange {
  readonly now: Ticks90k;
  /** In place of all periods that open when the first of them does, or later. Without any, only the plan changes. */
  readonly periods: readonly PeriodOptions[];
  readonly plan: readonly PlanEntry[];
  readonly override: Override | null;
}

/** A list that only grows at its end and shrinks at its beginning; with the revision that added each value. */
interface Revised<T> {
  readonly values: readonly T[];
  readonly revisions: readonly number[];
}

interface TimelineState {
  readonly revision: number;
  readonly items: Revised<StationItem>;
  readonly playlists: Revised<Playlist>;
  readonly periods: Revised<Period>;
  /** Periods dropped at the old end. */
  readonly oldest: number;
  readonly plan: readonly PlanEntry[];
  readonly override: Override | null;
}

/**
 * Responsible for:
 * - past, plan and override of a station; unchangeable: a change makes another timeline
 * - the additions since a revision, for threads and the disk
 */
export class Timeline {
  readonly #state: TimelineState;

  private constructor(state: TimelineState) {
    this.#state = state;
  }

  /**
   * The timeline of periods in their order; without a plan, the periods are the plan's. Throws a RangeError where there is
   * none, or one begins before its turn.
   */
  static of(options: {
    periods: readonly PeriodOptions[];
    plan?: readonly PlanEntry[];
    override?: Override | null;
  }): Timeline {
    const { periods, plan = periods, override = null } = options;
    if (periods.length === 0) throw new RangeError('a station needs at least one period');
    const empty = { values: [], revisions: [] };
    const nothing: TimelineState = {
      ...{ revision: -1, items: empty, playlists: empty, periods: empty },
      ...{ oldest: 0, plan: [], override: null },
    };
    return new Timeline(extended(nothing, { periods, plan, override }));
  }

  /** Items that are repeated since the Unix epoch. */
  static repeating(items: readonly StationItem[]): Timeline {
    return Timeline.of({
      periods: [{ from: Ticks90k(0), first: PacketNumber(0), items, item: 0, packet: 0, counters: null }],
    });
  }

  /** The timeline of a snapshot. */
  static from(snapshot: TimelineDelta<StationItem>): Timeline {
    const empty = { values: [], revisions: [] };
    const nothing = { revision: -1, items: empty, playlists: empty, periods: empty, oldest: snapshot.periods.first };
    return new Timeline({ ...nothing, plan: [], override: null }).withDelta(snapshot);
  }

  /** Raised by every change. */
  get revision(): number {
    return this.#state.revision;
  }

  /** All items that it ever had, each once, in the order in which they came. */
  get items(): readonly StationItem[] {
    return this.#state.items.values;
  }
  /** All playlists that it ever had. */
  get playlists(): readonly Playlist[] {
    return this.#state.playlists.values;
  }
  /** Never empty. */
  get periods(): readonly Period[] {
    return this.#state.periods.values;
  }
  /** Never empty; its first entry holds now. */
  get plan(): readonly PlanEntry[] {
    return this.#state.plan;
  }
  get override(): Override | null {
    return this.#state.override;
  }

  /** The timeline without the periods that open with packet `first` or later. */
  before(first: PacketNumber): Timeline {
    return new Timeline({ ...this.#state, periods: openingBefore(this.#state.periods, first) });
  }

  /** Throws a RangeError where a period would begin before its turn. */
  with({ now, periods, plan, override }: TimelineChange): Timeline {
    const state = this.#state;
    const opening = periods[0] === undefined ? Number.POSITIVE_INFINITY : new Period(periods[0]).opening;
    const { values, revisions } = openingBefore(state.periods, PacketNumber(opening));
    const ended = values.findLastIndex(({ from }) => from <= now);
    const dropped = Math.max(0, ended - MOST_PAST);
    const kept = { values: values.slice(dropped), revisions: revisions.slice(dropped) };
    return new Timeline(
      extended(
        { ...state, periods: kept, oldest: state.oldest + dropped },
        { periods, plan: planFrom(plan, now), override },
      ),
    );
  }

  /** The additions since a revision; since revision −1, a snapshot. */
  deltaSince(revision: number): TimelineDelta<StationItem> {
    const { items, playlists, periods, oldest, plan, override } = this.#state;
    const numbers = new Map(items.values.map((item, number) => [item, number]));
    const playlistOf = (entry: { items: readonly StationItem[] }) => playlists.values.indexOf(Playlist.of(entry.items));
    const entryData = (entry: PlanEntry): PlanEntryData => ({
      from: entry.from,
      playlist: playlistOf(entry),
      item: entry.item,
      packet: entry.packet,
    });
    const periodData = (period: Period): PeriodData => ({
      ...entryData(period),
      first: period.first,
      counters: period.counters,
      filler: period.filler,
    });
    const added = addedSince(periods, revision);
    return {
      base: revision,
      revision: this.revision,
      items: addedSince(items, revision),
      playlists: map(addedSince(playlists, revision), (each) => each.items.map((item) => numbers.get(item)!)),
      periods: { first: oldest + added.first, added: added.added.map(periodData) },
      oldest,
      plan: plan.map(entryData),
      override,
    };
  }

  /**
   * The timeline after a delta of the same timeline elsewhere. Throws a RangeError where another delta has to come before, or
   * it names an item or a playlist that there is not.
   */
  withDelta(delta: TimelineDelta<StationItem>): Timeline {
    checkBase(delta, this.revision);
    const state = this.#state;
    const { revision, oldest, override } = delta;
    const items = replaced(state.items, delta.items, revision);
    const playlists = replaced(
      state.playlists,
      map(delta.playlists, (numbers) => Playlist.of(numbers.map((number) => named(items.values, number, 'item')))),
      revision,
    );
    const entryFrom = ({ playlist, from, item, packet }: PlanEntryData): PlanEntry => ({
      ...{ from, item, packet },
      items: named(playlists.values, playlist, 'playlist').items,
    });
    const added = map(delta.periods, (data) => {
      const { first, counters, filler } = data;
      return new Period({ ...entryFrom(data), first, counters, filler });
    });
    const periods = replaced(state.periods, added, revision, state.oldest, oldest);
    checkOrder(periods.values, added.added.length);
    return new Timeline({ revision, items, playlists, periods, oldest, plan: delta.plan.map(entryFrom), override });
  }
}

/** Throws a RangeError where none does. */
function openingBefore({ values, revisions }: Revised<Period>, packet: PacketNumber): Revised<Period> {
  const end = values.findLastIndex(({ opening }) => opening < packet) + 1;
  if (end === 0) throw new RangeError(`there is nothing before packet ${packet}`);
  return { values: values.slice(0, end), revisions: revisions.slice(0, end) };
}

/** A state with the additions of a change, which has items and playlists of its own only where the state lacks them. */
function extended(state: TimelineState, added: Omit<TimelineChange, 'now'>): TimelineState {
  const revision = state.revision + 1;
  const items = new Set(state.items.values);
  const playlists = [...state.playlists.values];
  const interned = (own: readonly StationItem[]): readonly StationItem[] => {
    const same = playlists.find(
      (each) => each.items.length === own.length && each.items.every((it, i) => it === own[i]),
    );
    if (same !== undefined) return same.items;
    for (const item of own) items.add(item);
    const playlist = Playlist.of([...own]);
    playlists.push(playlist);
    return playlist.items;
  };
  const periods = added.periods.map((period) => new Period({ ...period, items: interned(period.items) }));
  const plan = added.plan.map((entry) => entryOf({ ...entry, items: interned(entry.items) }));
  const all = appended(state.periods, [...state.periods.values, ...periods], revision);
  checkOrder(all.values, periods.length);
  return {
    ...{ revision, plan, override: added.override, oldest: state.oldest, periods: all },
    items: appended(state.items, [...items], revision),
    playlists: appended(state.playlists, playlists, revision),
  };
}

/** The revisions of `values`, of which those of `known` come first. */
function appended<T>(known: Revised<T>, values: readonly T[], revision: number): Revised<T> {
  const added = Array<number>(values.length - known.values.length).fill(revision);
  return { values, revisions: [...known.revisions, ...added] };
}

function replaced<T>(known: Revised<T>, added: Added<T>, revision: number, from = 0, oldest = from): Revised<T> {
  const revisions = { first: added.first, added: added.added.map(() => revision) };
  return {
    values: joined(known.values, added, from, oldest),
    revisions: joined(known.revisions, revisions, from, oldest),
  };
}

function addedSince<T>({ values, revisions }: Revised<T>, revision: number): Added<T> {
  const first = revisions.findLastIndex((each) => each <= revision) + 1;
  return { first, added: values.slice(first) };
}

const map = <T, U>({ first, added }: Added<T>, change: (value: T) => U): Added<U> => ({
  first,
  added: added.map(change),
});

function named<T>(values: readonly T[], number: number, kind: string): T {
  const value = values[number];
  if (value === undefined) throw new RangeError(`there is no ${kind} ${number}`);
  return value;
}

/** Throws a RangeError where one of the last `count` periods begins before the packet that it begins with has its turn. */
function checkOrder(periods: readonly Period[], count: number): void {
  if (periods.length === 0) throw new RangeError('a station needs at least one period');
  for (let i = Math.max(1, periods.length - count); i < periods.length; i++) {
    const before = periods[i - 1]!;
    const period = periods[i]!;
    if (period.opening < before.first || period.opening <= before.opening || before.at(period.opens) < period.opening) {
      throw new RangeError(`a period begins with packet ${period.opening} at ${period.opens}, before its turn`);
    }
  }
}
