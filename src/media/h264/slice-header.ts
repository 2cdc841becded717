/** The beginning of a slice, ITU-T H.264, 7.3.3, and the numbers by which a missing picture is noticed. */
import { BitReader } from './bit-reader.js';
import { withoutEmulationPrevention } from './h264-sps.js';

/** Bytes that hold first_mb_in_slice, slice_type, pic_parameter_set_id and frame_num in any slice. */
const HEADER_LENGTH = 24;
const GREATEST_SLICE_TYPE = 9;

/** Reads what `read` reads of the beginning of a NAL unit; null where it ends too early or holds impossible codes. */
function reading<T>(nal: Uint8Array, read: (bits: BitReader) => T): T | null {
  try {
    return read(new BitReader(withoutEmulationPrevention(nal.subarray(1, HEADER_LENGTH))));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

export interface SliceStart {
  /** first_mb_in_slice: 0 in a picture's first slice. */
  firstMacroblock: number;
  frameNumber: number;
}

/** Reads a slice NAL unit up to its frame_num, whose bits `bitsOf` a picture parameter set gives; null when it is damaged. */
export const parseSliceStart = (nal: Uint8Array, bitsOf: (pictureSet: number) => number | null): SliceStart | null =>
  reading(nal, (bits) => {
    const firstMacroblock = bits.unsigned();
    const type = bits.unsigned();
    const frameNumBits = bitsOf(bits.unsigned());
    if (type > GREATEST_SLICE_TYPE || frameNumBits === null) return null;
    return { firstMacroblock, frameNumber: bits.read(frameNumBits) };
  });

/** The SPS that a picture parameter set refers to, ITU-T H.264, 7.3.2.2; null when it is damaged. */
export const sequenceOfPictureSet = (nal: Uint8Array): number | null =>
  reading(nal, (bits) => {
    bits.unsigned(); // pic_parameter_set_id
    return bits.unsigned();
  });
