/** H.265 as copying and encoding see it. */
import { AV_CODEC_ID_HEVC } from 'node-av/constants';
import type { NalPlace } from '../../wire/nal-units.js';
import type { Leading, NalRole, ParameterSet, PictureCodec, PictureReader, Sequence } from '../copy/picture-codec.js';
import { readBeginning } from '../nal/beginning.js';
import { hdrName } from '../pictures/colour.js';
import { isWithinLevel, LEVEL_5_2 } from './hevc-level.js';
import { isBaseLayer, NAL_HEADER, NalType, nalTypeOf, parseExtradata } from './hevc-nal.js';
import { editSequenceParameters, parseSequenceParameters, type SequenceParameters } from './hevc-sps.js';

const MAIN = 1;
const MAIN_10 = 2;

/** ITU-T H.265, 7.3.2.5: pic_type 2, any slice. */
const delimiter = Buffer.from([0, 0, 0, 1, NalType.accessUnitDelimiter << 1, 1, 0x50]);

/**
 * What makes a CRA picture the beginning of a sequence, ITU-T H.265, 3.14: a BLA picture has the same syntax. Its leading pictures that
 * cannot be decoded are left out.
 */
const beginningHeader = Buffer.from([NalType.blaWithRadl << 1, 1]);

/**
 * By nal_unit_type. Left out are delimiters (ours replace them), filler and what the standard does not know, such as the
 * metadata of Dolby Vision.
 */
const roles = new Array<NalRole>(64).fill('left out');
for (let type = 0; type <= NalType.raslR; type++) roles[type] = 'slice';
for (let type: number = NalType.blaWithLeading; type <= NalType.cra; type++) roles[type] = 'random access';
for (const type of [NalType.videoParameters, NalType.sequenceParameters, NalType.pictureParameters]) {
  roles[type] = 'parameters';
}
roles[NalType.endOfSequence] = 'end';
roles[NalType.endOfBitstream] = 'end';
for (const type of [NalType.prefixSei, NalType.suffixSei]) roles[type] = 'other';

const VIDEO = 0;
const SEQUENCE = 1;
const PICTURE = 2;

interface HevcSet extends ParameterSet {
  sequence: SequenceParameters | null;
}

/** pps_pic_parameter_set_id, 7.3.2.3. */
const readPictureSetId = (nal: NalPlace): number | null => readBeginning(nal, NAL_HEADER, (bits) => bits.unsigned());

/** Responsible for the parameter sets that pictures refer to. */
class HevcReader implements PictureReader {
  readonly #pictureSets = new Set<number>();
  #hasFields = false;
  #hasSubLayers = false;

  get hasFields(): boolean {
    return this.#hasFields;
  }

  readSet(set: Buffer): HevcSet | null {
    switch (nalTypeOf(set[0]!)) {
      case NalType.videoParameters:
        // vps_video_parameter_set_id
        return set.length > NAL_HEADER ? { kind: VIDEO, id: set[NAL_HEADER]! >> 4, sequence: null } : null;
      case NalType.sequenceParameters: {
        const sequence = parseSequenceParameters(set);
        return sequence && { kind: SEQUENCE, id: sequence.id, sequence };
      }
      default: {
        const id = readPictureSetId({ data: set, start: 0, end: set.length });
        return id === null ? null : { kind: PICTURE, id, sequence: null };
      }
    }
  }

  useSet({ kind, id, sequence }: HevcSet): void {
    if (kind === PICTURE) this.#pictureSets.add(id);
    if (sequence === null) return;
    if (sequence.fields !== 'none') this.#hasFields = true;
    if (sequence.subLayers > 1) this.#hasSubLayers = true;
  }

  /** Of a lower sub-layer any picture may be needed by those of higher ones. */
  isReference(data: Buffer, start: number): boolean {
    const type = nalTypeOf(data[start]!);
    return type > NalType.lastNonIrap || type % 2 === 1 || this.#hasSubLayers;
  }

  /** slice_segment_header, 7.3.6.1. */
  isWhole(slice: NalPlace, isRandomAccess: boolean): boolean {
    const pictureSet = readBeginning(slice, NAL_HEADER, (bits) => {
      if (!bits.flag()) return -1; // first_slice_segment_in_pic_flag
      if (isRandomAccess) bits.flag(); // no_output_of_prior_pics_flag
      return bits.unsigned(); // slice_pic_parameter_set_id
    });
    return pictureSet !== null && this.#pictureSets.has(pictureSet);
  }
}

const isIdr = (type: number): boolean => type === NalType.idrWithLeading || type === NalType.idrWithoutLeading;

function leadingOf(type: number): Leading {
  if (type === NalType.raslN || type === NalType.raslR) return 'skipped';
  return type === NalType.radlN || type === NalType.radlR ? 'decodable' : 'no';
}

function unfit({ bitDepth, chromaFormat, profile, signal, level }: Sequence): string | null {
  if (bitDepth !== 8 && bitDepth !== 10) return `${bitDepth}-bit pictures`;
  if (chromaFormat !== 1) return 'colour that is not 4:2:0';
  if (profile !== MAIN && profile !== MAIN_10) return 'an H.265 profile that few players decode';
  if (signal && hdrName(signal)) return 'HDR pictures';
  return level > LEVEL_5_2 ? 'a level beyond 5.2, which few players decode' : null;
}

export const hevc: PictureCodec = {
  format: 'hevc',
  title: 'H.265',
  codecId: AV_CODEC_ID_HEVC,
  delimiter,
  countsPictures: false,
  beginningHeader,
  setKinds: 3,
  parseExtradata,
  roleOf: (data, start) => (isBaseLayer(data, start) ? roles[nalTypeOf(data[start]!)]! : 'left out'),
  leadingOf: (data, start) => leadingOf(nalTypeOf(data[start]!)),
  allowsSkipped: (data, start) => !isIdr(nalTypeOf(data[start]!)),
  beginsSequence: (data, start) => nalTypeOf(data[start]!) !== NalType.cra,
  isSequenceSet: (set) => nalTypeOf(set[0]!) === NalType.sequenceParameters && isBaseLayer(set, 0),
  readSequence: parseSequenceParameters,
  editSequence: editSequenceParameters,
  openReader: () => new HevcReader(),
  unfit,
  isWithinLevel,
};
