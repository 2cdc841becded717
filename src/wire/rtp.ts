/**
 * The RTP fixed header, RFC 3550 section 5.1:
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                           timestamp                           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |           synchronization source (SSRC) identifier            |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { RTP_TIME_MODULUS, SEQUENCE_MODULUS, wrap } from './time.js';

export const RTP_HEADER_LENGTH = 12;

export interface RtpHeader {
  marker: boolean;
  payloadType: number;
  /** Any integer; written modulo 2^16. */
  sequenceNumber: number;
  /** Any integer; written modulo 2^32. */
  timestamp: number;
  ssrc: number;
}

/** A decoded packet: the header's values as they stood (wrapped), and where its payload lies in the datagram. */
export interface RtpPacket extends RtpHeader {
  payload: Buffer;
}

/** Writes the 12 header bytes at `offset` of `out`; allocates nothing. Returns the offset behind them. */
export function writeRtpHeader(
  out: Buffer,
  offset: number,
  marker: boolean,
  payloadType: number,
  sequenceNumber: number,
  timestamp: number,
  ssrc: number,
): number {
  out[offset] = 0x80; // V = 2, P = 0, X = 0, CC = 0
  out[offset + 1] = (marker ? 0x80 : 0) | payloadType;
  // Byte by byte: Buffer's own methods check more than they write, and this is done for every packet.
  const sequence = wrap(sequenceNumber, SEQUENCE_MODULUS);
  out[offset + 2] = sequence >> 8;
  out[offset + 3] = sequence & 0xff;
  writeUInt32(out, offset + 4, wrap(timestamp, RTP_TIME_MODULUS));
  writeUInt32(out, offset + 8, ssrc);
  return offset + RTP_HEADER_LENGTH;
}

function writeUInt32(out: Buffer, offset: number, value: number): void {
  out[offset] = value >>> 24;
  out[offset + 1] = (value >>> 16) & 0xff;
  out[offset + 2] = (value >>> 8) & 0xff;
  out[offset + 3] = value & 0xff;
}

/**
 * Decodes one datagram; CSRCs, a header extension and padding are skipped.
 * Returns null for what is not RTP version 2 or contradicts itself; never throws. The payload shares the datagram's memory.
 */
export function parseRtp(datagram: Buffer): RtpPacket | null {
  if (datagram.length < RTP_HEADER_LENGTH) return null;
  const first = datagram[0];
  if (first >> 6 !== 2) return null;
  let start = RTP_HEADER_LENGTH + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (start + 4 > datagram.length) return null;
    start += 4 + datagram.readUInt16BE(start + 2) * 4;
  }
  let end = datagram.length;
  if (first & 0x20) {
    const padding = datagram[end - 1];
    if (padding === 0) return null;
    end -= padding;
  }
  if (start > end) return null;
  return {
    marker: (datagram[1] & 0x80) !== 0,
    payloadType: datagram[1] & 0x7f,
    sequenceNumber: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    ssrc: datagram.readUInt32BE(8),
    payload: datagram.subarray(start, end),
  };
}
