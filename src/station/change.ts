/** The operator's commands, as changes of a station's timeline. Each takes effect NOTICE after it is made, or later. */

import { PacketNumber, TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import type { Reel } from '../reel/reel.js';
import type { PeriodOptions } from './period.js';
import { entryOf, type PlanEntry, plannedAt, planWith } from './plan.js';
import { isSameReel, type StationItem } from './playlist.js';
import { before, nextCut, nextRandomAccess, periodFrom } from './splice.js';
import { type ItemRange, Station } from './station.js';
import type { TimelineChange } from './timeline.js';

/**
 * A change begins this long after it is made, or later: threads send, read ahead and serve single viewers up to a second ahead,
 * and get the change before.
 */
export const NOTICE = Ticks90k(2 * TICKS_PER_SECOND);

/** An entry of the plan this close to an item's end begins there: fillers before it move both. */
const NEAR = Ticks90k(2 * TICKS_PER_SECOND);

/**
 * Ends the item that the plan has at `now`, and begins the next. Null where the next begins before the other can be cut.
 * While a slate is shown, only the plan changes. Throws when a reel cannot be read, as all commands do.
 */
export function skipItem(station: Station, now: Ticks90k): TimelineChange | null {
  const { plan, override } = station.timeline;
  const time = Ticks90k(now + NOTICE);
  if (override !== null) {
    const { to } = plannedAt(plan, now);
    if (to <= time) return null;
    const { items, index, entry } = plannedAt(plan, to);
    return {
      now,
      periods: [],
      plan: planWith(plan, { from: time, items, item: index, packet: 0 }, entry + 1),
      override,
    };
  }
  const { cut: end, next } = station.endOf(station.at(now));
  if (station.due(end) <= time) return null;
  const cut = nextCut(station, time);
  if (cut >= end) return null;
  const begins = station.due(next);
  const { items, index } = station.itemOnAirAt(begins);
  const first = periodFrom(station, cut, { items, item: index, packet: 0 });
  return planned(station, now, { first, next: plannedAt(plan, begins).entry + 1 });
}

/**
 * Has the plan play `items` when the item ends that it has NOTICE after `now`, in place of everything planned for later.
 * They begin behind that item, where it is one of them; otherwise with the first item that would have followed it and is one
 * of them.
 */
export function replaceItems(station: Station, now: Ticks90k, items: readonly StationItem[]): TimelineChange {
  const { plan, override } = station.timeline;
  const time = Ticks90k(now + NOTICE);
  if (override !== null) {
    const { to, entry, ...old } = plannedAt(plan, time);
    const start = { from: to, items, item: following(old, items), packet: 0 };
    return { now, periods: [], plan: [...plan.slice(0, entry + 1), start], override };
  }
  const { cut } = station.endOf(station.at(time));
  const first = periodFrom(station, cut, { items, item: following(station.itemOnAirAt(time), items), packet: 0 });
  return planned(station, now, { first, next: plan.length });
}

/**
 * Has the plan play `items`, in which the reel of the item that it has NOTICE after `now` was made again: that item goes on with
 * the new reel, at the same moment of it. Null where that item is not among them, or is the same as before.
 *
 * Where both reels have the same packets, nothing of the old one is read, which is damaged, and viewers notice nothing.
 */
export function exchangeReels(station: Station, now: Ticks90k, items: readonly StationItem[]): TimelineChange | null {
  const { plan, override } = station.timeline;
  const time = Ticks90k(now + NOTICE);
  if (override !== null) {
    const { items: old, index, from } = plannedAt(plan, time);
    const item = madeAgain(old[index]!, items);
    if (item === null) return null;
    const packet = randomAccessAt(items[item]!.reel, Ticks90k(time - from));
    return { now, periods: [], plan: planWith(plan, { from: time, items, item, packet }, plan.length), override };
  }
  const first = goingOn(station, nextRandomAccess(station, time), items) ?? splicedOn(station, time, items);
  return first && planned(station, now, { first, next: plan.length });
}

/** The period in which the item at packet `cut`, a random access point, goes on with the same packets of another reel. */
function goingOn(station: Station, cut: PacketNumber, items: readonly StationItem[]): PeriodOptions | null {
  const { item, reel: old, packet } = itemOf(station, cut, items);
  if (item === null || !isSameReel(items[item]!.reel, old)) return null;
  const { counters } = station.timeline.periods.findLast(({ opening }) => opening <= cut)!;
  return { from: station.due(cut), first: cut, items, item, packet, counters };
}

/** The same with other packets, from a cut at `time` or later. */
function splicedOn(station: Station, time: Ticks90k, items: readonly StationItem[]): PeriodOptions | null {
  const cut = nextCut(station, time);
  const { item, reel: old, packet } = itemOf(station, cut, items);
  if (item === null) return null;
  return periodFrom(station, cut, { items, item, packet: randomAccessAt(items[item]!.reel, old.due(packet)) });
}

/** The reel of packet `n`, which is of no filler, its number in that, and the item among others of which the reel was made again. */
function itemOf(station: Station, n: PacketNumber, items: readonly StationItem[]) {
  const [{ reel, from: packet }] = station.ranges(n, PacketNumber(n + 1)) as [ItemRange];
  return { reel, packet, item: madeAgain(station.itemAt(station.due(n)), items) };
}

/** Index of the item whose reel was made again of the same source, among others; null where it is there itself, or not at all. */
function madeAgain(item: StationItem, items: readonly StationItem[]): number | null {
  if (items.includes(item)) return null;
  const { id } = item.reel.data.manifest;
  const index = items.findIndex(({ reel }) => reel.data.manifest.id === id);
  return index < 0 ? null : index;
}

/** The random access point of a reel at or before a time, which may be behind its end. */
const randomAccessAt = (reel: Reel, time: Ticks90k): number =>
  reel.randomAccessBefore(reel.at(Ticks90k(Math.min(time, reel.duration - 1))));

/** Shows a slate over and over, in place of the plan or of another slate. */
export function showSlate(
  station: Station,
  now: Ticks90k,
  slate: { readonly id: string; readonly item: StationItem },
): TimelineChange {
  const cut = nextCut(station, Ticks90k(now + NOTICE));
  const period = periodFrom(station, cut, { items: [slate.item], item: 0, packet: 0 });
  return { now, periods: [period], plan: station.timeline.plan, override: { id: slate.id } };
}

/**
 * Ends the slate. The item that the plan has by then goes on at the random access point before, so the guide is right
 * again, within the distance of random access points.
 */
export function resumeProgramme(station: Station, now: Ticks90k): TimelineChange {
  const cut = nextCut(station, Ticks90k(now + NOTICE));
  const time = before(station, cut).due(cut);
  const { items, index, from, entry } = plannedAt(station.timeline.plan, time);
  const packet = randomAccessAt(items[index]!.reel, Ticks90k(time - from));
  const first = periodFrom(station, cut, { items, item: index, packet });
  return planned(station, now, { first, next: entry + 1 });
}

/** Plays the period `first`, and then the plan's entries from number `next` on. */
function planned(
  station: Station,
  now: Ticks90k,
  { first, next }: { first: PeriodOptions; next: number },
): TimelineChange {
  const { plan } = station.timeline;
  const changed = planWith(plan, entryOf(first), next);
  const begins = changed.findIndex(({ from }) => from === first.from);
  const periods: PeriodOptions[] = [first];
  let on = station;
  for (const entry of changed.slice(begins + 1)) {
    on = changedBy(on, { now, periods: periods.slice(-1), plan, override: null });
    periods.push(periodFrom(on, cutFor(on, entry), entryOf(entry)));
  }
  return { now, periods, plan: [...changed.slice(0, begins), ...periods.map(entryOf)], override: null };
}

function changedBy({ ssrc, timeline }: Station, change: TimelineChange): Station {
  return new Station({ timeline: timeline.with(change), ssrc });
}

/** The packet with which a station, without anything planned behind it, can go over to an entry of the plan. */
function cutFor(station: Station, { from: time }: PlanEntry): PacketNumber {
  const { from, to } = station.itemOnAirAt(time);
  const begins = station.timeline.periods.at(-1)!.from;
  if (time - from <= NEAR && from > begins) return station.endOf(station.at(Ticks90k(from - 1))).cut;
  if (to - time <= NEAR) return station.endOf(station.at(time)).cut;
  return nextCut(station, time);
}

/** Index of the item that comes next in other items. */
function following(
  { items: old, index }: { readonly items: readonly StationItem[]; readonly index: number },
  items: readonly StationItem[],
): number {
  const [item, ...next] = [...old.slice(index), ...old.slice(0, index)] as [StationItem, ...StationItem[]];
  const own = indexAmong(item, items);
  if (own >= 0) return (own + 1) % items.length;
  for (const each of next) {
    const there = indexAmong(each, items);
    if (there >= 0) return there;
  }
  return 0;
}

/** Where an item is among others: itself, or the same reel under its name, or the same reel. */
function indexAmong(item: StationItem, items: readonly StationItem[]): number {
  const itself = items.indexOf(item);
  if (itself >= 0) return itself;
  const named = items.findIndex((each) => each.name === item.name && isSameReel(each.reel, item.reel));
  return named >= 0 ? named : items.findIndex((each) => isSameReel(each.reel, item.reel));
}
