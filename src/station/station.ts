/**
 * A station is a function of time: which packet leaves when follows from its reels and the clock alone. Nothing is
 * remembered from one packet to the next, so two servers with the same reels send the same bytes.
 *
 * Packet numbers count from the station's epoch, the Unix epoch, at which the first cycle of its items began. What plays
 * may be changed from a time on: then an era ends and another begins, whose packets go on counting. The past stays.
 */

import { type PacketNumber, type Ticks90k, ticksToMillis } from '../base/units.js';
import { closeReel } from '../reel/open-reel.js';
import { MOST_PAYLOADS, type PacketPlaces, type PayloadReader } from '../reel/payload-reader.js';
import type { Reel } from '../reel/reel.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../wire/rtp.js';
import { payloadTypeOf, type StationFormat } from '../wire/station-info.js';
import { shiftCounters, TS_GROUP_LENGTH, TS_PACKETS_PER_GROUP } from '../wire/ts.js';
import { type PacketSource, packetsOf } from './packet-source.js';
import { type Airing, Era, type EraOptions, type SlateShown, type StationItem } from './period.js';
import type { Bridge } from './splice-filler.js';
import { dataOf, erasOf, itemsOf, type StationData } from './station-data.js';

export type { StationItem } from './period.js';
export type { StationData } from './station-data.js';

/** Eras that are kept: a station that has been changed more often reaches back less far. */
export const MOST_ERAS = 250;

/** An item on the air once. */
export interface ItemAiring {
  readonly item: StationItem;
  readonly from: Ticks90k;
  readonly to: Ticks90k;
  /** All items of that era, and its own place among them. */
  readonly items: readonly StationItem[];
  readonly index: number;
}

/** Part of one item's packets, one after another. */
export interface ItemRange {
  readonly reel: Reel;
  /** Numbers of the reel's packets `from` to `to` − 1. */
  readonly from: number;
  readonly to: number;
}

/**
 * It is in charge of:
 * - `packets`, `due` and `at`, the three functions that everything else is made of
 * - which item is on the air, in which era
 */
export class Station implements PacketSource {
  readonly ssrc: number;
  #edition = 0;
  /** In the order in which they begin; never empty. */
  #eras: readonly Era[];
  #largestPacket = 0;
  readonly #payloadType: number;
  /** The airing asked for last: the next packet is most often of the same. */
  readonly #airing: Airing;

  /** All items of all eras have one format. Without `eras`, `items`, which are not empty, are played since the epoch. */
  constructor(options: { ssrc: number } & ({ items: readonly StationItem[] } | { eras: readonly EraOptions[] })) {
    const eras =
      'eras' in options
        ? options.eras
        : [{ from: 0, first: 0, items: options.items, item: 0, packet: 0, counters: null }];
    this.ssrc = options.ssrc;
    this.#eras = inOrder(eras.map((era) => new Era(era)));
    const [item] = this.items;
    this.#airing = { item, reel: item.reel, from: 0, to: 0, base: 0, start: 0, counters: null, bridge: null };
    this.#payloadType = payloadTypeOf(this.format);
    this.#measure();
  }

  /** The same station in another thread: its reels are opened once, by whoever closes them. */
  static of(data: StationData): Station {
    return new Station({ eras: erasOf(data), ssrc: data.ssrc });
  }

  get format(): StationFormat {
    return this.items[0].reel.data.manifest.format;
  }

  /** Of the newest era, as all below. */
  get items(): readonly StationItem[] {
    return this.#newest.items;
  }

  /** Of one cycle of the items. */
  get cycleDuration(): Ticks90k {
    return this.#newest.cycleDuration;
  }
  get cyclePackets(): number {
    return this.#newest.cyclePackets;
  }

  get eras(): readonly Era[] {
    return this.#eras;
  }

  /** What was on the air before is not known any more. */
  get begins(): Ticks90k {
    return this.#eras[0].from;
  }

  /** Bytes of the largest packet. */
  get largestPacket(): number {
    return this.#largestPacket;
  }

  /** Packets a millisecond, of the era that has the most. */
  get greatestRate(): number {
    return this.#eras.reduce((most, era) => Math.max(most, era.cyclePackets / ticksToMillis(era.cycleDuration)), 0);
  }

  /** Raised by whatever changes it. */
  get edition(): number {
    return this.#edition;
  }

  /** What is shown in place of what it plays, in the newest era. */
  get slate(): SlateShown | null {
    return this.#newest.slate;
  }

  get data(): StationData {
    return dataOf(this.#eras, this.ssrc);
  }

  /**
   * Has an era begin, in place of those that would begin then or later. Throws a RangeError where it would begin before
   * its first packet's turn.
   */
  extend(options: EraOptions): void {
    const era = new Era(options);
    const before = this.#eras.filter(({ opening }) => opening < era.opening);
    if (before.length === 0) throw new RangeError(`there is nothing before packet ${era.opening}`);
    this.#set(inOrder([...before, era].slice(-MOST_ERAS)));
  }

  /** Becomes what it has become in another thread. */
  take(data: StationData): void {
    this.#set(inOrder(erasOf(data).map((era) => new Era(era))));
  }

  /** The time since the Unix epoch at which packet `n` leaves. */
  due(n: PacketNumber): Ticks90k {
    const { reel, base, start, bridge } = this.#airingOf(n);
    return start + (bridge ?? reel).due(n - base);
  }

  /** The number of the last packet that leaves at or before `time`. */
  at(time: Ticks90k): PacketNumber {
    const index = this.#eraAt(time);
    const next = this.#eras[index + 1];
    if (next === undefined) return this.#eras[index].at(time);
    return time >= next.opens ? next.at(time) : Math.min(this.#eras[index].at(time), next.opening - 1);
  }

  /** The last random access point at or before packet `n`. Every reel and every era begins with one. */
  randomAccessBefore(n: PacketNumber): PacketNumber {
    const { reel, base, bridge } = this.#airingOf(n);
    // A bridge belongs to what is before it.
    return bridge ? this.randomAccessBefore(base - 1) : base + reel.randomAccessBefore(n - base);
  }

  /** The first packet of the item that packet `n` belongs to. */
  beginningOf(n: PacketNumber): PacketNumber {
    const { from, bridge } = this.#airingOf(n);
    return bridge ? this.beginningOf(from - 1) : from;
  }

  /**
   * Where that item ends: the packet behind its last, from which on something else may come, and the first of what follows. A
   * bridge ends where what it leads to begins.
   */
  endOf(n: PacketNumber): { cut: PacketNumber; next: PacketNumber } {
    const { to: cut } = this.#airingOf(n);
    return { cut, next: this.#eras.find(({ opening }) => opening === cut)?.first ?? cut };
  }

  /** What packets `from` to `to` − 1 are read from. */
  ranges(from: PacketNumber, to: PacketNumber): ItemRange[] {
    const ranges: ItemRange[] = [];
    for (let n = from; n < to; ) {
      const airing = this.#airingOf(n);
      const end = Math.min(to, airing.to);
      if (!airing.bridge) ranges.push({ reel: airing.reel, from: n - airing.base, to: end - airing.base });
      n = end;
    }
    return ranges;
  }

  /**
   * Writes RTP packets `from` to `to` − 1 into `places` as numbers `first` and following, one behind the other from byte
   * `offset` of the buffer on, which has room for LARGEST_PACKET each; `gap` more bytes are left free before each. Returns
   * how many, fewer only where the reader does not wait for the disk. Throws when a reel cannot be read.
   */
  write(
    from: PacketNumber,
    to: PacketNumber,
    places: PacketPlaces,
    first: number,
    offset: number,
    reader: PayloadReader,
    gap = 0,
  ): number {
    let n = from;
    let place = first;
    let at = offset;
    while (n < to) {
      const { reel, base, to: end, start, counters, bridge } = this.#airingOf(n);
      const packet = n - base;
      const count = Math.min(to - n, end - n, MOST_PAYLOADS);
      if (bridge) {
        this.#writeBridge(bridge, n, { places, place, at: at + gap, timestamp: start + bridge.due(packet), packet });
        n++;
        place++;
        at += gap + RTP_HEADER_LENGTH + TS_GROUP_LENGTH;
        continue;
      }

      const position = reel.position(packet);
      let read = position;
      for (let i = 0; i < count; i++) {
        const next = reel.position(packet + i + 1);
        const length = RTP_HEADER_LENGTH + next - read;
        places.offsets[place + i] = at + gap;
        places.lengths[place + i] = length;
        at += gap + length;
        read = next;
      }
      const done = reader.read(reel.data.descriptor, position, places, place, count, RTP_HEADER_LENGTH);
      for (let i = 0; i < done; i++) {
        const header = places.offsets[place + i];
        const timestamp = start + reel.timestamp(packet + i);
        const { buffer } = places;
        writeRtpHeader(buffer, header, reel.marker(packet + i), this.#payloadType, n + i, timestamp, this.ssrc);
        reel.shift(buffer, header + RTP_HEADER_LENGTH, start);
        if (counters !== null) shiftCounters(buffer, header + RTP_HEADER_LENGTH, TS_PACKETS_PER_GROUP, counters);
      }
      n += done;
      place += done;
      if (done < count) break;
    }
    return n - from;
  }

  #writeBridge(
    bridge: Bridge,
    n: PacketNumber,
    to: { places: PacketPlaces; place: number; at: number; timestamp: Ticks90k; packet: number },
  ): void {
    const { places, place, at, timestamp, packet } = to;
    places.offsets[place] = at;
    places.lengths[place] = RTP_HEADER_LENGTH + TS_GROUP_LENGTH;
    writeRtpHeader(places.buffer, at, false, this.#payloadType, n, timestamp, this.ssrc);
    bridge.copy(packet, places.buffer, at + RTP_HEADER_LENGTH);
  }

  /** RTP packets `from` to `to` − 1, byte for byte as they leave. */
  packets(from: PacketNumber, to: PacketNumber, reader?: PayloadReader): Buffer[] {
    return packetsOf(this, from, to, reader);
  }

  readable(stationPacket: PacketNumber): PacketNumber {
    return stationPacket;
  }

  /** What is on the air at `time`, from when to when, and which of the `items` of its era it is. */
  airingAt(time: Ticks90k): ItemAiring {
    const number = this.#eraAt(time);
    const era = this.#eras[number];
    const { index, from, to } = era.airingAt(time);
    const next = this.#eras[number + 1];
    return {
      item: era.items[index],
      from: number > 0 ? Math.max(from, era.from) : from,
      to: next ? Math.min(to, next.from) : to,
      items: era.items,
      index,
    };
  }

  /** The item on the air at `time`. */
  itemAt(time: Ticks90k): StationItem {
    return this.airingAt(time).item;
  }

  get #newest(): Era {
    return this.#eras[this.#eras.length - 1];
  }

  #airingOf(n: PacketNumber): Airing {
    const airing = this.#airing;
    if (n >= airing.from && n < airing.to) return airing;
    let index = this.#eras.length - 1;
    while (index > 0 && this.#eras[index].opening > n) index--;
    const era = this.#eras[index];
    era.find(n, airing);
    if (airing.bridge) return airing;
    if (index > 0 && airing.from < era.first) airing.from = era.first;
    const end = this.#eras[index + 1]?.opening;
    if (end !== undefined && airing.to > end) airing.to = end;
    return airing;
  }

  #eraAt(time: Ticks90k): number {
    let index = this.#eras.length - 1;
    while (index > 0 && this.#eras[index].from > time) index--;
    return index;
  }

  #set(eras: readonly Era[]): void {
    this.#eras = eras;
    this.#airing.to = this.#airing.from; // It may be another now.
    this.#measure();
    this.#edition++;
  }

  #measure(): void {
    const largest = this.#eras.flatMap(({ items }) => items.map(({ reel }) => reel.largestPayload));
    this.#largestPacket = RTP_HEADER_LENGTH + largest.reduce((most, payload) => Math.max(most, payload));
  }

  /** Closes the reels of all eras. */
  close(): void {
    const reels = new Map(itemsOf(this.#eras).map(({ reel }) => [reel.data.descriptor, reel]));
    for (const reel of reels.values()) closeReel(reel);
  }
}

/** Throws a RangeError where one era would begin before the packet that it begins with has its turn. */
function inOrder(eras: readonly Era[]): readonly Era[] {
  if (eras.length === 0) throw new RangeError('a station needs at least one era');
  for (let i = 1; i < eras.length; i++) {
    const [before, era] = [eras[i - 1], eras[i]];
    if (era.opening < before.first || era.opening <= before.opening || before.at(era.opens) < era.opening) {
      throw new RangeError(`an era begins with packet ${era.opening} at ${era.opens}, before its turn`);
    }
  }
  return eras;
}
