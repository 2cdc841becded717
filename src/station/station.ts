/**
 * A station is a function of time: which packet leaves when follows from its reels and the clock alone. Nothing is
 * remembered from one packet to the next, so two servers with the same reels send the same bytes.
 *
 * Packet numbers count from the station's epoch, the Unix epoch, at which the first cycle of its items began. What plays
 * may be changed from a time on: then an period ends and another begins, whose packets go on counting. The past stays.
 */

import { type PacketNumber, type Ticks90k, ticksToMillis } from '../base/units.js';
import { closeReel } from '../reel/open-reel.js';
import { MOST_PAYLOADS, type PacketSlots, type PayloadReader } from '../reel/payload-reader.js';
import type { Reel } from '../reel/reel.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../wire/rtp.js';
import { payloadTypeOf, type StationFormat } from '../wire/station-info.js';
import { shiftCounters, TS_GROUP_LENGTH, TS_PACKETS_PER_GROUP } from '../wire/ts.js';
import { type PacketSource, packetsOf } from './packet-source.js';
import { type ItemOnAir, Period, type PeriodOptions, type SlateShown, type StationItem } from './period.js';
import type { SpliceFiller } from './splice-filler.js';
import { dataOf, itemsOf, periodsOf, type StationData } from './station-data.js';

export type { StationItem } from './period.js';
export type { StationData } from './station-data.js';

/** Eras that are kept: a station that has been changed more often reaches back less far. */
export const MOST_ERAS = 250;

/** An item on the air once. */
export interface TimedItem {
  readonly item: StationItem;
  readonly from: Ticks90k;
  readonly to: Ticks90k;
  /** All items of that period, and its own place among them. */
  readonly items: readonly StationItem[];
  readonly index: number;
  /** The end of that period; Infinity where no other follows. */
  readonly until: Ticks90k;
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
 * - which item is on the air, in which period
 */
export class Station implements PacketSource {
  readonly ssrc: number;
  #revision = 0;
  /** In the order in which they begin; never empty. */
  #periods: readonly Period[];
  #largestPacket = 0;
  readonly #payloadType: number;
  /** The itemOnAir asked for last: the next packet is most often of the same. */
  readonly #itemOnAir: ItemOnAir;

  /** All items of all periods have one format. Without `periods`, `items`, which are not empty, are played since the epoch. */
  constructor(options: { ssrc: number } & ({ items: readonly StationItem[] } | { periods: readonly PeriodOptions[] })) {
    const periods =
      'periods' in options
        ? options.periods
        : [{ from: 0, first: 0, items: options.items, item: 0, packet: 0, counters: null }];
    this.ssrc = options.ssrc;
    this.#periods = inOrder(periods.map((period) => new Period(period)));
    const [item] = this.items;
    this.#itemOnAir = { item, reel: item.reel, from: 0, to: 0, base: 0, start: 0, counters: null, filler: null };
    this.#payloadType = payloadTypeOf(this.format);
    this.#measure();
  }

  /** The same station in another thread: its reels are opened once, by whoever closes them. */
  static of(data: StationData): Station {
    return new Station({ periods: periodsOf(data), ssrc: data.ssrc });
  }

  get format(): StationFormat {
    return this.items[0].reel.data.manifest.format;
  }

  /** Of the newest period, as all below. */
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

  get periods(): readonly Period[] {
    return this.#periods;
  }

  /** What was on the air before is not known any more. */
  get begins(): Ticks90k {
    return this.#periods[0].from;
  }

  /** Bytes of the largest packet. */
  get largestPacket(): number {
    return this.#largestPacket;
  }

  /** Packets a millisecond, of the period that has the most. */
  get greatestRate(): number {
    return this.#periods.reduce(
      (most, period) => Math.max(most, period.cyclePackets / ticksToMillis(period.cycleDuration)),
      0,
    );
  }

  /** Raised by every change of its timeline. */
  get revision(): number {
    return this.#revision;
  }

  /** What is shown in place of what it plays, in the newest period. */
  get slate(): SlateShown | null {
    return this.#newest.slate;
  }

  get data(): StationData {
    return dataOf(this.#periods, this.ssrc);
  }

  /**
   * Has an period begin, in place of those that would begin then or later. Throws a RangeError where it would begin before
   * its first packet's turn.
   */
  extend(options: PeriodOptions): void {
    const period = new Period(options);
    const before = this.#periods.filter(({ opening }) => opening < period.opening);
    if (before.length === 0) throw new RangeError(`there is nothing before packet ${period.opening}`);
    this.#set(inOrder([...before, period].slice(-MOST_ERAS)));
  }

  /** Becomes what it has become in another thread. */
  take(data: StationData): void {
    this.#set(inOrder(periodsOf(data).map((period) => new Period(period))));
  }

  /** The time since the Unix epoch at which packet `n` leaves. */
  due(n: PacketNumber): Ticks90k {
    const { reel, base, start, filler } = this.#airingOf(n);
    return start + (filler ?? reel).due(n - base);
  }

  /** The number of the last packet that leaves at or before `time`. */
  at(time: Ticks90k): PacketNumber {
    const index = this.#eraAt(time);
    const next = this.#periods[index + 1];
    if (next === undefined) return this.#periods[index].at(time);
    return time >= next.opens ? next.at(time) : Math.min(this.#periods[index].at(time), next.opening - 1);
  }

  /** The last random access point at or before packet `n`. Every reel and every period begins with one. */
  randomAccessBefore(n: PacketNumber): PacketNumber {
    const { reel, base, filler } = this.#airingOf(n);
    // A filler belongs to what is before it.
    return filler ? this.randomAccessBefore(base - 1) : base + reel.randomAccessBefore(n - base);
  }

  /** The first packet of the item that packet `n` belongs to. */
  beginningOf(n: PacketNumber): PacketNumber {
    const { from, filler } = this.#airingOf(n);
    return filler ? this.beginningOf(from - 1) : from;
  }

  /**
   * Where that item ends: the packet behind its last, from which on something else may come, and the first of what follows. A
   * filler ends where what it leads to begins.
   */
  endOf(n: PacketNumber): { cut: PacketNumber; next: PacketNumber } {
    const { to: cut } = this.#airingOf(n);
    return { cut, next: this.#periods.find(({ opening }) => opening === cut)?.first ?? cut };
  }

  /** What packets `from` to `to` − 1 are read from. */
  ranges(from: PacketNumber, to: PacketNumber): ItemRange[] {
    const ranges: ItemRange[] = [];
    for (let n = from; n < to; ) {
      const itemOnAir = this.#airingOf(n);
      const end = Math.min(to, itemOnAir.to);
      if (!itemOnAir.filler) ranges.push({ reel: itemOnAir.reel, from: n - itemOnAir.base, to: end - itemOnAir.base });
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
    places: PacketSlots,
    first: number,
    offset: number,
    reader: PayloadReader,
    gap = 0,
  ): number {
    let n = from;
    let place = first;
    let at = offset;
    while (n < to) {
      const { reel, base, to: end, start, counters, filler } = this.#airingOf(n);
      const packet = n - base;
      const count = Math.min(to - n, end - n, MOST_PAYLOADS);
      if (filler) {
        this.#writeFiller(filler, n, { places, place, at: at + gap, timestamp: start + filler.due(packet), packet });
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

  #writeFiller(
    filler: SpliceFiller,
    n: PacketNumber,
    to: { places: PacketSlots; place: number; at: number; timestamp: Ticks90k; packet: number },
  ): void {
    const { places, place, at, timestamp, packet } = to;
    places.offsets[place] = at;
    places.lengths[place] = RTP_HEADER_LENGTH + TS_GROUP_LENGTH;
    writeRtpHeader(places.buffer, at, false, this.#payloadType, n, timestamp, this.ssrc);
    filler.copy(packet, places.buffer, at + RTP_HEADER_LENGTH);
  }

  /** RTP packets `from` to `to` − 1, byte for byte as they leave. */
  packets(from: PacketNumber, to: PacketNumber, reader?: PayloadReader): Buffer[] {
    return packetsOf(this, from, to, reader);
  }

  readable(stationPacket: PacketNumber): PacketNumber {
    return stationPacket;
  }

  /** What is on the air at `time`, from when to when, and which of the `items` of its period it is. */
  itemOnAirAt(time: Ticks90k): TimedItem {
    const number = this.#eraAt(time);
    const period = this.#periods[number];
    const { index, from, to } = period.itemOnAirAt(time);
    const next = this.#periods[number + 1];
    return {
      item: period.items[index],
      from: number > 0 ? Math.max(from, period.from) : from,
      to: next ? Math.min(to, next.from) : to,
      items: period.items,
      index,
      until: next?.from ?? Number.POSITIVE_INFINITY,
    };
  }

  /** The item on the air at `time`. */
  itemAt(time: Ticks90k): StationItem {
    return this.itemOnAirAt(time).item;
  }

  get #newest(): Period {
    return this.#periods[this.#periods.length - 1];
  }

  #airingOf(n: PacketNumber): ItemOnAir {
    const itemOnAir = this.#itemOnAir;
    if (n >= itemOnAir.from && n < itemOnAir.to) return itemOnAir;
    let index = this.#periods.length - 1;
    while (index > 0 && this.#periods[index].opening > n) index--;
    const period = this.#periods[index];
    period.find(n, itemOnAir);
    if (itemOnAir.filler) return itemOnAir;
    if (index > 0 && itemOnAir.from < period.first) itemOnAir.from = period.first;
    const end = this.#periods[index + 1]?.opening;
    if (end !== undefined && itemOnAir.to > end) itemOnAir.to = end;
    return itemOnAir;
  }

  #eraAt(time: Ticks90k): number {
    let index = this.#periods.length - 1;
    while (index > 0 && this.#periods[index].from > time) index--;
    return index;
  }

  #set(periods: readonly Period[]): void {
    this.#periods = periods;
    this.#itemOnAir.to = this.#itemOnAir.from; // It may be another now.
    this.#measure();
    this.#revision++;
  }

  #measure(): void {
    const largest = this.#periods.flatMap(({ items }) => items.map(({ reel }) => reel.largestPayload));
    this.#largestPacket = RTP_HEADER_LENGTH + largest.reduce((most, payload) => Math.max(most, payload));
  }

  /** Closes the reels of all periods. */
  close(): void {
    const reels = new Map(itemsOf(this.#periods).map(({ reel }) => [reel.data.descriptor, reel]));
    for (const reel of reels.values()) closeReel(reel);
  }
}

/** Throws a RangeError where one period would begin before the packet that it begins with has its turn. */
function inOrder(periods: readonly Period[]): readonly Period[] {
  if (periods.length === 0) throw new RangeError('a station needs at least one period');
  for (let i = 1; i < periods.length; i++) {
    const [before, period] = [periods[i - 1], periods[i]];
    if (period.opening < before.first || period.opening <= before.opening || before.at(period.opens) < period.opening) {
      throw new RangeError(`an period begins with packet ${period.opening} at ${period.opens}, before its turn`);
    }
  }
  return periods;
}
