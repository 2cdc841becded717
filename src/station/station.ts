/**
 * A station is a function of time: which packet leaves when follows from its reels, its timeline and the clock alone. Nothing
 * is remembered from one packet to the next, so two servers with the same reels and timeline send the same bytes.
 *
 * Packets are numbered from the Unix epoch, at which the first cycle of a station's items began. A change begins another
 * period, whose packets go on counting; the past never changes.
 */

import { PacketNumber, Ticks90k, ticksToMillis } from '../base/units.js';
import { closeReel, reelOf } from '../reel/open-reel.js';
import { MOST_PAYLOADS, type PacketSlots, type PayloadReader } from '../reel/payload-reader.js';
import type { Reel } from '../reel/reel.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../wire/rtp.js';
import { payloadTypeOf, type StationFormat } from '../wire/station-format.js';
import { shiftCounters, TS_GROUP_LENGTH, TS_PACKETS_PER_GROUP } from '../wire/ts.js';
import { type PacketSource, packetsOf } from './packet-source.js';
import { PeriodLookup } from './period-lookup.js';
import { Playlist, type StationItem } from './playlist.js';
import type { SpliceFiller } from './splice-filler.js';
import { Timeline, type TimelineChange } from './timeline.js';
import type { StationData, StationDelta } from './timeline-data.js';

export type { StationItem } from './playlist.js';
export type { StationData, StationDelta } from './timeline-data.js';

/** An item on the air once. */
export interface TimedItem {
  readonly item: StationItem;
  readonly from: Ticks90k;
  readonly to: Ticks90k;
  /** All items of its period, and its own index among them. */
  readonly items: readonly StationItem[];
  readonly index: number;
  /** The end of that period; Infinity where no other follows. */
  readonly until: Ticks90k;
}

/** Consecutive packets of one item. */
export interface ItemRange {
  readonly reel: Reel;
  /** Numbers of the reel's packets `from` to `to` − 1. */
  readonly from: number;
  readonly to: number;
}

/**
 * Responsible for:
 * - `packets`, `due` and `at`, the three functions that everything else is made of
 * - the item that is on the air at a time
 */
export class Station implements PacketSource {
  readonly ssrc: number;
  readonly format: StationFormat;
  readonly #payloadType: number;
  #timeline: Timeline;
  /** Of the timeline's periods. */
  #lookup: PeriodLookup;
  #largestPacket = 0;
  #greatestRate = 0;

  /** All items that it ever has are of one format. `items`, which are not empty, are played since the Unix epoch. */
  constructor(options: { ssrc: number } & ({ items: readonly StationItem[] } | { timeline: Timeline })) {
    this.ssrc = options.ssrc;
    this.#timeline = 'timeline' in options ? options.timeline : Timeline.repeating(options.items);
    this.#lookup = new PeriodLookup(this.#timeline.periods);
    this.format = this.items[0]!.reel.data.manifest.format;
    this.#payloadType = payloadTypeOf(this.format);
    this.#measure();
  }

  /** The same station in another thread: its reels are opened once, and closed by the thread that opened them. */
  static of({ ssrc, timeline }: StationData): Station {
    return new Station({ ssrc, timeline: Timeline.from(opened(timeline)) });
  }

  /** Past, plan and override, as they stand. */
  get timeline(): Timeline {
    return this.#timeline;
  }

  /** Of the newest entry of its plan, whether a slate hides it or not; so are all below. */
  get items(): readonly StationItem[] {
    return this.#timeline.plan.at(-1)!.items;
  }
  /** Of one cycle of the items. */
  get cycleDuration(): Ticks90k {
    return Playlist.of(this.items).duration;
  }
  get cyclePackets(): number {
    return Playlist.of(this.items).packetCount;
  }

  /** The beginning of the past that it knows. */
  get begins(): Ticks90k {
    return this.#lookup.periods[0]!.from;
  }

  /** Bytes of the largest packet. */
  get largestPacket(): number {
    return this.#largestPacket;
  }

  /** Packets per millisecond, of the period that has the most. */
  get greatestRate(): number {
    return this.#greatestRate;
  }

  /** Raised by every change of its timeline. */
  get revision(): number {
    return this.#timeline.revision;
  }

  /** A snapshot for another thread. */
  get data(): StationData {
    return { ssrc: this.ssrc, timeline: this.deltaSince(-1) };
  }

  /** The part of the timeline that was added since a revision, for another thread. */
  deltaSince(revision: number): StationDelta {
    const delta = this.#timeline.deltaSince(revision);
    const added = delta.items.added.map(({ name, reel }) => ({ name, reel: reel.data }));
    return { ...delta, items: { ...delta.items, added } };
  }

  /** Makes a change. Throws a RangeError where a period would begin before its turn. */
  change(change: TimelineChange): void {
    this.#set(this.#timeline.with(change));
  }

  /** Makes the changes that were made in another thread. Throws a RangeError where others have to come before. */
  update(delta: StationDelta): void {
    this.#set(this.#timeline.withDelta(opened(delta)));
  }

  /** The time since the Unix epoch at which packet `n` leaves. */
  due(n: PacketNumber): Ticks90k {
    const { reel, base, start, filler } = this.#lookup.itemOf(n);
    return Ticks90k(start + (filler ?? reel).due(n - base));
  }

  /** The number of the last packet that leaves at or before `time`. */
  at(time: Ticks90k): PacketNumber {
    const { periods } = this.#lookup;
    const index = this.#lookup.periodAt(time);
    const period = periods[index]!;
    const next = periods[index + 1];
    if (next === undefined) return period.at(time);
    return time >= next.opens ? next.at(time) : PacketNumber(Math.min(period.at(time), next.opening - 1));
  }

  /** The last random access point at or before packet `n`. Every reel and every period begins with one. */
  randomAccessBefore(n: PacketNumber): PacketNumber {
    const { reel, base, filler } = this.#lookup.itemOf(n);
    // A filler belongs to the item before it.
    return filler
      ? this.randomAccessBefore(PacketNumber(base - 1))
      : PacketNumber(base + reel.randomAccessBefore(n - base));
  }

  /** The first packet of the item that packet `n` belongs to. */
  beginningOf(n: PacketNumber): PacketNumber {
    const { from, filler } = this.#lookup.itemOf(n);
    return filler ? this.beginningOf(PacketNumber(from - 1)) : from;
  }

  /**
   * The end of that item: the packet behind its last, at which a filler may come, and the first packet of the next item. A
   * filler ends where the item behind it begins.
   */
  endOf(n: PacketNumber): { cut: PacketNumber; next: PacketNumber } {
    const { to: cut } = this.#lookup.itemOf(n);
    const next = this.#lookup.periods[this.#lookup.periodOf(cut)]!;
    return { cut, next: next.opening === cut ? next.first : cut };
  }

  /** The parts of reels that packets `from` to `to` − 1 are read from. */
  ranges(from: PacketNumber, to: PacketNumber): ItemRange[] {
    const ranges: ItemRange[] = [];
    for (let n = from; n < to; ) {
      const itemOnAir = this.#lookup.itemOf(n);
      const end = PacketNumber(Math.min(to, itemOnAir.to));
      if (!itemOnAir.filler) ranges.push({ reel: itemOnAir.reel, from: n - itemOnAir.base, to: end - itemOnAir.base });
      n = end;
    }
    return ranges;
  }

  /**
   * Writes RTP packets `from` to `to` − 1 into the slots from `first` on, one behind the other from byte `offset` of the buffer
   * on, which has room for LARGEST_PACKET each; `gap` bytes are left free before each. Returns the number of packets
   * written, fewer only where the reader does not wait for the disk. Throws when a reel cannot be read.
   */
  write(
    from: PacketNumber,
    to: PacketNumber,
    slots: PacketSlots,
    first: number,
    offset: number,
    reader: PayloadReader,
    gap = 0,
  ): number {
    let n = from;
    let slot = first;
    let at = offset;
    while (n < to) {
      const { reel, base, to: end, start, counters, filler } = this.#lookup.itemOf(n);
      const packet = n - base;
      const count = Math.min(to - n, end - n, MOST_PAYLOADS);
      if (filler) {
        const timestamp = Ticks90k(start + filler.due(packet));
        this.#writeFiller(filler, n, { slots, slot, at: at + gap, timestamp, packet });
        n++;
        slot++;
        at += gap + RTP_HEADER_LENGTH + TS_GROUP_LENGTH;
        continue;
      }

      const position = reel.position(packet);
      let read = position;
      for (let i = 0; i < count; i++) {
        const next = reel.position(packet + i + 1);
        const length = RTP_HEADER_LENGTH + next - read;
        slots.offsets[slot + i] = at + gap;
        slots.lengths[slot + i] = length;
        at += gap + length;
        read = next;
      }
      const done = reader.read(reel.data.descriptor, position, slots, slot, count, RTP_HEADER_LENGTH);
      for (let i = 0; i < done; i++) {
        const header = slots.offsets[slot + i]!;
        const timestamp = start + reel.timestamp(packet + i);
        const { buffer } = slots;
        writeRtpHeader(buffer, header, reel.marker(packet + i), this.#payloadType, n + i, timestamp, this.ssrc);
        reel.shift(buffer, header + RTP_HEADER_LENGTH, start);
        if (counters !== null) shiftCounters(buffer, header + RTP_HEADER_LENGTH, TS_PACKETS_PER_GROUP, counters);
      }
      n = PacketNumber(n + done);
      slot += done;
      if (done < count) break;
    }
    return n - from;
  }

  #writeFiller(
    filler: SpliceFiller,
    n: PacketNumber,
    to: { slots: PacketSlots; slot: number; at: number; timestamp: Ticks90k; packet: number },
  ): void {
    const { slots, slot, at, timestamp, packet } = to;
    slots.offsets[slot] = at;
    slots.lengths[slot] = RTP_HEADER_LENGTH + TS_GROUP_LENGTH;
    writeRtpHeader(slots.buffer, at, false, this.#payloadType, n, timestamp, this.ssrc);
    filler.copy(packet, slots.buffer, at + RTP_HEADER_LENGTH);
  }

  /** RTP packets `from` to `to` − 1, byte for byte as they leave. */
  packets(from: PacketNumber, to: PacketNumber, reader?: PayloadReader): Buffer[] {
    return packetsOf(this, from, to, reader);
  }

  readable(stationPacket: PacketNumber): PacketNumber {
    return stationPacket;
  }

  /** The item on the air at `time`, cut where another period begins. */
  itemOnAirAt(time: Ticks90k): TimedItem {
    const { periods } = this.#lookup;
    const number = this.#lookup.periodAt(time);
    const period = periods[number]!;
    const { index, from, to } = period.itemOnAirAt(time);
    const next = periods[number + 1];
    return {
      item: period.items[index]!,
      from: number > 0 ? Ticks90k(Math.max(from, period.from)) : from,
      to: next ? Ticks90k(Math.min(to, next.from)) : to,
      items: period.items,
      index,
      until: next?.from ?? Ticks90k(Number.POSITIVE_INFINITY),
    };
  }

  /** The item on the air at `time`. */
  itemAt(time: Ticks90k): StationItem {
    return this.itemOnAirAt(time).item;
  }

  #set(timeline: Timeline): void {
    this.#timeline = timeline;
    this.#lookup = new PeriodLookup(timeline.periods);
    this.#measure();
  }

  #measure(): void {
    const { items, playlists } = this.#timeline;
    const rates = playlists.map(({ packetCount, duration }) => packetCount / ticksToMillis(duration));
    this.#largestPacket = RTP_HEADER_LENGTH + items.reduce((most, { reel }) => Math.max(most, reel.largestPayload), 0);
    this.#greatestRate = rates.reduce((most, rate) => Math.max(most, rate), 0);
  }

  /** Closes the reels of everything that it ever played. */
  close(): void {
    const reels = new Map(this.#timeline.items.map(({ reel }) => [reel.data.descriptor, reel]));
    for (const reel of reels.values()) closeReel(reel);
  }
}

const opened = (delta: StationDelta) => {
  const added = delta.items.added.map(({ name, reel }) => ({ name, reel: reelOf(reel) }));
  return { ...delta, items: { ...delta.items, added } };
};
