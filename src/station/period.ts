/**
 * An era: the time in which a station repeats the same items in the same order. A station that nobody has changed has
 * one, which began with the Unix epoch; every change begins another.
 */

import type { PacketNumber, Ticks90k } from '../base/units.js';
import type { Reel } from '../reel/reel.js';
import { lastAtMost } from '../reel/reel.js';
import type { CounterShift } from '../wire/ts.js';
import { Bridge, type BridgeData } from './splice-filler.js';

/** One thing a station plays. */
export interface StationItem {
  name: string;
  reel: Reel;
}

/** Where an era begins in its items: with a packet of one of them, a random access point. */
export interface EraStart {
  readonly items: readonly StationItem[];
  /** Index of the first that is played. */
  readonly item: number;
  /** Its packet that comes first. */
  readonly packet: number;
}

export interface EraOptions extends EraStart {
  /** When its first packet leaves, and that packet's number. */
  readonly from: Ticks90k;
  readonly first: PacketNumber;
  /** What makes the continuity counters go on; null where they do as they lie on the disk. */
  readonly counters: CounterShift | null;
  /** What comes right before `first`, behind what was cut off; null or absent where there is none. */
  readonly bridge?: BridgeData | null;
  /** Where it is shown in place of what the station plays: null or absent where it is not. */
  readonly slate?: SlateShown | null;
}

/** A slate, and the eras that there would be without it, of which the first goes back in time as far as is asked for. */
export interface SlateShown {
  readonly id: string;
  readonly programme: readonly EraOptions[];
}

/** An item on the air once, in packets and time of the station. */
export interface Airing {
  item: StationItem;
  reel: Reel;
  /** Its packets are `from` to `to` − 1, unless something else comes before its end. */
  from: PacketNumber;
  to: PacketNumber;
  /** The number and the time that its reel's packet 0 has, or would have. */
  base: PacketNumber;
  start: Ticks90k;
  counters: CounterShift | null;
  /** Of a bridge, which has no reel: the fields before that of another airing stand for nothing. */
  bridge: Bridge | null;
}

/** It is in charge of: which packet of which item is on the air, as if the era had no end. */
export class Era implements EraOptions {
  readonly from: Ticks90k;
  readonly first: PacketNumber;
  readonly items: readonly StationItem[];
  readonly item: number;
  readonly packet: number;
  readonly counters: CounterShift | null;
  readonly slate: SlateShown | null;
  readonly bridge: BridgeData | null;
  /** The first packet of its bridge, and when that leaves; where it has none, its own. */
  readonly opening: PacketNumber;
  readonly opens: Ticks90k;
  readonly #bridge: Bridge | null;
  /** Of one cycle of the items. */
  readonly cycleDuration: Ticks90k;
  readonly cyclePackets: number;
  /** Where each item begins in a cycle, in packets and in ticks. */
  readonly #firstPackets: number[] = [];
  readonly #startTimes: Ticks90k[] = [];
  /** The number and the time at which a cycle would have begun whose course this is. */
  readonly #originPacket: PacketNumber;
  readonly #originTime: Ticks90k;

  constructor(options: EraOptions) {
    const { from, first, items, item, packet, counters, slate = null, bridge = null } = options;
    if (items.length === 0) throw new RangeError('a station needs at least one item');
    if (!(item >= 0 && item < items.length)) throw new RangeError(`an era begins with item ${item} of ${items.length}`);
    const { reel } = items[item];
    if (!(packet >= 0 && packet < reel.packetCount) || reel.randomAccessBefore(packet) !== packet) {
      throw new RangeError(`an era begins with packet ${packet} of an item, which is no random access point`);
    }
    this.from = from;
    this.first = first;
    this.items = items;
    this.item = item;
    this.packet = packet;
    this.counters = counters;
    this.slate = slate;
    this.bridge = bridge;
    this.#bridge = bridge && new Bridge(bridge);
    this.opening = first - (this.#bridge?.count ?? 0);
    this.opens = from - (bridge?.duration ?? 0);
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
    if (this.#bridge && time < this.from && time >= this.opens)
      return this.opening + this.#bridge.at(time - this.opens);
    const since = time - this.#originTime;
    const cycle = Math.floor(since / this.cycleDuration);
    const inCycle = since - cycle * this.cycleDuration;
    const item = lastAtMost(this.#startTimes, inCycle);
    const packet = this.items[item].reel.at(inCycle - this.#startTimes[item]);
    return this.#originPacket + cycle * this.cyclePackets + this.#firstPackets[item] + packet;
  }

  /** Says in `airing` what packet `n` belongs to. */
  find(n: PacketNumber, airing: Airing): void {
    airing.bridge = null;
    if (this.#bridge && n < this.first && n >= this.opening) {
      airing.bridge = this.#bridge;
      airing.from = this.opening;
      airing.base = this.opening;
      airing.to = this.first;
      airing.start = this.opens;
      return;
    }
    const since = n - this.#originPacket;
    const cycle = Math.floor(since / this.cyclePackets);
    const item = lastAtMost(this.#firstPackets, since - cycle * this.cyclePackets);
    airing.item = this.items[item];
    airing.reel = airing.item.reel;
    airing.base = this.#originPacket + cycle * this.cyclePackets + this.#firstPackets[item];
    airing.from = airing.base;
    airing.to = airing.base + airing.reel.packetCount;
    airing.start = this.#originTime + cycle * this.cycleDuration + this.#startTimes[item];
    airing.counters = this.counters;
  }

  /** Index of the item on the air at `time`, and from when to when. */
  airingAt(time: Ticks90k): { index: number; from: Ticks90k; to: Ticks90k } {
    const since = time - this.#originTime;
    const cycle = Math.floor(since / this.cycleDuration) * this.cycleDuration;
    const index = lastAtMost(this.#startTimes, since - cycle);
    const from = this.#originTime + cycle + this.#startTimes[index];
    return { index, from, to: from + this.items[index].reel.duration };
  }
}
