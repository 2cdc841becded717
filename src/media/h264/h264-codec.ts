/** H.264 as copying and encoding see it. */
import { AV_CODEC_ID_H264 } from 'node-av/constants';
import type { NalPlace } from '../../wire/nal-units.js';
import type { NalRole, ParameterSet, PictureCodec, PictureReader, Sequence } from '../copy/picture-codec.js';
import { hdrName } from '../pictures/colour.js';
import { FrameNumbers } from './frame-numbers.js';
import { isWithinLevel } from './h264-level.js';
import { NalType, nalTypeOf, parseExtradata } from './h264-nal.js';
import { editSequenceParameters, parseSequenceParameters, type SequenceParameters } from './h264-sps.js';
import { parseSliceStart, pictureSetIds } from './slice-header.js';

const BASELINE = 66;
const MAIN = 77;
const HIGH = 100;

/** ITU-T H.264, 7.3.2.4: primary_pic_type 7, any slice. */
const delimiter = Buffer.from([0, 0, 0, 1, NalType.accessUnitDelimiter, 0xf0]);

/** ITU-T H.264, 7.3.1: nal_ref_idc is 0 in pictures that no other refers to. */
const NAL_REF_IDC = 0x60;

/** By nal_unit_type. Left out are delimiters (ours replace them), filler, ends, and layers for scalable and 3D decoders. */
const roles = new Array<NalRole>(32).fill('other');
for (const type of [
  NalType.accessUnitDelimiter,
  NalType.endOfSequence,
  NalType.endOfStream,
  NalType.filler,
  NalType.prefix,
  NalType.subsetSequenceParameters,
  NalType.sliceExtension,
]) {
  roles[type] = 'left out';
}
for (let type: number = NalType.slice; type < NalType.idrSlice; type++) roles[type] = 'slice';
roles[NalType.idrSlice] = 'random access';
roles[NalType.sequenceParameters] = 'parameters';
roles[NalType.pictureParameters] = 'parameters';

const SEQUENCE = 0;
const PICTURE = 1;

interface H264Set extends ParameterSet {
  sequence: SequenceParameters | null;
  /** The sequence parameter set that a picture parameter set refers to. */
  refersTo: number;
}

/** Responsible for parameter sets by id, and the numbers of pictures. */
class H264Reader implements PictureReader {
  hasFields = false;
  readonly #sequences = new Map<number, SequenceParameters>();
  readonly #sequenceOf = new Map<number, number>();
  readonly #numbers = new FrameNumbers();

  readSet(set: Buffer): H264Set | null {
    if (nalTypeOf(set[0]!) === NalType.pictureParameters) {
      const ids = pictureSetIds({ data: set, start: 0, end: set.length });
      return { kind: PICTURE, id: ids?.id ?? 0, sequence: null, refersTo: ids?.sequence ?? -1 };
    }
    const sequence = parseSequenceParameters(set);
    return sequence && { kind: SEQUENCE, id: sequence.id, sequence, refersTo: -1 };
  }

  useSet({ id, sequence, refersTo }: H264Set): void {
    if (sequence) this.#sequences.set(id, sequence);
    else this.#sequenceOf.set(id, refersTo);
  }

  isReference(data: Buffer, start: number): boolean {
    return (data[start]! & NAL_REF_IDC) !== 0;
  }

  isWhole(slice: NalPlace, isRandomAccess: boolean): boolean {
    let sequence: SequenceParameters | undefined;
    const start = parseSliceStart(slice, (pictureSet) => {
      sequence = this.#sequences.get(this.#sequenceOf.get(pictureSet) ?? -1);
      return sequence?.frameNumBits ?? null;
    });
    // TypeScript does not see the assignment in the callback.
    const used = sequence as SequenceParameters | undefined;
    if (start === null || used === undefined) return false;
    if (start.isField && !used.frameMbsOnly) this.hasFields = true;
    // Baseline has slices in any order.
    if (start.firstMacroblock !== 0 && used.profile !== BASELINE) return false;
    const isReference = (slice.data[slice.start]! & NAL_REF_IDC) !== 0;
    const { frameNumber: number } = start;
    const follows = this.#numbers.take({
      ...{ number, modulus: 2 ** used.frameNumBits, isReference },
      isIdr: isRandomAccess,
    });
    return follows || used.allowsFrameNumGaps;
  }
}

function unfit({ bitDepth, chromaFormat, profile, signal, fields }: Sequence): string | null {
  if (bitDepth !== 8) return `${bitDepth}-bit pictures`;
  if (chromaFormat !== 1) return 'colour that is not 4:2:0';
  if (![BASELINE, MAIN, HIGH].includes(profile)) return 'an H.264 profile that few players decode';
  if (signal && hdrName(signal)) return 'HDR pictures';
  return fields === 'mixed' ? 'interlaced pictures' : null;
}

export const h264: PictureCodec = {
  format: 'h264',
  title: 'H.264',
  codecId: AV_CODEC_ID_H264,
  delimiter,
  countsPictures: true,
  setKinds: 2,
  parseExtradata,
  roleOf: (data, start) => roles[nalTypeOf(data[start]!)]!,
  leadingOf: () => 'no',
  beginsSequence: () => true,
  allowsSkipped: () => false,
  beginningHeader: null,
  isSequenceSet: (set) => nalTypeOf(set[0]!) === NalType.sequenceParameters,
  readSequence: parseSequenceParameters,
  editSequence: editSequenceParameters,
  openReader: () => new H264Reader(),
  unfit,
  isWithinLevel,
};
