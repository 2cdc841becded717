/** Whether a picture of a transport stream is whole although counters jump: recordings were joined, and nothing is lost. */
import { closeSync, openSync, readSync } from 'node:fs';
import { systemPath } from '../../base/path-bytes.js';
import { AdaptationFlag, continuityCounterOf, hasAdaptationField, TS_PACKET_LENGTH } from '../../wire/ts.js';

/** From one packet to the next: plain, with the time stamps of M2TS before each, with parity behind each. */
const STEPS = [TS_PACKET_LENGTH, TS_PACKET_LENGTH + 4, TS_PACKET_LENGTH + 16];
const SYNC_BYTE = 0x47;
/** Bytes that are read at a time. */
const CHUNK = 1 << 20;
/** Most bytes that are read in all: two pictures of 100 Mbit/s with what lies between them. */
const MOST_BYTES = 16 << 20;

/** PCR and OPCR, 48 bits each (ISO/IEC 13818-1, 2.4.3.4). */
const CLOCK_LENGTH = 6;
const OPCR = 0x08;
/** splicing_point_flag, transport_private_data_flag, adaptation_field_extension_flag: of a field whose length is not looked for. */
const MORE_FIELDS = 0x07;

/**
 * Whether the pictures that begin in the packet at `position` and with the next PES packet are complete. FFmpeg reports a jump
 * of counters between two PES packets as damage to the first, and its parser reports that with the picture before. A PES packet
 * without a length ends where its last packet is filled up. False in other containers. Throws the system's errors.
 */
export function isWholeInTransport(source: string, position: bigint): boolean {
  if (position < 0n) return false;
  const file = openSync(systemPath(source), 'r');
  try {
    const pes = new PesPackets();
    const chunk = Buffer.allocUnsafe(CHUNK);
    let step = 0;
    let at = Number(position);
    for (const end = at + MOST_BYTES; at < end; ) {
      const length = readSync(file, chunk, 0, CHUNK, at);
      step ||= STEPS.find((each) => chunk[0] === SYNC_BYTE && chunk[each] === SYNC_BYTE) ?? 0;
      if (step === 0 || length < TS_PACKET_LENGTH) return step > 0;
      let offset = 0;
      for (; offset + TS_PACKET_LENGTH <= length; offset += step) {
        if (chunk[offset] !== SYNC_BYTE) return false;
        const found = pes.take(chunk, offset);
        if (found !== 'incomplete') return found === 'whole';
      }
      at += offset;
    }
    return false;
  } finally {
    closeSync(file);
  }
}

/** Two PES packets, packet by packet. */
class PesPackets {
  #pid = -1;
  #counter = 0;
  #starts = 0;
  #isFilledUp = false;

  take(packets: Buffer, at: number): 'whole' | 'damaged' | 'incomplete' {
    const flags = packets[at + 1]!;
    const pid = packets.readUInt16BE(at + 1) & 0x1fff;
    const hasPayload = (packets[at + 3]! & 0x10) !== 0;
    if (this.#pid === -1) this.#pid = pid;
    else if (pid !== this.#pid) return 'incomplete';
    // transport_error_indicator
    if (flags & 0x80) return 'damaged';
    if (!hasPayload) return 'incomplete';
    const counter = continuityCounterOf(packets, at);
    // payload_unit_start_indicator
    const isStart = (flags & 0x40) !== 0;
    const follows = this.#starts === 0 || counter === ((this.#counter + 1) & 0x0f);
    if (!follows && !(isStart && this.#isFilledUp)) return 'damaged';
    if (isStart && ++this.#starts > 2) return 'whole';
    if (this.#starts === 0) return 'damaged';
    this.#counter = counter;
    this.#isFilledUp = isFilledUp(packets, at);
    return 'incomplete';
  }
}

/** Whether the adaptation field has stuffing bytes. */
function isFilledUp(packets: Buffer, at: number): boolean {
  if (!hasAdaptationField(packets, at)) return false;
  const length = packets[at + 4]!;
  if (length === 0) return true;
  const flags = packets[at + 5]!;
  if (flags & MORE_FIELDS) return false;
  const clocks = Number((flags & AdaptationFlag.pcr) !== 0) + Number((flags & OPCR) !== 0);
  return length > 1 + clocks * CLOCK_LENGTH;
}
