/** Assembles JPEG pictures from RTP packets in order (RFC 2435). No socket, no timer, no clock. */

import { PacketNumber } from '../base/units.js';
import { buildJpeg } from '../wire/jpeg-file.js';
import type { RtpPacket } from '../wire/rtp.js';
import { type JpegPayload, parseJpegPayload } from '../wire/rtp-jpeg.js';

export interface JpegFrame {
  /** Number of the picture's first packet. */
  n: PacketNumber;
  /** RTP timestamp, modulo 2^32. */
  timestamp: number;
  /** Pixels; multiples of eight unless the assembler knows the exact size. */
  width: number;
  height: number;
  /** A complete JPEG file. */
  jpeg: Buffer;
}

export interface JpegAssemblerOptions {
  /** Exact size in pixels, for pictures whose size in RTP is this one rounded up to a multiple of eight. */
  width?: number;
  height?: number;
}

/** Limits the memory of a picture: RTP's offset has 24 bits, and 2040 × 2040 pixels take far less. */
const LARGEST_SCAN = 8 * 1024 * 1024;

interface Partial {
  first: PacketNumber;
  last: PacketNumber;
  timestamp: number;
  head: JpegPayload;
  length: number;
  fragments: Buffer[];
}

/**
 * Responsible for:
 * - collecting the packets of a picture, which is returned whole or not at all
 * - keeping the quantisation tables that later pictures refer to
 * - counting pictures, and pictures torn by a lost packet
 */
export class JpegAssembler {
  readonly counts = { frames: 0, torn: 0, refused: 0 };
  #partial: Partial | null = null;
  readonly #tables = new Map<number, Buffer>();
  /** Timestamp of the picture torn last, so that it is counted once. */
  #torn: number | null = null;
  #hasBegun = false;

  readonly #exact: JpegAssemblerOptions;

  constructor(exact: JpegAssemblerOptions = {}) {
    this.#exact = exact;
  }

  /** Takes the next packet in order; a gap in the numbers tears the picture. Returns the picture it completes. */
  push(n: PacketNumber, packet: RtpPacket): JpegFrame | null {
    const payload = parseJpegPayload(packet.payload);
    if (!payload) {
      this.counts.refused++;
      this.#tear(packet.timestamp);
      return null;
    }
    if (payload.tables) this.#tables.set(payload.q, Buffer.from(payload.tables));
    if (this.#partial && this.#partial.timestamp !== packet.timestamp) this.#tear(this.#partial.timestamp);
    if (payload.fragmentOffset === 0) {
      if (this.#partial) this.#tear(packet.timestamp);
      this.#partial = {
        first: n,
        last: PacketNumber(n - 1),
        timestamp: packet.timestamp,
        head: payload,
        length: 0,
        fragments: [],
      };
    }
    const partial = this.#partial;
    if (partial?.last !== n - 1 || partial.length !== payload.fragmentOffset) {
      // A stream joined in the middle of a picture has not torn it.
      if (partial || this.#hasBegun) this.#tear(packet.timestamp);
      this.#hasBegun = true;
      this.#torn = packet.timestamp;
      return null;
    }
    this.#hasBegun = true;
    partial.last = n;
    partial.length += payload.data.length;
    if (partial.length > LARGEST_SCAN) {
      this.#tear(packet.timestamp);
      return null;
    }
    partial.fragments.push(payload.data);
    return packet.marker ? this.#finish(partial) : null;
  }

  #finish({ first, timestamp, head, fragments }: Partial): JpegFrame | null {
    this.#partial = null;
    const tables = this.#tables.get(head.q);
    if (!tables) {
      this.counts.refused++;
      return null;
    }
    const { width, height } = this.#sizeOf(head);
    const jpeg = buildJpeg({ type: head.type, width, height, tables }, Buffer.concat(fragments));
    this.counts.frames++;
    return { n: first, timestamp, width, height, jpeg };
  }

  #sizeOf({ width, height }: JpegPayload): { width: number; height: number } {
    const exact = this.#exact;
    return {
      width: exact.width && Math.ceil(exact.width / 8) * 8 === width ? exact.width : width,
      height: exact.height && Math.ceil(exact.height / 8) * 8 === height ? exact.height : height,
    };
  }

  #tear(timestamp: number): void {
    this.#partial = null;
    if (this.#torn !== timestamp) this.counts.torn++;
    this.#torn = timestamp;
  }
}
