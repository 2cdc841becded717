/**
 * A station is a function of time: which packet leaves when follows from its reels and the clock alone. Nothing is
 * remembered from one packet to the next, so two servers with the same reels send the same bytes.
 *
 * Packet numbers count from the station's epoch, the Unix epoch, at which the first cycle of its items began.
 */
import { closeReel, reelOf } from '../reel/open-reel.js';
import { MOST_PAYLOADS, type PacketPlaces, type PayloadReader } from '../reel/payload-reader.js';
import { lastAtMost, type Reel, type ReelData } from '../reel/reel.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../wire/rtp.js';
import { payloadTypeOf, type StationFormat } from '../wire/station-info.js';
import type { PacketNumber, Ticks90k } from '../wire/time.js';
import { type PacketSource, packetsOf } from './packet-source.js';

/** One thing a station plays. */
export interface StationItem {
  name: string;
  reel: Reel;
}

/** A station as threads hand it to each other. */
export interface StationData {
  readonly items: readonly { readonly name: string; readonly reel: ReelData }[];
  readonly ssrc: number;
}

/** An item on the air once, in packets and time of the station. */
interface Airing {
  reel: Reel;
  /** Its packets are `from` to `to` − 1. */
  from: PacketNumber;
  to: PacketNumber;
  start: Ticks90k;
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
 * - which item is on the air
 */
export class Station implements PacketSource {
  readonly items: readonly StationItem[];
  readonly ssrc: number;
  /** Of one cycle of the items. */
  readonly cycleDuration: Ticks90k;
  readonly cyclePackets: number;
  /** Bytes of the largest packet. */
  readonly largestPacket: number;
  readonly #payloadType: number;
  /** Where each item begins in a cycle, in packets and in ticks. */
  readonly #firstPackets: number[];
  readonly #startTimes: Ticks90k[];
  /** The airing asked for last: the next packet is most often of the same. */
  readonly #airing: Airing;

  /** `items` is not empty; all have one format. */
  constructor(options: { items: readonly StationItem[]; ssrc: number }) {
    const { items, ssrc } = options;
    if (items.length === 0) throw new RangeError('a station needs at least one item');
    this.items = items;
    this.ssrc = ssrc;
    this.#payloadType = payloadTypeOf(this.format);
    this.largestPacket = RTP_HEADER_LENGTH + Math.max(...items.map(({ reel }) => reel.largestPayload));
    this.#firstPackets = [];
    this.#startTimes = [];
    let packets = 0;
    let time = 0;
    for (const { reel } of items) {
      this.#firstPackets.push(packets);
      this.#startTimes.push(time);
      packets += reel.packetCount;
      time += reel.duration;
    }
    this.cyclePackets = packets;
    this.cycleDuration = time;
    this.#airing = { reel: items[0].reel, from: 0, to: 0, start: 0 };
  }

  /** The same station in another thread: its reels are opened once, by whoever closes them. */
  static of(data: StationData): Station {
    return new Station({ items: data.items.map(({ name, reel }) => ({ name, reel: reelOf(reel) })), ssrc: data.ssrc });
  }

  get format(): StationFormat {
    return this.items[0].reel.data.manifest.format;
  }

  get data(): StationData {
    return { items: this.items.map(({ name, reel }) => ({ name, reel: reel.data })), ssrc: this.ssrc };
  }

  /** The time since the Unix epoch at which packet `n` leaves. */
  due(n: PacketNumber): Ticks90k {
    const { reel, from, start } = this.#airingOf(n);
    return start + reel.due(n - from);
  }

  /** The number of the last packet that leaves at or before `time`. */
  at(time: Ticks90k): PacketNumber {
    const cycle = Math.floor(time / this.cycleDuration);
    const inCycle = time - cycle * this.cycleDuration;
    const item = lastAtMost(this.#startTimes, inCycle);
    const packet = this.items[item].reel.at(inCycle - this.#startTimes[item]);
    return cycle * this.cyclePackets + this.#firstPackets[item] + packet;
  }

  /** The last random access point at or before packet `n`. Every reel begins with one. */
  randomAccessBefore(n: PacketNumber): PacketNumber {
    const { reel, from } = this.#airingOf(n);
    return from + reel.randomAccessBefore(n - from);
  }

  /** The first packet of the item that packet `n` belongs to. */
  beginningOf(n: PacketNumber): PacketNumber {
    return this.#airingOf(n).from;
  }

  /** What packets `from` to `to` − 1 are made of. */
  ranges(from: PacketNumber, to: PacketNumber): ItemRange[] {
    const ranges: ItemRange[] = [];
    for (let n = from; n < to; ) {
      const airing = this.#airingOf(n);
      const end = Math.min(to, airing.to);
      ranges.push({ reel: airing.reel, from: n - airing.from, to: end - airing.from });
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
      const { reel, from: base, to: end, start } = this.#airingOf(n);
      const packet = n - base;
      const count = Math.min(to - n, end - n, MOST_PAYLOADS);

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
      }
      n += done;
      place += done;
      if (done < count) break;
    }
    return n - from;
  }

  /** RTP packets `from` to `to` − 1, byte for byte as they leave. */
  packets(from: PacketNumber, to: PacketNumber, reader?: PayloadReader): Buffer[] {
    return packetsOf(this, from, to, reader);
  }

  readable(stationPacket: PacketNumber): PacketNumber {
    return stationPacket;
  }

  /** The item on the air at `time`. */
  itemAt(time: Ticks90k): StationItem {
    return this.items[lastAtMost(this.#startTimes, time - Math.floor(time / this.cycleDuration) * this.cycleDuration)];
  }

  #airingOf(n: PacketNumber): Airing {
    const airing = this.#airing;
    if (n >= airing.from && n < airing.to) return airing;
    const cycle = Math.floor(n / this.cyclePackets);
    const item = lastAtMost(this.#firstPackets, n - cycle * this.cyclePackets);
    airing.reel = this.items[item].reel;
    airing.from = cycle * this.cyclePackets + this.#firstPackets[item];
    airing.to = airing.from + airing.reel.packetCount;
    airing.start = cycle * this.cycleDuration + this.#startTimes[item];
    return airing;
  }

  close(): void {
    for (const { reel } of this.items) closeReel(reel);
  }
}
