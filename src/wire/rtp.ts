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
import { RTP_TIME_MODULUS, SEQUENCE_MODULUS, wrap } from '../base/units.js';

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

/** A decoded packet: the header's values (wrapped), and the payload. */
export interface RtpPacket extends RtpHeader {
  payload: Buffer;
}

/** Writes the 12 header bytes at `offset` of `out` without allocating. Returns the offset after them. */
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
  // Byte by byte: Buffer's methods spend more on checks than on writing, and this runs for every packet.
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

/** A decoded header, and the range of its payload in the buffer. */
export interface RtpFields extends RtpHeader {
  start: number;
  end: number;
}

/**
 * Decodes the datagram from `start` to `end` of a buffer; CSRCs, a header extension and padding are skipped. Returns
 * false unless it is consistent RTP version 2. Never throws or allocates.
 */
export function readRtp(buffer: Buffer, start: number, end: number, into: RtpFields): boolean {
  if (end - start < RTP_HEADER_LENGTH) return false;
  const first = buffer[start]!;
  if (first >> 6 !== 2) return false;
  into.start = start + RTP_HEADER_LENGTH + (first & 0x0f) * 4;
  into.end = end;
  if (first & 0x10) {
    if (into.start + 4 > end) return false;
    into.start += 4 + readUInt16(buffer, into.start + 2) * 4;
  }
  if (first & 0x20) {
    const padding = buffer[end - 1]!;
    if (padding === 0) return false;
    into.end -= padding;
  }
  if (into.start > into.end) return false;
  into.marker = (buffer[start + 1]! & 0x80) !== 0;
  into.payloadType = buffer[start + 1]! & 0x7f;
  into.sequenceNumber = readUInt16(buffer, start + 2);
  into.timestamp = readUInt32(buffer, start + 4);
  into.ssrc = readUInt32(buffer, start + 8);
  return true;
}

const readUInt16 = (from: Buffer, offset: number): number => (from[offset]! << 8) | from[offset + 1]!;
const readUInt32 = (from: Buffer, offset: number): number =>
  readUInt16(from, offset) * 0x1_0000 + readUInt16(from, offset + 2);

export const emptyRtp = (): RtpFields => ({
  marker: false,
  payloadType: 0,
  sequenceNumber: 0,
  timestamp: 0,
  ssrc: 0,
  start: 0,
  end: 0,
});

/** The same for a whole buffer; null where it is false. The payload shares the datagram's memory. */
export function parseRtp(datagram: Buffer): RtpPacket | null {
  const fields = emptyRtp();
  if (!readRtp(datagram, 0, datagram.length, fields)) return null;
  const { start, end, ...header } = fields;
  return { ...header, payload: datagram.subarray(start, end) };
}
