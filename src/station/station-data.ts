/** A station as threads hand it to each other, and as it is kept: its items once each, and its periods by their numbers. */

import type { PacketNumber, Ticks90k } from '../base/units.js';
import { reelOf } from '../reel/open-reel.js';
import type { ReelData } from '../reel/reel.js';
import type { CounterShift } from '../wire/ts.js';
import type { PeriodOptions, StationItem } from './period.js';
import type { SpliceFillerData } from './splice-filler.js';

/** An period as threads hand it to each other: its items are numbers of the station's. */
export interface PeriodData {
  readonly from: Ticks90k;
  readonly first: PacketNumber;
  readonly items: readonly number[];
  readonly item: number;
  readonly packet: number;
  readonly counters: CounterShift | null;
  readonly filler: SpliceFillerData | null;
  /** Of the newest period only: where the others led to is done. */
  readonly slate: { readonly id: string; readonly programme: readonly PeriodData[] } | null;
}

/** A station as threads hand it to each other. */
export interface StationData {
  /** Of all periods, each once. */
  readonly items: readonly { readonly name: string; readonly reel: ReelData }[];
  readonly periods: readonly PeriodData[];
  readonly ssrc: number;
}

/** All items of periods, each once: those too that the newest's slate hides. */
export function itemsOf(periods: readonly PeriodOptions[]): StationItem[] {
  const hidden = periods.at(-1)?.slate?.programme ?? [];
  return [...new Set([...periods, ...hidden].flatMap(({ items }) => items))];
}

export function dataOf(periods: readonly PeriodOptions[], ssrc: number): StationData {
  const items = itemsOf(periods);
  const numbers = new Map(items.map((item, number) => [item, number]));
  const shown = periods.at(-1)?.slate;
  const eraDataOf = ({
    slate,
    filler,
    items: own,
    from,
    first,
    item,
    packet,
    counters,
  }: PeriodOptions): PeriodData => ({
    ...{ from, first, item, packet, counters, filler: filler ?? null },
    items: own.map((each) => numbers.get(each)!),
    slate: slate ? { id: slate.id, programme: slate === shown ? slate.programme.map(eraDataOf) : [] } : null,
  });
  return { items: items.map(({ name, reel }) => ({ name, reel: reel.data })), periods: periods.map(eraDataOf), ssrc };
}

/** An period with its items. Throws a RangeError where one of them is not there. */
export function periodOf(period: PeriodData, items: readonly StationItem[]): PeriodOptions {
  const { slate } = period;
  return {
    ...period,
    items: period.items.map((number) => {
      if (items[number] === undefined) throw new RangeError(`there is no item ${number}`);
      return items[number];
    }),
    slate: slate && { id: slate.id, programme: slate.programme.map((each) => periodOf(each, items)) },
  };
}

/** The periods with their items, opened by whoever made the data. */
export function periodsOf({ items: data, periods }: StationData): PeriodOptions[] {
  const items = data.map(({ name, reel }) => ({ name, reel: reelOf(reel) }));
  return periods.map((period) => periodOf(period, items));
}
