/**
 * Retransmissions, RFC 4588 section 4: the original packet, with another sequence number and the original one before its
 * payload. A header extension (RFC 8285, one-byte form) has the packet's absolute number, because 16 bits are ambiguous
 * after some seconds.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |V=2|0|1|  CC=0 |M|   PT = 97   |      sequence number, its own |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                    timestamp of the original                  |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                       SSRC of the original                    |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |             0xBEDE            |           length = 2          |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    | ID = 1| L = 6 |               number of the packet            |
 *    +-+-+-+-+-+-+-+-+                                               |
 *    |                                                               |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    original sequence number   |  original payload           ...
 */

import { PacketNumber, SEQUENCE_MODULUS, wrap } from '../base/units.js';
import { emptyRtp, RTP_HEADER_LENGTH, type RtpFields, readRtp } from './rtp.js';

/** Dynamic, RFC 3551 section 6. */
export const RETRANSMISSION_PAYLOAD_TYPE = 97;
/** 4 (head of the extension) + 8 (its one element) + 2 (original sequence number). */
export const RETRANSMISSION_OVERHEAD = 14;
const EXTENSION = 0xbede;
const EXTENSION_WORDS = 2;
/** ID 1, 7 bytes: the length field is one less. */
const NUMBER_ELEMENT = (1 << 4) | 6;
const X = 0x10;

/**
 * Turns the RTP packet at `original`, which has no CSRCs and no extension, into a retransmission, in place: the header
 * moves forward by RETRANSMISSION_OVERHEAD bytes, which are free, and the payload stays. `n` is the packet's number;
 * `sequenceNumber` is any integer, written modulo 2^16. Returns the offset of the packet. Allocates nothing.
 */
export function writeRetransmission(out: Buffer, original: number, n: PacketNumber, sequenceNumber: number): number {
  const at = original - RETRANSMISSION_OVERHEAD;
  // The two overlap: forward, byte by byte, each byte is read before it is overwritten.
  for (let i = 0; i < RTP_HEADER_LENGTH; i++) out[at + i] = out[original + i]!;
  const originalHigh = out[at + 2];
  const originalLow = out[at + 3];
  out[at]! |= X;
  out[at + 1] = (out[at + 1]! & 0x80) | RETRANSMISSION_PAYLOAD_TYPE;
  const sequence = wrap(sequenceNumber, SEQUENCE_MODULUS);
  out[at + 2] = sequence >> 8;
  out[at + 3] = sequence & 0xff;
  const extension = at + RTP_HEADER_LENGTH;
  out[extension] = EXTENSION >> 8;
  out[extension + 1] = EXTENSION & 0xff;
  out[extension + 2] = 0;
  out[extension + 3] = EXTENSION_WORDS;
  out[extension + 4] = NUMBER_ELEMENT;
  let rest: number = n;
  for (let i = extension + 11; i > extension + 4; i--) {
    const high = Math.floor(rest / 256);
    out[i] = rest - high * 256;
    rest = high;
  }
  out[extension + 12] = originalHigh!;
  out[extension + 13] = originalLow!;
  return at;
}

/** A decoded retransmission: `start` and `end` are those of the original payload, `sequenceNumber` is its own. */
export interface RetransmissionFields extends RtpFields {
  /** Number of the original packet. */
  n: PacketNumber;
}

export const emptyRetransmission = (): RetransmissionFields => ({ ...emptyRtp(), n: PacketNumber(0) });

/**
 * Decodes the datagram from `start` to `end` of a buffer. Returns false unless it is one of our retransmissions. Never
 * throws or allocates.
 */
export function readRetransmission(buffer: Buffer, start: number, end: number, into: RetransmissionFields): boolean {
  if (!readRtp(buffer, start, end, into) || into.payloadType !== RETRANSMISSION_PAYLOAD_TYPE) return false;
  const extension = start + RTP_HEADER_LENGTH;
  // Ours have neither CSRCs nor other elements: so the extension begins here, and the payload right after it.
  if (into.start !== extension + 12 || buffer[start]! >> 4 !== 0b1001) return false;
  if (buffer.readUInt16BE(extension) !== EXTENSION || buffer[extension + 4] !== NUMBER_ELEMENT) return false;
  const n = buffer.readUIntBE(extension + 5, 1) * 2 ** 48 + buffer.readUIntBE(extension + 6, 6);
  if (!Number.isSafeInteger(n) || into.end - into.start < 2) return false;
  if (buffer.readUInt16BE(into.start) !== wrap(n, SEQUENCE_MODULUS)) return false;
  into.n = PacketNumber(n);
  into.start += 2;
  return true;
}
