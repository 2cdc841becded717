/** From a packet or a time to the period and the item that it belongs to. */

import { PacketNumber, Ticks90k } from '../base/units.js';
import type { ItemOnAir, Period } from './period.js';

/**
 * Responsible for: looking up periods, of which there may be many, by binary search, and at once where a packet or a time
 * belongs to the same item or period as the one before. Nothing is allocated.
 */
export class PeriodLookup {
  /** In the order in which they begin; never empty. */
  readonly periods: readonly Period[];
  /** Of the packet that was asked for last. */
  readonly #itemOnAir: ItemOnAir;
  /** Index of the period that a time was asked for last. */
  #last = 0;

  constructor(periods: readonly Period[]) {
    const [{ item: index, items }] = periods as [Period];
    const item = items[index]!;
    this.periods = periods;
    this.#itemOnAir = {
      item,
      reel: item.reel,
      from: PacketNumber(0),
      to: PacketNumber(0),
      base: PacketNumber(0),
      start: Ticks90k(0),
      counters: null,
      filler: null,
    };
  }

  /** The item that packet `n` belongs to; valid until the next call. */
  itemOf(n: PacketNumber): ItemOnAir {
    const itemOnAir = this.#itemOnAir;
    if (n >= itemOnAir.from && n < itemOnAir.to) return itemOnAir;
    const index = this.periodOf(n);
    const period = this.periods[index]!;
    period.find(n, itemOnAir);
    if (itemOnAir.filler) return itemOnAir;
    if (index > 0 && itemOnAir.from < period.first) itemOnAir.from = period.first;
    const end = this.periods[index + 1]?.opening;
    if (end !== undefined && itemOnAir.to > end) itemOnAir.to = end;
    return itemOnAir;
  }

  /** Index of the period that packet `n` belongs to; a packet before the first belongs to that. */
  periodOf(n: PacketNumber): number {
    const { periods } = this;
    let low = 0;
    let high = periods.length - 1;
    if (periods[high]!.opening <= n) return high;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (periods[middle]!.opening <= n) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Index of the period that began last at `time`; a time before the first belongs to that. */
  periodAt(time: Ticks90k): number {
    const { periods } = this;
    const last = this.#last;
    const next = periods[last + 1];
    if ((last === 0 || periods[last]!.from <= time) && (next === undefined || next.from > time)) return last;
    let low = 0;
    let high = periods.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (periods[middle]!.from <= time) low = middle;
      else high = middle - 1;
    }
    this.#last = low;
    return low;
  }
}
