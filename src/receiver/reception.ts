/** From datagrams to a stream that a player reads: everything about receiving a station but its socket and timer. */
import { parseRtp, type RtpPacket } from '../wire/rtp.js';
import { payloadTypeOf, type StationInfo } from '../wire/station-info.js';
import {
  type Millis,
  millisToTicks,
  type PacketNumber,
  RTP_TIME_MODULUS,
  SEQUENCE_MODULUS,
  type Ticks90k,
  unwrap,
} from '../wire/time.js';
import { startsRandomAccess } from '../wire/ts.js';
import { JpegAssembler } from './jpeg-assembler.js';
import { type ReceptionCounts, ReorderBuffer, type ReorderOptions } from './reorder-buffer.js';
import type { StreamBuffer } from './stream-buffer.js';

export interface ReceptionOptions {
  station: Pick<StationInfo, 'format' | 'ssrc' | 'width' | 'height'>;
  /** Where what was received goes, in order. */
  buffer: StreamBuffer;
  /** Number of the packet that the server said comes next; without it numbers count from the first sequence number. */
  next?: PacketNumber;
  /** The server's clock when it said so; without it times count from the first timestamp. */
  serverTime?: Millis;
  reorder?: ReorderOptions;
}

export interface ReceptionReport extends ReceptionCounts {
  /** UDP payload bytes of the station's own packets, duplicates included. */
  bytes: number;
  /** Datagrams that are not this station's: another SSRC, another payload type, not RTP. */
  foreign: number;
  /** JPEG pictures put together, and those torn by a lost packet; 0 for h264. */
  frames: number;
  torn: number;
  /** When the last of the station's packets came; null before the first. */
  lastArrival: Millis | null;
}

/**
 * It is in charge of:
 * - telling the station's packets from others
 * - unwrapping sequence numbers and timestamps
 * - order, by the reorder buffer; pictures, by the JPEG assembler
 */
export class Reception {
  private readonly order: ReorderBuffer<RtpPacket>;
  private readonly jpeg: JpegAssembler | null;
  private readonly payloadType: number;
  private time: Ticks90k | null;
  private bytes = 0;
  private foreign = 0;
  private lastArrival: Millis | null = null;

  constructor(private readonly options: ReceptionOptions) {
    const { station } = options;
    this.order = new ReorderBuffer(options.reorder);
    this.jpeg = station.format === 'jpeg' ? new JpegAssembler(station) : null;
    this.payloadType = payloadTypeOf(station.format);
    this.time = options.serverTime === undefined ? null : millisToTicks(options.serverTime);
  }

  /** Takes a datagram that arrived at `now`, and hands on what it makes ready. */
  datagram(datagram: Buffer, now: Millis): void {
    const packet = parseRtp(datagram);
    if (packet?.ssrc !== this.options.station.ssrc || packet.payloadType !== this.payloadType) {
      this.foreign++;
      return;
    }
    this.bytes += datagram.length;
    this.lastArrival = now;
    const highest = this.order.highestNumber;
    const near = highest >= 0 ? highest : (this.options.next ?? packet.sequenceNumber);
    this.order.insert(unwrap(packet.sequenceNumber, near, SEQUENCE_MODULUS), packet, now);
    this.tick(now);
  }

  /** Gives up what has been missing for too long. Call it at `nextDeadline` at the latest. */
  tick(now: Millis): void {
    this.order.deliver(now, (n, packet) => this.take(n, packet));
  }

  nextDeadline(): Millis | null {
    return this.order.nextDeadline();
  }

  report(): ReceptionReport {
    const { frames, torn } = this.jpeg?.counts ?? { frames: 0, torn: 0 };
    const { bytes, foreign, lastArrival } = this;
    return { ...this.order.counts, bytes, foreign, frames, torn, lastArrival };
  }

  private take(n: PacketNumber, packet: RtpPacket): void {
    this.time = unwrap(packet.timestamp, this.time ?? packet.timestamp, RTP_TIME_MODULUS);
    const { buffer } = this.options;
    if (!this.jpeg) {
      const { payload } = packet;
      buffer.push({ time: this.time, data: payload, randomAccess: startsRandomAccess(payload) });
      return;
    }
    const frame = this.jpeg.push(n, packet);
    if (frame) buffer.push({ time: this.time, data: frame.jpeg, randomAccess: true });
  }
}
