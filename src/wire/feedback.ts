/**
 * Feedback of a receiver to its server: one compound RTCP packet (RFC 3550 section 6.1) of a receiver report, with a report block
 * now and then; a generic NACK (RFC 4585 section 6.2.1) where packets are missing; and always a packet of our own.
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |V=2|0|  RC=0/1 |   PT = 201    |          length = 1/7         |
 *    |                      SSRC of the receiver                     |
 *    :          one report block, 24 bytes, where RC = 1             :
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |V=2|0|  FMT=1  |   PT = 205    |       length = 2 + entries    |
 *    |                      SSRC of the receiver                     |
 *    |                      SSRC of the station                      |
 *    |        PID, missing           |  BLP: which of the next 16 too|  …
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |V=2|0|subtype 0/1|  PT = 204   |         length = 13/23        |
 *    |                      SSRC of the receiver                     |
 *    |      'M'      |      'S'      |      'C'      |      '1'      |
 *    :                       cookie, 16 bytes                        :
 *    |                      SSRC of the station                      |
 *    |                    number of the flow, 0 = none               |
 *    |                      credit of the flow, 64 bits              |
 *    |                                                               |
 *    |         number near which those of the NACK are, 64 bits      |
 *    |                                                               |
 *    |    copies     |                     0                         |
 *    +-+-+-+-+-+-+-+-+ with a report block (subtype 1): -+-+-+-+-+-+-+
 *    :   highest, received, lost, lost after repair, 64 bits each    :
 *    |                   held in the buffer, ms                      |
 *    |              behind the station, ms, two's complement         |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { Millis, PacketNumber, RTP_TIME_MODULUS, SEQUENCE_MODULUS, Ticks90k, unwrap, wrap } from '../base/units.js';
import { COOKIE_LENGTH } from './message.js';

export interface FeedbackReport {
  /** Packets since the receiver began: received by any path; missing before repair; missing after it. */
  received: number;
  lost: number;
  unrepaired: number;
  /** Share of packets missing before repair since the last report, 0 to 1. */
  fractionLost: number;
  highest: PacketNumber;
  /** RFC 3550 section 6.4.1. */
  jitter: Ticks90k;
  /** Buffered, not yet presented part of the stream. */
  buffer: Millis;
  /** Delay of the presented picture behind the station. */
  delay: Millis;
}

export interface Feedback {
  /** SSRCs: of the packet sender, which it chooses at random, and of the station. */
  sender: number;
  media: number;
  /** 16 bytes. */
  cookie: Buffer;
  /** Ascending. */
  missing: readonly PacketNumber[];
  /** Copies of each to send, 1 to MOST_COPIES. */
  copies: number;
  /** The received flow, and the packet before which it stops. */
  flow: { number: number; credit: PacketNumber } | null;
  report: FeedbackReport | null;
}

export const MOST_COPIES = 4;

const PacketType = { receiverReport: 201, app: 204, transportFeedback: 205 } as const;
const GENERIC_NACK = 1;
const NAME = Buffer.from('MSC1', 'latin1');

/** Bytes: the head of each packet, the report block, an entry of the NACK, and the fields of the APP packet. */
const HEAD = 8;
const REPORT_BLOCK = 24;
const NACK_HEAD = 12;
const NACK_ENTRY = 4;
const FIELDS = COOKIE_LENGTH + 28;
const REPORT_FIELDS = 40;
/** Largest datagram, which fits any path. */
const LARGEST = 1_200;
const MOST_ENTRIES = Math.floor((LARGEST - HEAD - REPORT_BLOCK - NACK_HEAD - 12 - FIELDS - REPORT_FIELDS) / NACK_ENTRY);
/** Packets that one entry can name: its own, and 16 by the bits of the BLP. */
const ENTRY_SPAN = 17;

interface Entry {
  first: PacketNumber;
  following: number;
}

function entriesOf(missing: readonly PacketNumber[]): Entry[] {
  const entries: Entry[] = [];
  for (const n of missing) {
    const last = entries.at(-1);
    if (last !== undefined && n < last.first + ENTRY_SPAN) last.following |= 1 << (n - last.first - 1);
    else entries.push({ first: n, following: 0 });
  }
  return entries;
}

/** Encodes it in one datagram, or more where much is missing; flow and report are in the first. */
export function encodeFeedback(feedback: Feedback): Buffer[] {
  const entries = entriesOf(feedback.missing);
  const datagrams: Buffer[] = [];
  do {
    const isFirst = datagrams.length === 0;
    const part = entries.splice(0, partLength(entries));
    datagrams.push(encodeOne(feedback, part, isFirst ? feedback.report : null, isFirst ? feedback.flow : null));
  } while (entries.length > 0);
  return datagrams;
}

/** Number of entries that fit one datagram: each number is the distance from the one before, in 16 bits. */
function partLength(entries: readonly Entry[]): number {
  const farther = entries.findIndex(({ first }, i) => i > 0 && first - entries[i - 1]!.first >= SEQUENCE_MODULUS / 2);
  return Math.min(MOST_ENTRIES, farther < 0 ? entries.length : farther);
}

function encodeOne(
  { sender, media, cookie, copies }: Feedback,
  entries: readonly Entry[],
  report: FeedbackReport | null,
  flow: Feedback['flow'],
): Buffer {
  const nackLength = entries.length === 0 ? 0 : NACK_HEAD + entries.length * NACK_ENTRY;
  const reportLength = HEAD + (report ? REPORT_BLOCK : 0);
  const appLength = 12 + FIELDS + (report ? REPORT_FIELDS : 0);
  const out = Buffer.alloc(reportLength + nackLength + appLength);

  let at = writeHead(out, 0, report ? 1 : 0, PacketType.receiverReport, reportLength, sender);
  if (report) {
    at = out.writeUInt32BE(media, at); // SSRC_1
    at = out.writeUInt8(Math.min(255, Math.floor(report.fractionLost * 256)), at); // fraction lost
    at = out.writeUIntBE(Math.min(0x7f_ffff, report.lost), at, 3); // cumulative number of packets lost
    at = out.writeUInt32BE(wrap(report.highest, RTP_TIME_MODULUS), at); // extended highest sequence number received
    at = out.writeUInt32BE(Math.min(0xffff_ffff, report.jitter), at); // interarrival jitter
    at += 8; // LSR, DLSR: there are no sender reports
  }
  if (nackLength > 0) {
    at = writeHead(out, at, GENERIC_NACK, PacketType.transportFeedback, nackLength, sender);
    at = out.writeUInt32BE(media, at); // SSRC of media source
    for (const { first, following } of entries) {
      at = out.writeUInt16BE(wrap(first, SEQUENCE_MODULUS), at); // PID
      at = out.writeUInt16BE(following, at); // BLP
    }
  }
  at = writeHead(out, at, report ? 1 : 0, PacketType.app, appLength, sender);
  at += NAME.copy(out, at);
  at += cookie.copy(out, at, 0, COOKIE_LENGTH);
  at = out.writeUInt32BE(media, at);
  at = out.writeUInt32BE(flow?.number ?? 0, at);
  at = writeNumber(out, flow?.credit ?? 0, at);
  at = writeNumber(out, entries[0]?.first ?? 0, at);
  at = out.writeUInt8(copies, at) + 3;
  if (report) {
    at = writeNumber(out, report.highest, at);
    at = writeNumber(out, report.received, at);
    at = writeNumber(out, report.lost, at);
    at = writeNumber(out, report.unrepaired, at);
    at = out.writeUInt32BE(within(report.buffer, 0, 0xffff_ffff), at);
    out.writeInt32BE(within(report.delay, -0x8000_0000, 0x7fff_ffff), at);
  }
  return out;
}

const within = (value: number, least: number, most: number) => Math.min(most, Math.max(least, Math.round(value)));

/** Writes the first 8 bytes of an RTCP packet of `length` bytes. Returns the offset after them. */
function writeHead(out: Buffer, at: number, count: number, type: number, length: number, ssrc: number): number {
  out[at] = 0x80 | count; // V = 2, P = 0
  out[at + 1] = type; // PT
  out.writeUInt16BE(length / 4 - 1, at + 2); // length
  return out.writeUInt32BE(ssrc, at + 4); // SSRC of packet sender
}

function writeNumber(out: Buffer, value: number, at: number): number {
  out.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  return out.writeUInt32BE(wrap(value, 0x1_0000_0000), at + 4);
}

/** A 64-bit integer; unsafe if it is no packet number. */
const readNumber = (from: Buffer, at: number): number =>
  from.readUInt32BE(at) * 0x1_0000_0000 + from.readUInt32BE(at + 4);

/** Whether a datagram is RTCP rather than RTP, by its first bytes (RFC 5761 section 4). */
export const isRtcp = (bytes: Buffer, start: number, end: number): boolean =>
  end - start >= HEAD && bytes[start]! >> 6 === 2 && bytes[start + 1]! >= 192 && bytes[start + 1]! <= 223;

/**
 * The cookie of the bytes from `start` to `end` of a buffer if they are feedback; null where they cannot be. Found
 * without decoding the rest, which takes long where much is missing. Shares the buffer's memory.
 */
export function feedbackCookie(bytes: Buffer, start: number, end: number): Buffer | null {
  if (end - start < HEAD) return null;
  const hasReport = (bytes[start]! & 0x1f) !== 0;
  const at = end - FIELDS - (hasReport ? REPORT_FIELDS : 0);
  return at < start + HEAD ? null : bytes.subarray(at, at + COOKIE_LENGTH);
}

/** Decodes the bytes from `start` to `end` of a buffer; null unless they are laid out as drawn above. Never throws. */
export function decodeFeedback(bytes: Buffer, start: number, end: number): Feedback | null {
  let at = start;
  const head = readHead(bytes, at, end, PacketType.receiverReport);
  if (head === null || head.count > 1 || head.length !== HEAD + head.count * REPORT_BLOCK) return null;
  const sender = bytes.readUInt32BE(at + 4);
  const block = head.count === 1 ? at + HEAD : null;
  at += head.length;

  const nack = readHead(bytes, at, end, PacketType.transportFeedback);
  const nackAt = at;
  if (nack !== null) {
    if (nack.count !== GENERIC_NACK || nack.length < NACK_HEAD + NACK_ENTRY) return null;
    at += nack.length;
  }

  const app = readHead(bytes, at, end, PacketType.app);
  const appLength = 12 + FIELDS + (block === null ? 0 : REPORT_FIELDS);
  if (app === null || app.count !== head.count || app.length !== appLength || at + appLength !== end) return null;
  if (NAME.compare(bytes, at + HEAD, at + 12) !== 0) return null;
  at += 12;
  const cookie = Buffer.from(bytes.subarray(at, at + COOKIE_LENGTH)); // a copy: the datagram's memory is used again
  at += COOKIE_LENGTH;
  const media = bytes.readUInt32BE(at);
  const flow = bytes.readUInt32BE(at + 4);
  const credit = PacketNumber(readNumber(bytes, at + 8));
  const base = PacketNumber(readNumber(bytes, at + 16));
  const copies = bytes[at + 24]!;
  if (!Number.isSafeInteger(credit) || !Number.isSafeInteger(base + RTP_TIME_MODULUS)) return null;
  if (copies < 1 || copies > MOST_COPIES) return null;
  if (block !== null && bytes.readUInt32BE(block) !== media) return null;
  const report = block === null ? null : readReport(bytes, block, at + 28);
  if (block !== null && report === null) return null;
  const missing = nack === null ? [] : readMissing(bytes, nackAt, nack.length, media, base);
  if (missing === null) return null;
  return { sender, media, cookie, missing, copies, flow: flow === 0 ? null : { number: flow, credit }, report };
}

function readHead(bytes: Buffer, at: number, end: number, type: number): { count: number; length: number } | null {
  if (end - at < HEAD || bytes[at]! >> 5 !== 0b100 || bytes[at + 1] !== type) return null;
  const length = (bytes.readUInt16BE(at + 2) + 1) * 4;
  return length < HEAD || at + length > end ? null : { count: bytes[at]! & 0x1f, length };
}

function readReport(bytes: Buffer, block: number, fields: number): FeedbackReport | null {
  const highest = PacketNumber(readNumber(bytes, fields));
  const received = readNumber(bytes, fields + 8);
  const lost = readNumber(bytes, fields + 16);
  const unrepaired = readNumber(bytes, fields + 24);
  if (![highest, received, lost, unrepaired].every(Number.isSafeInteger)) return null;
  return {
    received,
    lost,
    unrepaired,
    fractionLost: bytes[block + 4]! / 256,
    highest,
    jitter: Ticks90k(bytes.readUInt32BE(block + 12)),
    buffer: Millis(bytes.readUInt32BE(fields + 32)),
    delay: Millis(bytes.readInt32BE(fields + 36)),
  };
}

/** Strictly ascending; null otherwise. */
function readMissing(
  bytes: Buffer,
  at: number,
  length: number,
  media: number,
  base: PacketNumber,
): PacketNumber[] | null {
  if (bytes.readUInt32BE(at + HEAD) !== media) return null;
  const missing: PacketNumber[] = [];
  let near = base;
  for (let entry = at + NACK_HEAD; entry < at + length; entry += NACK_ENTRY) {
    const first = PacketNumber(unwrap(bytes.readUInt16BE(entry), near, SEQUENCE_MODULUS));
    const before = missing.at(-1) ?? -1;
    if (first <= before) return null;
    missing.push(first);
    const following = bytes.readUInt16BE(entry + 2);
    for (let bit = 0; bit < 16; bit++) if (following & (1 << bit)) missing.push(PacketNumber(first + 1 + bit));
    near = first;
  }
  return missing;
}
