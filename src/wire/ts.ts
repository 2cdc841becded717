/**
 * MPEG-2 transport stream packets, 188 bytes (ISO/IEC 13818-1, section 2.4.3.2), in the one layout of all reels:
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |   sync_byte   |E|S|P|           PID           |TSC|A|D|  CC   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * E: transport_error_indicator, S: payload_unit_start_indicator, P: transport_priority, TSC: transport_scrambling_control,
 * A and D: adaptation_field_control, for an adaptation field and for payload, CC: continuity_counter.
 *
 * The adaptation field, where A is set (section 2.4.3.4):
 *
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    length     |D|R|E|P|O|S|T|X|  program_clock_reference, if P
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * D: discontinuity_indicator, R: random_access_indicator, P: PCR_flag; the other flags are 0.
 */
import { PTS_MODULUS, wrap } from '../base/units.js';

export const TS_PACKET_LENGTH = 188;
export const TS_SYNC_BYTE = 0x47;
/** 7 × 188 = 1,316: as many as fit into 1,500 (Ethernet MTU) − 20 (IPv4) − 8 (UDP) − 12 (RTP). */
export const TS_PACKETS_PER_GROUP = 7;
export const TS_GROUP_LENGTH = TS_PACKETS_PER_GROUP * TS_PACKET_LENGTH;

/**
 * The PIDs of every station; equal, so that a demultiplexer notices no change of station. `further`: of the first elementary
 * stream beside pictures and main sound, where a station has some; the others follow.
 */
export const Pid = { pat: 0x0000, pmt: 0x1000, video: 0x0100, audio: 0x0101, further: 0x0110, null: 0x1fff } as const;

/** Elementary streams beside pictures and main sound: their descriptors fit into a PMT of one packet. */
export const MOST_FURTHER = 9;

export const StreamType = { h264: 0x1b, hevc: 0x24, aacAdts: 0x0f, privatePes: 0x06 } as const;

/** Ticks of 27 MHz per tick of 90 kHz. */
export const PCR_EXTENSION_MODULUS = 300;

export const pidOf = (packets: Uint8Array, offset: number): number =>
  ((packets[offset + 1]! & 0x1f) << 8) | packets[offset + 2]!;
export const startsPayloadUnit = (packets: Uint8Array, offset: number): boolean => (packets[offset + 1]! & 0x40) !== 0;
export const hasPayload = (packets: Uint8Array, offset: number): boolean => (packets[offset + 3]! & 0x10) !== 0;
export const hasAdaptationField = (packets: Uint8Array, offset: number): boolean => (packets[offset + 3]! & 0x20) !== 0;
export const continuityCounterOf = (packets: Buffer, offset: number): number => packets[offset + 3]! & 0x0f;

/** The adaptation field's flags; 0 without one. */
export const adaptationFlagsOf = (packets: Buffer, offset: number): number =>
  hasAdaptationField(packets, offset) && packets[offset + 4]! > 0 ? packets[offset + 5]! : 0;

export const AdaptationFlag = { discontinuity: 0x80, randomAccess: 0x40, pcr: 0x10 } as const;

/** Whether there are whole packets from `start` to `end` of the buffer, at least one: each begins with the sync byte. */
export function areWholePackets(buffer: Buffer, start: number, end: number): boolean {
  if (end <= start || (end - start) % TS_PACKET_LENGTH !== 0) return false;
  for (let at = start; at < end; at += TS_PACKET_LENGTH) if (buffer[at] !== TS_SYNC_BYTE) return false;
  return true;
}

/** Offset of the payload within the packet at `offset`; 188 where there is none. */
export function payloadStart(packets: Uint8Array, offset: number): number {
  if (!hasPayload(packets, offset)) return TS_PACKET_LENGTH;
  if (!hasAdaptationField(packets, offset)) return 4;
  return Math.min(TS_PACKET_LENGTH, 5 + packets[offset + 4]!);
}

/**
 * Whether a decoder can start with this RTP payload, which lies from `start` to `end` of the buffer: PAT, PMT and PCR,
 * then the start of a video access unit with random_access_indicator. Reels put every random access point at the
 * beginning of a payload.
 */
export function startsRandomAccess(buffer: Buffer, start = 0, end = buffer.length): boolean {
  if (end - start < 4 * TS_PACKET_LENGTH) return false;
  const video = start + 3 * TS_PACKET_LENGTH;
  return (
    pidOf(buffer, start) === Pid.pat &&
    pidOf(buffer, start + TS_PACKET_LENGTH) === Pid.pmt &&
    (adaptationFlagsOf(buffer, start + 2 * TS_PACKET_LENGTH) & AdaptationFlag.pcr) !== 0 &&
    pidOf(buffer, video) === Pid.video &&
    startsPayloadUnit(buffer, video) &&
    (adaptationFlagsOf(buffer, video) & AdaptationFlag.randomAccess) !== 0
  );
}

/**
 * Writes a 33-bit time stamp of a PES header (ISO/IEC 13818-1, section 2.4.3.6), by its bits:
 *
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |prefix |32-30|1|           29..15            |1|     14..7     |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    6..0     |1|
 *    +-+-+-+-+-+-+-+-+
 *
 * `prefix` is 0b0010 for a lone PTS, 0b0011 for a PTS before a DTS, 0b0001 for the DTS.
 */
export function writePesTime(out: Buffer, offset: number, prefix: number, time: number): void {
  const value = wrap(time, PTS_MODULUS);
  const top = Math.floor(value / 0x4000_0000); // 32..30: beyond the reach of 32-bit operators
  const low = value % 0x4000_0000; // 29..0
  out[offset] = (prefix << 4) | (top << 1) | 1;
  out[offset + 1] = (low >> 22) & 0xff;
  out[offset + 2] = ((low >> 14) & 0xfe) | 1;
  out[offset + 3] = (low >> 7) & 0xff;
  out[offset + 4] = ((low << 1) & 0xfe) | 1;
}

export function readPesTime(packets: Uint8Array, offset: number): number {
  const top = (packets[offset]! >> 1) & 0x07;
  const low =
    (packets[offset + 1]! << 22) |
    ((packets[offset + 2]! >> 1) << 15) |
    (packets[offset + 3]! << 7) |
    (packets[offset + 4]! >> 1);
  return top * 0x4000_0000 + low;
}

/**
 * Writes a program clock reference (ISO/IEC 13818-1, section 2.4.3.5), whose reserved bits are set:
 *
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |             program_clock_reference_base, 32..1               |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |0| reserved  |    extension    |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export function writePcr(out: Buffer, offset: number, base: number, extension: number): void {
  const value = wrap(base, PTS_MODULUS);
  out.writeUInt32BE(Math.floor(value / 2), offset);
  out[offset + 4] = ((value % 2) << 7) | 0x7e | (extension >> 8);
  out[offset + 5] = extension & 0xff;
}

export const readPcrBase = (packets: Buffer, offset: number): number =>
  packets.readUInt32BE(offset) * 2 + (packets[offset + 4]! >> 7);
export const readPcrExtension = (packets: Buffer, offset: number): number =>
  ((packets[offset + 4]! & 1) << 8) | packets[offset + 5]!;

/** Offset of a PES header within its TS packet, if one with a PTS starts there, else −1. */
export function timedPesStart(packets: Uint8Array, offset: number): number {
  if (!startsPayloadUnit(packets, offset) || !hasPayload(packets, offset)) return -1;
  const start = payloadStart(packets, offset);
  if (start + 14 > TS_PACKET_LENGTH) return -1;
  const at = offset + start;
  // packet_start_code_prefix; a PSI section cannot look like it: its third byte is 0xB0.
  if (packets[at] !== 0 || packets[at + 1] !== 0 || packets[at + 2] !== 1) return -1;
  return (packets[at + 7]! & 0x80) === 0 ? -1 : start;
}

/**
 * Adds `shift` ticks to every PCR, PTS and DTS in `count` TS packets at `offset`, in place. Putting a reel on the air
 * changes nothing else: continuity counters are right on disk.
 */
export function shiftTimes(packets: Buffer, offset: number, count: number, shift: number): void {
  const end = offset + count * TS_PACKET_LENGTH;
  for (let at = offset; at < end; at += TS_PACKET_LENGTH) {
    // Most packets neither start a payload unit nor have an adaptation field.
    if (((packets[at + 1]! & 0x40) | (packets[at + 3]! & 0x20)) === 0) continue;
    if (adaptationFlagsOf(packets, at) & AdaptationFlag.pcr) {
      writePcr(packets, at + 6, readPcrBase(packets, at + 6) + shift, readPcrExtension(packets, at + 6));
    }
    const pes = timedPesStart(packets, at);
    if (pes < 0) continue;
    const header = at + pes;
    // Of a damaged packet the DTS may lie behind its end.
    const both = (packets[header + 7]! & 0x40) !== 0 && pes + 19 <= TS_PACKET_LENGTH;
    writePesTime(packets, header + 9, both ? 0b0011 : 0b0010, readPesTime(packets, header + 9) + shift);
    if (both) writePesTime(packets, header + 14, 0b0001, readPesTime(packets, header + 14) + shift);
  }
}

/** Addends for the continuity counters of each PID, 0 to 15. */
export interface CounterShift {
  readonly pat: number;
  readonly pmt: number;
  readonly video: number;
  readonly audio: number;
  /** Of the further streams, in the order of their PIDs; absent where there are none. */
  readonly further?: readonly number[];
}

/** Adds to the continuity counters of `count` TS packets at `offset`, in place. */
export function shiftCounters(packets: Buffer, offset: number, count: number, shift: CounterShift): void {
  const end = offset + count * TS_PACKET_LENGTH;
  for (let at = offset; at < end; at += TS_PACKET_LENGTH) {
    const added = shiftOf(shift, pidOf(packets, at));
    if (added !== 0) packets[at + 3] = (packets[at + 3]! & 0xf0) | ((packets[at + 3]! + added) & 0x0f);
  }
}

function shiftOf(shift: CounterShift, pid: number): number {
  if (pid === Pid.video) return shift.video;
  if (pid === Pid.audio) return shift.audio;
  if (pid === Pid.pat) return shift.pat;
  if (pid === Pid.pmt) return shift.pmt;
  return shift.further?.[pid - Pid.further] ?? 0;
}
