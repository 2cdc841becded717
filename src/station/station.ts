/**
 * A station is a function of time: which packet leaves when follows from its reels and the clock alone. Nothing is
 * remembered from one packet to the next, so two servers with the same reels send the same bytes.
 *
 * Packet numbers count from the station's epoch, the Unix epoch, at which the first cycle of its items began.
 */
import type { Reel } from '../reel/reel.js';
import { lastAtMost } from '../reel/reel.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../wire/rtp.js';
import { payloadTypeOf } from '../wire/station-info.js';
import type { PacketNumber, Ticks90k } from '../wire/time.js';

/** One thing a station plays. */
export interface StationItem {
  name: string;
  reel: Reel;
}

/** The largest RTP packet of any reel, bytes. */
export const LARGEST_PACKET = 1_472;

/**
 * It is in charge of:
 * - `packets`, `due` and `at`, the three functions that everything else is made of
 * - which item is on the air
 */
export class Station {
  readonly items: readonly StationItem[];
  readonly ssrc: number;
  /** Of one cycle of the items. */
  readonly cycleDuration: Ticks90k;
  readonly cyclePackets: number;
  readonly #payloadType: number;
  /** Where each item begins in a cycle, in packets and in ticks. */
  readonly #firstPackets: number[];
  readonly #startTimes: Ticks90k[];

  /** `items` is not empty; all have one format. */
  constructor(options: { items: readonly StationItem[]; ssrc: number }) {
    const { items, ssrc } = options;
    if (items.length === 0) throw new RangeError('a station needs at least one item');
    this.items = items;
    this.ssrc = ssrc;
    this.#payloadType = payloadTypeOf(items[0].reel.manifest.format);
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
  }

  /** The time since the Unix epoch at which packet `n` leaves. */
  due(n: PacketNumber): Ticks90k {
    const cycle = Math.floor(n / this.cyclePackets);
    const inCycle = n - cycle * this.cyclePackets;
    const item = lastAtMost(this.#firstPackets, inCycle);
    return (
      cycle * this.cycleDuration +
      this.#startTimes[item] +
      this.items[item].reel.due(inCycle - this.#firstPackets[item])
    );
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
    const cycle = Math.floor(n / this.cyclePackets);
    const inCycle = n - cycle * this.cyclePackets;
    const item = lastAtMost(this.#firstPackets, inCycle);
    const first = this.#firstPackets[item];
    return cycle * this.cyclePackets + first + this.items[item].reel.randomAccessBefore(inCycle - first);
  }

  /**
   * Writes RTP packet `n` at `offset` of `out`, which has room for LARGEST_PACKET; returns its length in bytes.
   * Throws when the reel cannot be read.
   */
  write(n: PacketNumber, out: Buffer, offset: number): number {
    const cycle = Math.floor(n / this.cyclePackets);
    const inCycle = n - cycle * this.cyclePackets;
    const item = lastAtMost(this.#firstPackets, inCycle);
    const { reel } = this.items[item];
    const packet = inCycle - this.#firstPackets[item];
    const start = cycle * this.cycleDuration + this.#startTimes[item];
    writeRtpHeader(out, offset, reel.marker(packet), this.#payloadType, n, start + reel.timestamp(packet), this.ssrc);
    return RTP_HEADER_LENGTH + reel.read(packet, out, offset + RTP_HEADER_LENGTH, start);
  }

  /** RTP packets `from` to `to` − 1, byte for byte as they leave. */
  packets(from: PacketNumber, to: PacketNumber): Buffer[] {
    const packets: Buffer[] = [];
    for (let n = from; n < to; n++) {
      const packet = Buffer.allocUnsafe(LARGEST_PACKET);
      packets.push(packet.subarray(0, this.write(n, packet, 0)));
    }
    return packets;
  }

  /** The item on the air at `time`. */
  itemAt(time: Ticks90k): StationItem {
    return this.items[lastAtMost(this.#startTimes, time - Math.floor(time / this.cycleDuration) * this.cycleDuration)];
  }

  close(): void {
    for (const { reel } of this.items) reel.close();
  }
}
