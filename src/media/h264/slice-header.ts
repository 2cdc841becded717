/** The beginning of a slice, ITU-T H.264, 7.3.3, and the numbers by which a missing picture is noticed. */
import { BitReader } from './bit-reader.js';

/** Bytes that hold first_mb_in_slice, slice_type, pic_parameter_set_id and frame_num in any slice. */
const HEADER_LENGTH = 24;
const GREATEST_SLICE_TYPE = 9;

/** A NAL unit within `data`. */
export interface NalPlace {
  data: Uint8Array;
  start: number;
  end: number;
}

/** The beginning of a NAL unit behind its first byte; reused, since there are thousands a second. */
const beginning = new Uint8Array(HEADER_LENGTH);

/** Reads what `read` reads of the beginning of a NAL unit; null where it ends too early or holds impossible codes. */
function reading<T>({ data, start, end }: NalPlace, read: (bits: BitReader) => T): T | null {
  beginning.fill(0);
  let zeros = 0;
  for (let at = start + 1, out = 0; at < end && out < HEADER_LENGTH; at++) {
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

/** Bytes between two looks for zeros: disks and downloads leave out blocks of at least 512. */
const ZEROS_STRIDE = 256;

/**
 * Whether a NAL unit has a block of zeros within, as files have where a disk failed or a download is not complete. ITU-T
 * H.264, 7.4.1: no NAL unit holds three zero bytes in a row. Zeros at its end are padding.
 */
export function hasZeros({ data, start, end }: NalPlace): boolean {
  for (let at = start + ZEROS_STRIDE; at + 4 <= end; at += ZEROS_STRIDE) {
    if ((data[at]! | data[at + 1]! | data[at + 2]! | data[at + 3]!) !== 0) continue;
    let last = end - 1;
    while (last > at && data[last] === 0) last--;
    return last > at;
  }
  return false;
}

export interface SliceStart {
  /** first_mb_in_slice: 0 in a picture's first slice. */
  firstMacroblock: number;
  frameNumber: number;
  /** field_pic_flag, where frame_mbs_only_flag of the sequence is 0; else of no meaning. */
  isField: boolean;
}

/** Reads a slice NAL unit up to its frame_num, whose bits `bitsOf` a picture parameter set gives; null when it is damaged. */
export const parseSliceStart = (nal: NalPlace, bitsOf: (pictureSet: number) => number | null): SliceStart | null =>
  reading(nal, (bits) => {
    const firstMacroblock = bits.unsigned();
    const type = bits.unsigned();
    const frameNumBits = bitsOf(bits.unsigned());
    if (type > GREATEST_SLICE_TYPE || frameNumBits === null) return null;
    return { firstMacroblock, frameNumber: bits.read(frameNumBits), isField: bits.flag() };
  });

/** The SPS that a picture parameter set refers to, ITU-T H.264, 7.3.2.2; null when it is damaged. */
export const sequenceOfPictureSet = (nal: NalPlace): number | null =>
  reading(nal, (bits) => {
    bits.unsigned(); // pic_parameter_set_id
    return bits.unsigned();
  });
