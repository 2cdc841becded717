/** What only the container of a film knows, for its sequence parameter sets to say. */
import { AVCOL_RANGE_JPEG } from 'node-av/constants';
import type { Stream } from 'node-av/lib';
import { declaredColour } from '../pictures/colour.js';
import { containerCrop } from '../pictures/cropping.js';
import { isSameAspect, ratioOf } from '../ratio.js';
import { type DecoderConfiguration, NalType, nalTypeOf } from './h264-nal.js';
import { parseSequenceParameters } from './h264-sps.js';
import { editSequenceParameters, type SequenceEdit } from './h264-sps-edit.js';
import { Unfit } from './unfit.js';

/** Most that extended_sar of H.264 can say. */
const LARGEST_PIXEL_SIDE = 65_535;

/**
 * What only the container of `stream` knows, for its parameter sets to say; null where there is nothing. Throws Unfit where
 * they cannot say it.
 */
export function containerEdit(stream: Stream, { parameterSets }: DecoderConfiguration): SequenceEdit | null {
  const { codecpar } = stream;
  const sets = parameterSets.filter((set) => nalTypeOf(set[0] ?? 0) === NalType.sequenceParameters);
  const sequence = sets[0] && parseSequenceParameters(sets[0]);
  // Without a set, what is known of the stream comes from its pictures.
  if (!sequence) return null;
  const given = ratioOf(stream.sampleAspectRatio);
  const sampleAspectRatio = given && !isSameAspect(given, sequence.sampleAspectRatio) ? given : null;
  const { matrix, primaries, transfer, range } = declaredColour(codecpar);
  const edit: SequenceEdit = {
    crop: containerCrop(codecpar),
    sampleAspectRatio,
    signal: { isFull: range === AVCOL_RANGE_JPEG, matrix, primaries, transfer },
  };
  // What is the same in all of them is written as it is.
  if (sets.every((set) => editSequenceParameters(set, edit) === set)) return null;
  if (sampleAspectRatio && Math.max(...sampleAspectRatio) > LARGEST_PIXEL_SIDE)
    throw new Unfit('a pixel shape that only the container knows');
  // Players with FFmpeg's decoder round cropping at the left down to what their processor reads at once.
  if (edit.crop?.left || sets.some((set) => editSequenceParameters(set, edit) === null))
    throw new Unfit('cropping that only the container knows');
  return edit;
}
