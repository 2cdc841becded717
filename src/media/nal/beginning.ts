/** The beginning of a NAL unit, read without copying the rest. */
import { BitReader } from '../../wire/bit-reader.js';
import type { NalPlace } from '../../wire/nal-units.js';

/** Bytes that are read: more than any code needs that is looked for. */
const LENGTH = 24;

/** The beginning of a NAL unit behind its header; reused, since there are thousands a second. */
const beginning = new Uint8Array(LENGTH);

/**
 * Reads what `read` reads of the beginning of a NAL unit, behind its header of `header` bytes; null where it ends too early or holds
 * impossible codes.
 */
export function readBeginning<T>(
  { data, start, end }: NalPlace,
  header: number,
  read: (bits: BitReader) => T,
): T | null {
  beginning.fill(0);
  let zeros = 0;
  for (let at = start + header, out = 0; at < end && out < LENGTH; at++) {
    const byte = data[at]!;
    // emulation_prevention_three_byte
    if (zeros < 2 || byte !== 3) beginning[out++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  try {
    return read(new BitReader(beginning));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
