/**
 * An period: the time in which a station repeats the same items in the same order. A station that nobody has changed has
 * one, which began with the Unix epoch; every change begins another.
 */

import type { PacketNumber, Ticks90k } from '../base/units.js';
import type { Reel } from '../reel/reel.js';
import { lastAtMost } from '../reel/reel.js';
import type { CounterShift } from '../wire/ts.js';
import { SpliceFiller, type SpliceFillerData } from './splice-filler.js';

/** One thing a station plays. */
export interface StationItem {
  name: string;
  reel: Reel;
}

/** Where an period begins in its items: with a packet of one of them, a random access point. */
export interface PeriodStart {
  readonly items: readonly StationItem[];
  /** Index of the first that is played. */
  readonly item: number;
  /** Its packet that comes first. */
  readonly packet: number;
}

export interface PeriodOptions extends PeriodStart {
  /** When its first packet leaves, and that packet's number. */
  readonly from: Ticks90k;
  readonly first: PacketNumber;
  /** What makes the continuity counters go on; null where they do as they lie on the disk. */
  readonly counters: CounterShift | null;
  /** What comes right before `first`, behind what was cut off; null or absent where there is none. */
  readonly filler?: SpliceFillerData | null;
  /** Where it is shown in place of what the station plays: null or absent where it is not. */
  readonly slate?: SlateShown | null;
}

/** A slate, and the periods that there would be without it, of which the first goes back in time as far as is asked for. */
export interface SlateShown {
  readonly id: string;
  readonly programme: readonly PeriodOptions[];
}

/** An item on the air once, in packets and time of the station. */
export interface ItemOnAir {
  item: StationItem;
  reel: Reel;
  /** Its packets are `from` to `to` − 1, unless something else comes before its end. */
  from: PacketNumber;
  to: PacketNumber;
  /** The number and the time that its reel's packet 0 has, or would have. */
  base: PacketNumber;
  start: Ticks90k;
  counters: CounterShift | null;
  /** Of a filler, which has no reel: the fields before that of another itemOnAir stand for nothing. */
  filler: SpliceFiller | null;
}

/** It is in charge of: which packet of which item is on the air, as if the period had no end. */
export class Period implements PeriodOptions {
  readonly from: Ticks90k;
  readonly first: PacketNumber;
  readonly items: readonly StationItem[];
  readonly item: number;
  readonly packet: number;
  readonly counters: CounterShift | null;
  readonly slate: SlateShown | null;
  readonly filler: SpliceFillerData | null;
  /** The first packet of its filler, and when that leaves; where it has none, its own. */
  readonly opening: PacketNumber;
  readonly opens: Ticks90k;
  readonly #filler: SpliceFiller | null;
  /** Of one cycle of the items. */
  readonly cycleDuration: Ticks90k;
  readonly cyclePackets: number;
  /** Where each item begins in a cycle, in packets and in ticks. */
  readonly #firstPackets: number[] = [];
  readonly #startTimes: Ticks90k[] = [];
  /** The number and the time at which a cycle would have begun whose course this is. */
  readonly #originPacket: PacketNumber;
  readonly #originTime: Ticks90k;

  constructor(options: PeriodOptions) {
    const { from, first, items, item, packet, counters, slate = null, filler = null } = options;
    if (items.length === 0) throw new RangeError('a station needs at least one item');
    if (!(item >= 0 && item < items.length))
      throw new RangeError(`an period begins with item ${item} of ${items.length}`);
    const { reel } = items[item];
    if (!(packet >= 0 && packet < reel.packetCount) || reel.randomAccessBefore(packet) !== packet) {
      throw new RangeError(`an period begins with packet ${packet} of an item, which is no random access point`);
    }
    this.from = from;
    this.first = first;
    this.items = items;
    this.item = item;
    this.packet = packet;
    this.counters = counters;
    this.slate = slate;
    this.filler = filler;
    this.#filler = filler && new SpliceFiller(filler);
    this.opening = first - (this.#filler?.count ?? 0);
    this.opens = from - (filler?.duration ?? 0);
    let packets = 0;
    let time = 0;
    for (const each of items) {
      this.#firstPackets.push(packets);
      this.#startTimes.push(time);
      packets += each.reel.packetCount;
      time += each.reel.duration;
    }
    this.cyclePackets = packets;
    this.cycleDuration = time;
    this.#originPacket = first - this.#firstPackets[item] - packet;
    this.#originTime = from - this.#startTimes[item] - reel.due(packet);
  }

  /** The number of the last packet that leaves at or before `time`. */
  at(time: Ticks90k): PacketNumber {
    if (this.#filler && time < this.from && time >= this.opens)
      return this.opening + this.#filler.at(time - this.opens);
    const since = time - this.#originTime;
    const cycle = Math.floor(since / this.cycleDuration);
    const inCycle = since - cycle * this.cycleDuration;
    const item = lastAtMost(this.#startTimes, inCycle);
    const packet = this.items[item].reel.at(inCycle - this.#startTimes[item]);
    return this.#originPacket + cycle * this.cyclePackets + this.#firstPackets[item] + packet;
  }

  /** Says in `itemOnAir` what packet `n` belongs to. */
  find(n: PacketNumber, itemOnAir: ItemOnAir): void {
    itemOnAir.filler = null;
    if (this.#filler && n < this.first && n >= this.opening) {
      itemOnAir.filler = this.#filler;
      itemOnAir.from = this.opening;
      itemOnAir.base = this.opening;
      itemOnAir.to = this.first;
      itemOnAir.start = this.opens;
      return;
    }
    const since = n - this.#originPacket;
    const cycle = Math.floor(since / this.cyclePackets);
    const item = lastAtMost(this.#firstPackets, since - cycle * this.cyclePackets);
    itemOnAir.item = this.items[item];
    itemOnAir.reel = itemOnAir.item.reel;
    itemOnAir.base = this.#originPacket + cycle * this.cyclePackets + this.#firstPackets[item];
    itemOnAir.from = itemOnAir.base;
    itemOnAir.to = itemOnAir.base + itemOnAir.reel.packetCount;
    itemOnAir.start = this.#originTime + cycle * this.cycleDuration + this.#startTimes[item];
    itemOnAir.counters = this.counters;
  }

  /** Index of the item on the air at `time`, and from when to when. */
  itemOnAirAt(time: Ticks90k): { index: number; from: Ticks90k; to: Ticks90k } {
    const since = time - this.#originTime;
    const cycle = Math.floor(since / this.cycleDuration) * this.cycleDuration;
    const index = lastAtMost(this.#startTimes, since - cycle);
    const from = this.#originTime + cycle + this.#startTimes[index];
    return { index, from, to: from + this.items[index].reel.duration };
  }
}
