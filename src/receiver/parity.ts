/** Parity of a station with FEC: what it repairs, and whether it is worth waiting for. No socket, no timer. */
import { Millis, type PacketNumber } from '../base/units.js';
import type { FecSize } from '../wire/fec.js';
import { emptyRtp, RTP_HEADER_LENGTH, type RtpFields, writeRtpHeader } from '../wire/rtp.js';
import { FecDecoder } from './fec-decoder.js';

export interface ParityOptions {
  size: FecSize;
  payloadType: number;
  /** Packets a second. */
  rate: number;
  /** How long datagrams wait in the sockets. */
  latency: Millis;
  /** Whether a packet that parity gave can be the station's. `into` is filled. */
  isPlausible(n: PacketNumber, packet: Buffer, into: RtpFields): boolean;
  /** Called with each recovered packet; lent until the call returns. */
  onRecovered(n: PacketNumber, fields: RtpFields, packet: Buffer): void;
}

/** Parity is waited for if some came within this time. */
const ALIVE = Millis(2_000);
/** With a larger share lost, rows and columns miss several packets, and parity is not waited for. */
const MOST_LOST = 0.12;
/** Packets over which the lost share is measured. */
const SAMPLE_SIZE = 512;
/** Packets that the decoder keeps: of a block and the next one, and those that wait in the sockets; at most. */
const TWO_BLOCKS = 200;
const LARGEST_WINDOW = 8_192;

/**
 * Responsible for:
 * - the decoder, and what it is given
 * - measuring the share of the group's packets that is lost, before repair
 */
export class Parity {
  readonly #decoder: FecDecoder;
  readonly #size: FecSize;
  readonly #payloadType: number;
  readonly #fields = emptyRtp();
  #cameAt = Millis(Number.NEGATIVE_INFINITY);
  /** Packets of the group that came and that were missing in this sample; the lost share of the sample before. */
  readonly #sample = { received: 0, missing: 0, share: 0 };

  constructor({ size, payloadType, rate, latency, isPlausible, onRecovered }: ParityOptions) {
    this.#size = size;
    this.#payloadType = payloadType;
    const kept = Math.min(LARGEST_WINDOW, TWO_BLOCKS + (rate * 2 * latency) / 1000);
    this.#decoder = new FecDecoder({
      window: 2 ** Math.ceil(Math.log2(kept)),
      size,
      isPlausible: (n, packet) => isPlausible(n, packet, this.#fields),
      onRecovered: (n, packet) => {
        if (isPlausible(n, packet, this.#fields)) onRecovered(n, this.#fields, packet);
      },
    });
  }

  /** Packets of a block while parity is worth waiting for; else 0. */
  blockAt(now: Millis): number {
    const isWorth = now - this.#cameAt < ALIVE && this.#sample.share < MOST_LOST;
    return isWorth ? this.#size.columns * this.#size.rows : 0;
  }

  /** Takes a parity packet of packets around `near`, from `start` to `end` of a buffer. */
  take(buffer: Buffer, start: number, end: number, near: PacketNumber, now: Millis): void {
    if (this.#decoder.parity(buffer, start, end, near)) this.#cameAt = now;
  }

  /** A packet of the group came, whose payload is in the buffer behind its header. */
  addGroup(n: PacketNumber, { start, end }: RtpFields, buffer: Buffer): void {
    const sample = this.#sample;
    if (++sample.received + sample.missing >= SAMPLE_SIZE) {
      sample.share = sample.missing / (sample.received + sample.missing);
      sample.received = 0;
      sample.missing = 0;
    }
    this.#decoder.media(n, buffer, start - RTP_HEADER_LENGTH, end);
  }

  /** A retransmission came. An RTP header is written over the bytes before its payload. */
  addRetransmission(n: PacketNumber, { marker, timestamp, ssrc, start, end }: RtpFields, buffer: Buffer): void {
    writeRtpHeader(buffer, start - RTP_HEADER_LENGTH, marker, this.#payloadType, n, timestamp, ssrc);
    this.#decoder.media(n, buffer, start - RTP_HEADER_LENGTH, end);
  }

  /** Packets of the group are missing. */
  addMissing(count: number): void {
    this.#sample.missing += count;
  }
}
