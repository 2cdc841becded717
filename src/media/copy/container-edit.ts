/** What only the container of a film knows, or nobody, for its sequence parameter sets to say. */
import { AVCOL_RANGE_JPEG, AVCOL_SPC_RGB, AVCOL_SPC_UNSPECIFIED } from 'node-av/constants';
import type { CodecParameters, Stream } from 'node-av/lib';
import type { DecoderConfiguration } from '../../wire/nal-units.js';
import type { SequenceEdit } from '../nal/sequence-edit.js';
import type { VideoSignal } from '../nal/usability.js';
import { completeColour, declaredColour } from '../pictures/colour.js';
import { containerCrop } from '../pictures/cropping.js';
import { isSameAspect, ratioOf } from '../ratio.js';
import type { PictureCodec } from './picture-codec.js';
import { Unfit } from './unfit.js';

/** Most that extended_sar of H.264 and H.265 can say. */
const LARGEST_PIXEL_SIDE = 65_535;

/**
 * The colour of all pictures, that which players assume where nothing is said of it. Said in any case: FFmpeg's decoder and
 * Chromium show pictures that say nothing in the colour of the item before them.
 */
function signalOf(codecpar: CodecParameters): VideoSignal {
  const declared = declaredColour(codecpar);
  // Pictures in 4:2:0 say RGB by mistake.
  if (declared.matrix === AVCOL_SPC_RGB) declared.matrix = AVCOL_SPC_UNSPECIFIED;
  const { matrix, primaries, transfer, range } = completeColour(declared, codecpar);
  return { isFull: range === AVCOL_RANGE_JPEG, matrix, primaries, transfer };
}

/**
 * What the parameter sets of `stream` have to say as well; null where they say it already. Throws Unfit where they cannot say
 * it.
 */
export function containerEdit(
  stream: Stream,
  { parameterSets }: DecoderConfiguration,
  codec: PictureCodec,
): SequenceEdit | null {
  const { codecpar } = stream;
  const sets = parameterSets.filter((set) => set.length > 0 && codec.isSequenceSet(set));
  const sequence = sets[0] && codec.readSequence(sets[0]);
  const signal = signalOf(codecpar);
  // Without a set, what else is known of the stream comes from its pictures.
  if (!sequence) return { crop: null, sampleAspectRatio: null, signal };
  const given = ratioOf(stream.sampleAspectRatio);
  const sampleAspectRatio = given && !isSameAspect(given, sequence.sampleAspectRatio) ? given : null;
  const edit: SequenceEdit = { crop: containerCrop(codecpar), sampleAspectRatio, signal };
  // What is the same in all of them is written as it is.
  if (sets.every((set) => codec.editSequence(set, edit) === set)) return null;
  if (sampleAspectRatio && Math.max(...sampleAspectRatio) > LARGEST_PIXEL_SIDE)
    throw new Unfit('a pixel shape that only the container knows');
  // Players with FFmpeg's decoder round cropping at the left down to what their processor reads at once.
  if (edit.crop?.left || sets.some((set) => codec.editSequence(set, edit) === null))
    throw new Unfit('cropping that only the container knows');
  return edit;
}
