/** Writes elementary streams as packetized elementary stream (PES) packets, and those as TS packets. */
import { AdaptationFlag, TS_PACKET_LENGTH, TS_SYNC_BYTE, writePesTime } from './ts.js';

const TS_PAYLOAD_LENGTH = TS_PACKET_LENGTH - 4;

/** adaptation_field_length and flags of the packet that begins a random access point. */
export const RANDOM_ACCESS_FIELD_LENGTH = 2;

export const PES_HEADER_LENGTH_PTS = 14;
export const PES_HEADER_LENGTH_PTS_DTS = 19;

/** `audio`: of the main sound; further tracks have the numbers behind it. */
export const StreamId = { video: 0xe0, audio: 0xc0, private1: 0xbd } as const;

/**
 * Writes a PES header (ISO/IEC 13818-1, section 2.4.3.6) at the start of `out`:
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |      packet_start_code_prefix = 0x000001      |   stream_id   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |       PES_packet_length       |1 0|SC |P|A|C|O|PTS| flags = 0 |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    | header length |  PTS, 40 bits, then DTS, 40 bits              :
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * SC: PES_scrambling_control, P: PES_priority, A: data_alignment_indicator, C: copyright, O: original_or_copy,
 * PTS: PTS_DTS_flags, header length: PES_header_data_length.
 *
 * `dts` null leaves it out. `length` counts the payload after the header; video has 0, "unspecified", which only video may
 * have. Returns the header's length.
 */
export function writePesHeader(out: Buffer, streamId: number, length: number, pts: number, dts: number | null): number {
  const timeLength = dts === null ? 5 : 10;
  const packetLength = streamId === StreamId.video ? 0 : 3 + timeLength + length;
  out[0] = 0;
  out[1] = 0;
  out[2] = 1;
  out[3] = streamId;
  out.writeUInt16BE(packetLength, 4); // PES_packet_length
  out[6] = 0x84; // data_alignment_indicator
  out[7] = dts === null ? 0x80 : 0xc0; // PTS_DTS_flags
  out[8] = timeLength; // PES_header_data_length
  writePesTime(out, 9, dts === null ? 0b0010 : 0b0011, pts);
  if (dts !== null) writePesTime(out, 14, 0b0001, dts);
  return 9 + timeLength;
}

/** Number of TS packets that a PES packet of `length` bytes (header included) fills. */
export const tsPacketsFor = (length: number, randomAccess: boolean): number =>
  Math.ceil((length + (randomAccess ? RANDOM_ACCESS_FIELD_LENGTH : 0)) / TS_PAYLOAD_LENGTH);

/**
 * Adds TS packets to PES packets of `lengths` bytes until their sum is a multiple of `multiple`, in place. Each TS
 * packet keeps at least one byte, the first the header. Throws a RangeError when there is too little to be spread.
 */
export function padPackets(packets: Uint32Array, lengths: (index: number) => number, multiple: number): void {
  let sum = 0;
  for (const count of packets) sum += count;
  let missing = (multiple - (sum % multiple)) % multiple;
  for (let i = 0; i < packets.length && missing > 0; i++) {
    const most = Math.max(0, lengths(i) - PES_HEADER_LENGTH_PTS_DTS) + 1;
    const added = Math.min(missing, Math.max(0, most - packets[i]!));
    packets[i]! += added;
    missing -= added;
  }
  if (missing > 0) throw new RangeError('too short to be a reel');
}

/** Cuts one PES packet into TS packets, one at a time. */
export class PesCutter {
  readonly #pid: number;
  #pes: Buffer = Buffer.alloc(0);
  #at = 0;
  #packetsLeft = 0;
  #randomAccess = false;
  #continuityCounter = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Remaining packets of the current PES packet. */
  get packetsLeft(): number {
    return this.#packetsLeft;
  }

  /** Continuity counter of the latest packet, which a packet without payload repeats. */
  get lastContinuityCounter(): number {
    return (this.#continuityCounter + 15) & 0x0f;
  }

  /**
   * Begins a PES packet. `packets` is `tsPacketsFor` its length or more: then its bytes are spread by stuffing in
   * adaptation fields. The bytes are read until the last packet has been written.
   */
  begin(pes: Buffer, packets: number, randomAccess: boolean): void {
    this.#pes = pes;
    this.#at = 0;
    this.#packetsLeft = packets;
    this.#randomAccess = randomAccess;
  }

  /** Writes the next TS packet at `offset`. */
  write(out: Buffer, offset: number): void {
    const first = this.#at === 0;
    const fieldNeeded = first && this.#randomAccess ? RANDOM_ACCESS_FIELD_LENGTH : 0;
    const left = this.#pes.length - this.#at;
    const capacity = TS_PAYLOAD_LENGTH - fieldNeeded;
    // The rest must fit this packet and the full ones after it; surplus packets share it.
    const spare = capacity + (this.#packetsLeft - 1) * TS_PAYLOAD_LENGTH - left;
    const take =
      spare >= TS_PAYLOAD_LENGTH ? Math.ceil(left / this.#packetsLeft) : this.#packetsLeft === 1 ? left : capacity;
    // The whole header lies in the first packet, where its times can be shifted.
    const taken = Math.min(first ? Math.max(take, Math.min(left, PES_HEADER_LENGTH_PTS_DTS)) : take, capacity);
    const field = TS_PAYLOAD_LENGTH - taken; // bytes of adaptation field, its length byte included
    out[offset] = TS_SYNC_BYTE;
    out[offset + 1] = (first ? 0x40 : 0) | (this.#pid >> 8);
    out[offset + 2] = this.#pid & 0xff;
    out[offset + 3] = (field > 0 ? 0x30 : 0x10) | this.#continuityCounter;
    if (field > 0) {
      out[offset + 4] = field - 1; // adaptation_field_length
      if (field > 1) {
        out[offset + 5] = fieldNeeded ? AdaptationFlag.randomAccess : 0;
        out.fill(0xff, offset + 6, offset + 4 + field); // stuffing_byte
      }
    }
    this.#pes.copy(out, offset + 4 + field, this.#at, this.#at + taken);
    this.#at += taken;
    this.#packetsLeft--;
    this.#continuityCounter = (this.#continuityCounter + 1) & 0x0f;
  }
}
