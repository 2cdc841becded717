/**
 * Forward error correction, SMPTE 2022-1: packets in rows of L, D rows a block; for each column, and each row, a packet
 * with the parity of its packets. An RTP header whose first bytes are parity as well, and behind it:
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |V=2|P|X|  CC   |M|   PT = 96   |      sequence number, its own |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                    timestamp of its sending                   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                            SSRC = 0                           |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |        SNBase low bits        |        Length recovery        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |E| PT recovery |                   Mask = 0                    |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                          TS recovery                          |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |N|D|type |index|    offset     |      NA       |SNBase ext bits|
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |  parity of what lies behind the packets' fixed headers      ...
 */
import { RTP_HEADER_LENGTH, writeRtpHeader } from './rtp.js';

/** Required by the specification. */
export const FEC_PAYLOAD_TYPE = 96;
export const FEC_HEADER_LENGTH = 16;
/** Offset of the parity in the packet. */
export const FEC_PARITY_AT = RTP_HEADER_LENGTH + FEC_HEADER_LENGTH;

/** A block has `rows` (D) rows of `columns` (L) packets. */
export interface FecSize {
  readonly columns: number;
  readonly rows: number;
}

export const fecModes = ['none', 'columns', 'both'] as const;
/** Which parity is sent. */
export type FecMode = (typeof fecModes)[number];

/** Checks a size against the specification; returns the fault in words, or null. */
export function fecSizeFault({ columns, rows }: FecSize, mode: FecMode): string | null {
  const least = mode === 'both' ? 4 : 1;
  if (!(Number.isInteger(columns) && columns >= least && columns <= 20)) return `L is ${columns}, not ${least} to 20`;
  if (!(Number.isInteger(rows) && rows >= 4 && rows <= 20)) return `D is ${rows}, not 4 to 20`;
  return columns * rows > 100 ? `L × D is ${columns * rows}, more than 100` : null;
}

/** A decoded FEC packet: what it protects, and the parity of the packets' headers. */
export interface FecFields {
  isRow: boolean;
  sequenceNumber: number;
  timestamp: number;
  /** Sequence number of the first packet; the others follow in steps of `step`, `count` in all. */
  base: number;
  step: number;
  count: number;
  /** Parity of the first byte, without the version: P, X, CC; of the second: M, PT; of timestamps. */
  first: number;
  second: number;
  timestamps: number;
  /** Parity of the lengths behind the fixed headers. */
  lengths: number;
}

export const emptyFec = (): FecFields => ({
  isRow: false,
  sequenceNumber: 0,
  timestamp: 0,
  base: 0,
  step: 0,
  count: 0,
  first: 0,
  second: 0,
  timestamps: 0,
  lengths: 0,
});

/** Writes both headers at `offset` of `out` without allocating. Returns the offset after them. */
export function writeFecHeaders(out: Buffer, offset: number, fec: FecFields): number {
  const marker = (fec.second & 0x80) !== 0;
  const at = writeRtpHeader(out, offset, marker, FEC_PAYLOAD_TYPE, fec.sequenceNumber, fec.timestamp, 0);
  out[offset]! |= fec.first & 0x3f;
  out[at] = (fec.base >> 8) & 0xff; // SNBase low bits
  out[at + 1] = fec.base & 0xff;
  out[at + 2] = fec.lengths >> 8; // Length recovery
  out[at + 3] = fec.lengths & 0xff;
  out[at + 4] = 0x80 | (fec.second & 0x7f); // E = 1, PT recovery
  out[at + 5] = 0; // Mask
  out[at + 6] = 0;
  out[at + 7] = 0;
  out[at + 8] = fec.timestamps >>> 24; // TS recovery
  out[at + 9] = (fec.timestamps >>> 16) & 0xff;
  out[at + 10] = (fec.timestamps >>> 8) & 0xff;
  out[at + 11] = fec.timestamps & 0xff;
  out[at + 12] = fec.isRow ? 0x40 : 0; // N = 0, D, type = 0 (XOR), index = 0
  out[at + 13] = fec.step; // offset
  out[at + 14] = fec.count; // NA
  out[at + 15] = 0; // SNBase ext bits
  return at + FEC_HEADER_LENGTH;
}

/**
 * Decodes the headers of the datagram from `start` to `end` of a buffer; its parity lies from `start + FEC_PARITY_AT`
 * to `end`. Returns false for anything but an FEC packet of this kind. Never throws or allocates.
 */
export function readFec(buffer: Buffer, start: number, end: number, into: FecFields): boolean {
  if (end - start < FEC_PARITY_AT) return false;
  if (buffer[start]! >> 6 !== 2 || (buffer[start + 1]! & 0x7f) !== FEC_PAYLOAD_TYPE) return false;
  const at = start + RTP_HEADER_LENGTH;
  const kind = buffer[at + 12]!;
  if ((buffer[at + 4]! & 0x80) === 0 || (kind & 0xbf) !== 0) return false;
  into.isRow = kind !== 0;
  into.step = buffer[at + 13]!;
  into.count = buffer[at + 14]!;
  if (into.step === 0 || into.count === 0 || (into.isRow && into.step !== 1)) return false;
  into.sequenceNumber = buffer.readUInt16BE(start + 2);
  into.timestamp = buffer.readUInt32BE(start + 4);
  into.base = buffer.readUInt16BE(at);
  into.lengths = buffer.readUInt16BE(at + 2);
  into.first = buffer[start]! & 0x3f;
  into.second = (buffer[start + 1]! & 0x80) | (buffer[at + 4]! & 0x7f);
  into.timestamps = buffer.readUInt32BE(at + 8);
  return true;
}
