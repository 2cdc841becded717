/** The plan: the programme's items from each time on. It has no packet numbers: below an override nothing of it is sent. */

import { PacketNumber, TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { Period, type PeriodStart } from './period.js';
import type { StationItem } from './playlist.js';

/** From `from` until the next entry these items are repeated. The first entry also holds before its time. */
export interface PlanEntry extends PeriodStart {
  readonly from: Ticks90k;
}

/** An item as the plan has it at some time. */
export interface PlannedItem {
  readonly items: readonly StationItem[];
  readonly index: number;
  readonly from: Ticks90k;
  readonly to: Ticks90k;
  /** Index of the plan's entry. */
  readonly entry: number;
}

/** An entry this close to an item's end begins there: fillers, and the distance of random access points, move both. */
const NEAR = Ticks90k(2 * TICKS_PER_SECOND);

export const entryOf = ({ from, items, item, packet }: PlanEntry): PlanEntry => ({ from, items, item, packet });

const periodOf = (entry: PlanEntry): Period => new Period({ ...entry, first: PacketNumber(0), counters: null });

/** The item that the plan, which is not empty, has at `time`. */
export function plannedAt(plan: readonly PlanEntry[], time: Ticks90k): PlannedItem {
  const entry = Math.max(
    0,
    plan.findLastIndex(({ from }) => from <= time),
  );
  const { items, ...rest } = plan[entry]!;
  const { index, from, to } = periodOf({ items, ...rest }).itemOnAirAt(time);
  return { items, index, from, to: Ticks90k(Math.min(to, plan[entry + 1]?.from ?? Number.POSITIVE_INFINITY)), entry };
}

/** The plan without the entries that have ended at `now`. */
export const planFrom = (plan: readonly PlanEntry[], now: Ticks90k): PlanEntry[] =>
  plan.slice(
    Math.max(
      0,
      plan.findLastIndex(({ from }) => from <= now),
    ),
  );

/**
 * The plan that plays `start` from its time on, and goes on with the old entries from number `next` on. Those begin at
 * their time; an entry that began where an item ended begins at the nearest end of an item again.
 */
export function planWith(plan: readonly PlanEntry[], start: PlanEntry, next: number): PlanEntry[] {
  const changed = [...plan.filter(({ from }, index) => from < start.from && index < next), start];
  for (const [index, entry] of plan.entries()) {
    const before = plan[index - 1];
    if (index < next || before === undefined) continue;
    const earlier = changed.at(-1)!;
    const end = itemEndNear(before, entry.from) === null ? null : nearestItemEnd(earlier, entry.from);
    changed.push({ ...entry, from: Ticks90k(Math.max(end ?? entry.from, earlier.from + 1)) });
  }
  return changed;
}

/** The end of an item of `entry` close to `time`; null where there is none. */
function itemEndNear(entry: PlanEntry, time: Ticks90k): Ticks90k | null {
  const end = nearestItemEnd(entry, time);
  return Math.abs(end - time) <= NEAR ? end : null;
}

function nearestItemEnd(entry: PlanEntry, time: Ticks90k): Ticks90k {
  const { from, to } = periodOf(entry).itemOnAirAt(time);
  return time - from <= to - time && from > entry.from ? from : to;
}
