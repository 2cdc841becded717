/** The number of an IDR picture, by which it is distinguished from another one next to it. */

import { NalList, splitAnnexB } from '../../wire/nal-units.js';
import { readBeginning } from '../nal/beginning.js';
import { NalType, nalTypeOf } from './h264-nal.js';
import { parseSequenceParameters, type SequenceParameters } from './h264-sps.js';
import { pictureSetIds } from './slice-header.js';

/** Bytes of a NAL unit's header. */
const HEADER = 1;

/**
 * idr_pic_id (ITU-T H.264, 7.3.3) of an access unit as it goes on the air, in Annex B form with its parameter sets; null where it is no
 * IDR picture or cannot be read. Two IDR pictures in a row have to have different ones (7.4.3).
 */
export function idrPictureId(unit: Buffer): number | null {
  const list = new NalList();
  splitAnnexB(unit, list);
  const sequences = new Map<number, SequenceParameters>();
  const sequenceOf = new Map<number, number>();
  for (let i = 0; i < list.count; i++) {
    const nal = { data: unit, start: list.starts[i]!, end: list.ends[i]! };
    const type = nalTypeOf(unit[nal.start]!);
    if (type === NalType.sequenceParameters) {
      const sequence = parseSequenceParameters(unit.subarray(nal.start, nal.end));
      if (sequence) sequences.set(sequence.id, sequence);
    } else if (type === NalType.pictureParameters) {
      const ids = pictureSetIds(nal);
      if (ids) sequenceOf.set(ids.id, ids.sequence);
    } else if (type === NalType.idrSlice) {
      return readBeginning(nal, HEADER, (bits) => {
        bits.unsigned(); // first_mb_in_slice
        bits.unsigned(); // slice_type
        const sequence = sequences.get(sequenceOf.get(bits.unsigned()) ?? -1);
        if (sequence === undefined) return null;
        bits.read(sequence.frameNumBits); // frame_num
        // field_pic_flag, bottom_field_flag
        if (!sequence.frameMbsOnly && bits.flag()) bits.flag();
        return bits.unsigned();
      });
    }
  }
  return null;
}
