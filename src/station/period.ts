/**
 * A period: the time in which a station repeats the same items in the same order. A station that was never changed has one,
 * which began with the Unix epoch; every change begins another.
 */

import { PacketNumber, Ticks90k } from '../base/units.js';
import type { Reel } from '../reel/reel.js';
import type { CounterShift } from '../wire/ts.js';
import { Playlist, type StationItem } from './playlist.js';
import { SpliceFiller, type SpliceFillerData } from './splice-filler.js';

/** Where a period begins in its items: at a random access point of one of them. */
export interface PeriodStart {
  readonly items: readonly StationItem[];
  /** Index of the item that is played first. */
  readonly item: number;
  /** That item's packet that is sent first. */
  readonly packet: number;
}

export interface PeriodOptions extends PeriodStart {
  /** When its first packet leaves, and that packet's number. */
  readonly from: Ticks90k;
  readonly first: PacketNumber;
  /** Added to the continuity counters so that they go on; null where they do as they lie on the disk. */
  readonly counters: CounterShift | null;
  /** Sent right before `first`, after the packets that were cut off; null or absent where nothing is. */
  readonly filler?: SpliceFillerData | null;
}

/** An item on the air once, or a filler, in packets and time of the station. */
export interface ItemOnAir {
  item: StationItem;
  reel: Reel;
  /** Its packets are `from` to `to` − 1, unless another period opens before. */
  from: PacketNumber;
  to: PacketNumber;
  /** The number and the time that its reel's packet 0 has, or would have. */
  base: PacketNumber;
  start: Ticks90k;
  counters: CounterShift | null;
  /** Of a filler, which has no reel: `item`, `reel` and `counters` mean nothing then. */
  filler: SpliceFiller | null;
}

/** Responsible for: which packet of which item is on the air, as if the period had no end. */
export class Period implements PeriodOptions {
  readonly from: Ticks90k;
  readonly first: PacketNumber;
  readonly item: number;
  readonly packet: number;
  readonly counters: CounterShift | null;
  readonly filler: SpliceFillerData | null;
  readonly playlist: Playlist;
  /** The first packet of its filler, and when that leaves; without one, its own. */
  readonly opening: PacketNumber;
  readonly opens: Ticks90k;
  readonly #filler: SpliceFiller | null;
  /** The number and the time at which the cycle that it begins in would have begun. */
  readonly #originPacket: PacketNumber;
  readonly #originTime: Ticks90k;

  /** Throws a RangeError where it begins with no random access point of one of its items. */
  constructor(options: PeriodOptions) {
    const { from, first, items, item, packet, counters, filler = null } = options;
    const playlist = Playlist.of(items);
    const reel = items[item]?.reel;
    if (reel === undefined) throw new RangeError(`a period begins with item ${item} of ${items.length}`);
    if (!(packet >= 0 && packet < reel.packetCount) || reel.randomAccessBefore(packet) !== packet) {
      throw new RangeError(`a period begins with packet ${packet} of an item, which is no random access point`);
    }
    this.from = from;
    this.first = first;
    this.item = item;
    this.packet = packet;
    this.counters = counters;
    this.filler = filler;
    this.playlist = playlist;
    this.#filler = filler && new SpliceFiller(filler);
    this.opening = PacketNumber(first - (this.#filler?.count ?? 0));
    this.opens = Ticks90k(from - (filler?.duration ?? 0));
    this.#originPacket = PacketNumber(first - playlist.firstPackets[item]! - packet);
    this.#originTime = Ticks90k(from - playlist.startTimes[item]! - reel.due(packet));
  }

  get items(): readonly StationItem[] {
    return this.playlist.items;
  }

  /** The number of the last packet that leaves at or before `time`. */
  at(time: Ticks90k): PacketNumber {
    if (this.#filler && time < this.from && time >= this.opens)
      return PacketNumber(this.opening + this.#filler.at(Ticks90k(time - this.opens)));
    const { playlist } = this;
    const since = time - this.#originTime;
    const cycle = Math.floor(since / playlist.duration);
    const inCycle = Ticks90k(since - cycle * playlist.duration);
    const item = playlist.itemAt(inCycle);
    const packet = playlist.items[item]!.reel.at(Ticks90k(inCycle - playlist.startTimes[item]!));
    return PacketNumber(this.#originPacket + cycle * playlist.packetCount + playlist.firstPackets[item]! + packet);
  }

  /** Writes the item or filler of packet `n` to `itemOnAir`. */
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
    const { playlist } = this;
    const since = n - this.#originPacket;
    const cycle = Math.floor(since / playlist.packetCount);
    const item = playlist.itemOfPacket(since - cycle * playlist.packetCount);
    itemOnAir.item = playlist.items[item]!;
    itemOnAir.reel = itemOnAir.item.reel;
    itemOnAir.base = PacketNumber(this.#originPacket + cycle * playlist.packetCount + playlist.firstPackets[item]!);
    itemOnAir.from = itemOnAir.base;
    itemOnAir.to = PacketNumber(itemOnAir.base + itemOnAir.reel.packetCount);
    itemOnAir.start = Ticks90k(this.#originTime + cycle * playlist.duration + playlist.startTimes[item]!);
    itemOnAir.counters = this.counters;
  }

  /** Index of the item on the air at `time`, and from when to when. */
  itemOnAirAt(time: Ticks90k): { index: number; from: Ticks90k; to: Ticks90k } {
    const { playlist } = this;
    const since = time - this.#originTime;
    const cycle = Math.floor(since / playlist.duration) * playlist.duration;
    const index = playlist.itemAt(Ticks90k(since - cycle));
    const from = Ticks90k(this.#originTime + cycle + playlist.startTimes[index]!);
    return { index, from, to: Ticks90k(from + playlist.items[index]!.reel.duration) };
  }
}
