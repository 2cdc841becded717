/** A station as threads hand it to each other, and as it is kept: its items once each, and its eras by their numbers. */

import type { PacketNumber, Ticks90k } from '../base/units.js';
import { reelOf } from '../reel/open-reel.js';
import type { ReelData } from '../reel/reel.js';
import type { CounterShift } from '../wire/ts.js';
import type { EraOptions, StationItem } from './period.js';
import type { BridgeData } from './splice-filler.js';

/** An era as threads hand it to each other: its items are numbers of the station's. */
export interface EraData {
  readonly from: Ticks90k;
  readonly first: PacketNumber;
  readonly items: readonly number[];
  readonly item: number;
  readonly packet: number;
  readonly counters: CounterShift | null;
  readonly bridge: BridgeData | null;
  /** Of the newest era only: where the others led to is done. */
  readonly slate: { readonly id: string; readonly programme: readonly EraData[] } | null;
}

/** A station as threads hand it to each other. */
export interface StationData {
  /** Of all eras, each once. */
  readonly items: readonly { readonly name: string; readonly reel: ReelData }[];
  readonly eras: readonly EraData[];
  readonly ssrc: number;
}

/** All items of eras, each once: those too that the newest's slate hides. */
export function itemsOf(eras: readonly EraOptions[]): StationItem[] {
  const hidden = eras.at(-1)?.slate?.programme ?? [];
  return [...new Set([...eras, ...hidden].flatMap(({ items }) => items))];
}

export function dataOf(eras: readonly EraOptions[], ssrc: number): StationData {
  const items = itemsOf(eras);
  const numbers = new Map(items.map((item, number) => [item, number]));
  const shown = eras.at(-1)?.slate;
  const eraDataOf = ({ slate, bridge, items: own, from, first, item, packet, counters }: EraOptions): EraData => ({
    ...{ from, first, item, packet, counters, bridge: bridge ?? null },
    items: own.map((each) => numbers.get(each)!),
    slate: slate ? { id: slate.id, programme: slate === shown ? slate.programme.map(eraDataOf) : [] } : null,
  });
  return { items: items.map(({ name, reel }) => ({ name, reel: reel.data })), eras: eras.map(eraDataOf), ssrc };
}

/** An era with its items. Throws a RangeError where one of them is not there. */
export function eraOf(era: EraData, items: readonly StationItem[]): EraOptions {
  const { slate } = era;
  return {
    ...era,
    items: era.items.map((number) => {
      if (items[number] === undefined) throw new RangeError(`there is no item ${number}`);
      return items[number];
    }),
    slate: slate && { id: slate.id, programme: slate.programme.map((each) => eraOf(each, items)) },
  };
}

/** The eras with their items, opened by whoever made the data. */
export function erasOf({ items: data, eras }: StationData): EraOptions[] {
  const items = data.map(({ name, reel }) => ({ name, reel: reelOf(reel) }));
  return eras.map((era) => eraOf(era, items));
}
