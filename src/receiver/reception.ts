/** From datagrams to a stream that a player reads: everything about receiving a station but its socket and timer. */
import type { ReceivedBatch } from '../multicast/receive-batched.js';
import { emptyRtp, type RtpHeader, type RtpPacket, readRtp } from '../wire/rtp.js';
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
import { JpegAssembler } from './jpeg-assembler.js';
import { type ReceptionCounts, ReorderBuffer, type ReorderOptions } from './reorder-buffer.js';
import type { StreamBuffer } from './stream-buffer.js';
import { UnitPacker } from './unit-packer.js';

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
 * - order, by the reorder buffer; units, by the packer; pictures, by the JPEG assembler
 */
export class Reception {
  private readonly order: ReorderBuffer<RtpPacket>;
  private readonly packer: UnitPacker;
  private readonly jpeg: JpegAssembler | null;
  private readonly payloadType: number;
  /** Of the datagram at hand. */
  private readonly fields = emptyRtp();
  private time: Ticks90k | null;
  private bytes = 0;
  private foreign = 0;
  private lastArrival: Millis | null = null;

  constructor(private readonly options: ReceptionOptions) {
    const { station } = options;
    this.order = new ReorderBuffer(options.reorder);
    this.packer = new UnitPacker((unit) => options.buffer.push(unit));
    options.buffer.onDropped = (unit) => this.packer.reclaim(unit);
    this.jpeg = station.format === 'jpeg' ? new JpegAssembler(station) : null;
    this.payloadType = payloadTypeOf(station.format);
    this.time = options.serverTime === undefined ? null : millisToTicks(options.serverTime);
  }

  /** Takes datagrams that arrived by `now`, hands on what they make ready, gives up what has been missing for too long. */
  take({ buffer, offsets, lengths, count }: ReceivedBatch, now: Millis): void {
    for (let i = 0; i < count; i++) this.datagram(buffer, offsets[i], offsets[i] + lengths[i], now);
    this.order.deliver(now, this.deliver);
    this.packer.flush();
  }

  report(): ReceptionReport {
    const { frames, torn } = this.jpeg?.counts ?? { frames: 0, torn: 0 };
    const { bytes, foreign, lastArrival } = this;
    return { ...this.order.counts, bytes, foreign, frames, torn, lastArrival };
  }

  private datagram(buffer: Buffer, from: number, to: number, now: Millis): void {
    const { fields, order, options } = this;
    const isRtp = readRtp(buffer, from, to, fields);
    if (!isRtp || fields.ssrc !== options.station.ssrc || fields.payloadType !== this.payloadType) {
      this.foreign++;
      return;
    }
    this.bytes += to - from;
    this.lastArrival = now;
    const { sequenceNumber, start, end } = fields;
    const near = order.highestNumber >= 0 ? order.highestNumber : (options.next ?? sequenceNumber);
    const n = unwrap(sequenceNumber, near, SEQUENCE_MODULUS);
    if (order.isNext(n)) this.packet(n, fields, buffer, start, end);
    // What has to wait outlives the datagram.
    else order.insert(n, { ...fields, payload: Buffer.from(buffer.subarray(start, end)) }, now);
  }

  private readonly deliver = (n: PacketNumber, packet: RtpPacket): void =>
    this.packet(n, packet, packet.payload, 0, packet.payload.length);

  /** Takes the next packet, whose payload lies from `start` to `end` of the buffer. */
  private packet(n: PacketNumber, header: RtpHeader, buffer: Buffer, start: number, end: number): void {
    this.time = unwrap(header.timestamp, this.time ?? header.timestamp, RTP_TIME_MODULUS);
    if (!this.jpeg) {
      this.packer.add(this.time, buffer, start, end);
      return;
    }
    const frame = this.jpeg.push(n, { ...header, payload: Buffer.from(buffer.subarray(start, end)) });
    if (frame) this.options.buffer.push({ time: this.time, data: frame.jpeg, randomAccess: true });
  }
}
