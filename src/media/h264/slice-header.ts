/** The beginning of a slice, ITU-T H.264, 7.3.3, and the numbers by which a missing picture is noticed. */

import type { NalPlace } from '../../wire/nal-units.js';
import { readBeginning } from '../nal/beginning.js';

/** Bytes of a NAL unit's header. */
const HEADER = 1;
const GREATEST_SLICE_TYPE = 9;

export interface SliceStart {
  /** first_mb_in_slice: 0 in a picture's first slice. */
  firstMacroblock: number;
  frameNumber: number;
  /** field_pic_flag, where frame_mbs_only_flag of the sequence is 0; else of no meaning. */
  isField: boolean;
}

/** Reads a slice NAL unit up to its frame_num, whose bits `bitsOf` a picture parameter set gives; null when it is damaged. */
export const parseSliceStart = (nal: NalPlace, bitsOf: (pictureSet: number) => number | null): SliceStart | null =>
  readBeginning(nal, HEADER, (bits) => {
    const firstMacroblock = bits.unsigned();
    const type = bits.unsigned();
    const frameNumBits = bitsOf(bits.unsigned());
    if (type > GREATEST_SLICE_TYPE || frameNumBits === null) return null;
    return { firstMacroblock, frameNumber: bits.read(frameNumBits), isField: bits.flag() };
  });

/**
 * The id of a picture parameter set, and that of the sequence parameter set that it refers to, ITU-T H.264, 7.3.2.2; null when it is
 * damaged.
 */
export const pictureSetIds = (nal: NalPlace): { id: number; sequence: number } | null =>
  readBeginning(nal, HEADER, (bits) => ({ id: bits.unsigned(), sequence: bits.unsigned() }));
