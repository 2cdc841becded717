/** Puts JPEG pictures together from RTP packets in order (RFC 2435). No socket, no timer, no clock. */

import type { PacketNumber } from '../base/units.js';
import type { RtpPacket } from '../wire/rtp.js';
import { buildJpeg, type JpegPayload, parseJpegPayload } from '../wire/rtp-jpeg.js';

export interface JpegFrame {
  /** Number of the picture's first packet. */
  n: PacketNumber;
  /** RTP timestamp as it stood, modulo 2^32. */
  timestamp: number;
  /** Pixels; whole blocks of eight unless the assembler was told the exact size. */
  width: number;
  height: number;
  /** A complete JPEG file. */
  jpeg: Buffer;
}

export interface JpegAssemblerOptions {
  /** Pixels. RTP rounds sizes up to eight; when they round up to what is received, this is the size written. */
  width?: number;
  height?: number;
}

/** RTP's fragment offset has 24 bits; no picture of 2040 × 2040 comes near this. */
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
 * It is in charge of:
 * - collecting the packets of a picture; a picture is handed on whole or not at all
 * - keeping the quantisation tables that a sender refers back to
 * - counting pictures, and those that were torn by a lost packet
 */
export class JpegAssembler {
  readonly counts = { frames: 0, torn: 0, refused: 0 };
  private partial: Partial | null = null;
  private readonly tables = new Map<number, Buffer>();
  /** Timestamp of the picture that was last given up, so that it is counted once. */
  private given: number | null = null;
  private seen = false;

  constructor(private readonly exact: JpegAssemblerOptions = {}) {}

  /** Takes the next packet, in order; a number that is not the last plus one tears the picture. */
  push(n: PacketNumber, packet: RtpPacket): JpegFrame | null {
    const payload = parseJpegPayload(packet.payload);
    if (!payload) {
      this.counts.refused++;
      this.tear(packet.timestamp);
      return null;
    }
    if (payload.tables) this.tables.set(payload.q, Buffer.from(payload.tables));
    if (this.partial && this.partial.timestamp !== packet.timestamp) this.tear(this.partial.timestamp);
    if (payload.fragmentOffset === 0) {
      if (this.partial) this.tear(packet.timestamp);
      this.partial = {
        first: n,
        last: n - 1,
        timestamp: packet.timestamp,
        head: payload,
        length: 0,
        fragments: [],
      };
    }
    const partial = this.partial;
    if (partial?.last !== n - 1 || partial.length !== payload.fragmentOffset) {
      // Joined in the middle of a picture: nothing is torn, it just was not begun.
      if (partial || this.seen) this.tear(packet.timestamp);
      this.seen = true;
      this.given = packet.timestamp;
      return null;
    }
    this.seen = true;
    partial.last = n;
    partial.length += payload.data.length;
    if (partial.length > LARGEST_SCAN) {
      this.tear(packet.timestamp);
      return null;
    }
    partial.fragments.push(payload.data);
    return packet.marker ? this.finish(partial) : null;
  }

  private finish({ first, timestamp, head, fragments }: Partial): JpegFrame | null {
    this.partial = null;
    const tables = this.tables.get(head.q);
    if (!tables) {
      this.counts.refused++;
      return null;
    }
    const { width, height } = this.sizeOf(head);
    const jpeg = buildJpeg({ type: head.type, width, height, tables }, Buffer.concat(fragments));
    this.counts.frames++;
    return { n: first, timestamp, width, height, jpeg };
  }

  private sizeOf({ width, height }: JpegPayload): { width: number; height: number } {
    const exact = this.exact;
    return {
      width: exact.width && Math.ceil(exact.width / 8) * 8 === width ? exact.width : width,
      height: exact.height && Math.ceil(exact.height / 8) * 8 === height ? exact.height : height,
    };
  }

  private tear(timestamp: number): void {
    this.partial = null;
    if (this.given !== timestamp) this.counts.torn++;
    this.given = timestamp;
  }
}
