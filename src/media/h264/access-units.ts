/** Access units of a source or an encoder, brought into the form that goes on air. */
import { AV_PKT_DATA_NEW_EXTRADATA } from 'node-av/constants';
import type { Packet } from 'node-av/lib';
import { hdrName } from '../pictures/colour.js';
import { type ByteSink, nowhere } from '../spool-file.js';
import { FrameNumbers } from './frame-numbers.js';
import {
  type DecoderConfiguration,
  NalList,
  NalType,
  nalTypeOf,
  parseExtradata,
  splitAnnexB,
  splitLengthPrefixed,
} from './h264-nal.js';
import { parseSequenceParameters, type SequenceParameters } from './h264-sps.js';
import { editSequenceParameters, type SequenceEdit } from './h264-sps-edit.js';
import { hasZeros, type NalPlace, parseSliceStart, sequenceOfPictureSet } from './slice-header.js';

const BASELINE = 66;

const startCode = Buffer.from([0, 0, 0, 1]);
/** ITU-T H.264, 7.3.2.4: primary_pic_type 7, any slice. */
const accessUnitDelimiter = Buffer.from([0, 0, 0, 1, 9, 0xf0]);

/** NAL units that are left out: delimiters (replaced by ours), filler, ends, and layers for scalable and 3D decoders. */
const isLeftOut = new Array<boolean>(32).fill(false);
for (const type of [
  NalType.accessUnitDelimiter,
  NalType.endOfSequence,
  NalType.endOfStream,
  NalType.filler,
  NalType.prefix,
  NalType.subsetSequenceParameters,
  NalType.sliceExtension,
]) {
  isLeftOut[type] = true;
}

/** ITU-T H.264, 7.3.1: nal_ref_idc is 0 in pictures that no other refers to. */
const NAL_REF_IDC = 0x60;

export type AccessUnitKind = 'idr' | 'other' | 'no picture' | 'damaged';

/**
 * Responsible for:
 * - the kind of each access unit
 * - parameter sets: those of the container and the stream, once before each IDR picture
 * - delimiters
 */
export class AccessUnits {
  /** The first sequence parameter set. */
  sequence: SequenceParameters | null = null;
  /** Whether a later one describes pictures of another kind. */
  sequenceChanged = false;
  /** Whether a picture is coded as two fields. */
  hasFields = false;
  #nalLengthSize = 0;
  readonly #edit: SequenceEdit | null;
  readonly #list = new NalList();
  /** The latest parameter sets of each type, by id. */
  readonly #sequenceSets = new Map<number, Buffer>();
  readonly #pictureSets = new Map<number, Buffer>();
  readonly #sequences = new Map<number, SequenceParameters>();
  readonly #sequenceOf = new Map<number, number>();
  readonly #numbers = new FrameNumbers();
  #data: Buffer = Buffer.alloc(0);
  #isIdr = false;
  #hasPicture = false;
  /** Whether the access unit last parsed is the first with a new configuration, which the stream itself does not hold. */
  #isReconfigured = false;
  #isReference = false;

  /** `edit`: what the sequence parameter sets have to say as well. */
  constructor(configuration: DecoderConfiguration, edit: SequenceEdit | null = null) {
    this.#edit = edit;
    this.#configure(configuration);
  }

  /** Parses a packet, with the configuration that may come with it, so that `write` writes it; it is used until the next call. */
  parsePacket(packet: Packet): AccessUnitKind {
    this.#list.clear();
    this.#isIdr = false;
    const extradata = packet.getSideData(AV_PKT_DATA_NEW_EXTRADATA);
    let isReconfigured = this.#isReconfigured && !this.#hasPicture;
    if (extradata !== null) {
      const configuration = parseExtradata(extradata);
      if (configuration === null) return 'damaged';
      this.#sequenceSets.clear();
      this.#pictureSets.clear();
      this.#configure(configuration);
      isReconfigured = true;
    }
    const { data } = packet;
    if (data === null) return 'damaged';
    const kind = this.parse(data);
    this.#isReconfigured = isReconfigured;
    return kind;
  }

  /** Parses an access unit, so that `write` writes it. `data` is used until the next call. */
  parse(data: Buffer): AccessUnitKind {
    const list = this.#list;
    const whole =
      this.#nalLengthSize === 0 ? splitAnnexB(data, list) : splitLengthPrefixed(data, this.#nalLengthSize, list);
    this.#data = data;
    this.#isIdr = false;
    this.#isReconfigured = false;
    this.#hasPicture = false;
    this.#isReference = false;
    if (!whole) return 'damaged';
    for (let i = 0; i < list.count; i++) {
      const start = list.starts[i]!;
      const header = data[start]!;
      const type = nalTypeOf(header);
      // forbidden_zero_bit
      if (header >= 0x80) return 'damaged';
      if (type === NalType.sequenceParameters || type === NalType.pictureParameters) {
        this.#keep(data.subarray(start, list.ends[i]));
      } else if (type >= NalType.slice && type <= NalType.idrSlice) {
        if (header & NAL_REF_IDC) this.#isReference = true;
        if (type === NalType.idrSlice) this.#isIdr = true;
        const end = list.ends[i]!;
        if (!this.#hasPicture && !this.#isWhole({ data, start, end })) return 'damaged';
        if (this.#nalLengthSize > 0 && hasZeros({ data, start, end })) return 'damaged';
        this.#hasPicture = true;
      }
    }
    if (!this.#hasPicture) return 'no picture';
    return this.#isIdr ? 'idr' : 'other';
  }

  /** Whether the access unit last parsed is an IDR picture, as far as it could be read. */
  get isRandomAccess(): boolean {
    return this.#isIdr;
  }

  /** Whether pictures decoded later may need the one last parsed. */
  get isReference(): boolean {
    return this.#isReference;
  }

  /** Whether an IDR picture can be decoded: there are parameter sets of both types. */
  get isDecodable(): boolean {
    return this.#sequenceSets.size > 0 && this.#pictureSets.size > 0;
  }

  /** Bytes that `write` writes of the access unit last parsed. */
  get size(): number {
    return this.write(nowhere);
  }

  /** A copy of what `write` writes; of a damaged access unit, as much as could be taken apart. */
  copy(): Buffer {
    const pieces: Buffer[] = [];
    this.write({ append: (piece, start, end) => pieces.push(piece.subarray(start, end)) });
    return Buffer.concat(pieces);
  }

  /** Appends the access unit last parsed; returns its bytes. */
  write(sink: ByteSink): number {
    let bytes = accessUnitDelimiter.length;
    sink.append(accessUnitDelimiter);
    if (this.#isIdr || this.#isReconfigured) {
      for (const set of this.#sequenceSets.values()) bytes += appendNal(sink, set, 0, set.length);
      for (const set of this.#pictureSets.values()) bytes += appendNal(sink, set, 0, set.length);
    }
    const { starts, ends, count } = this.#list;
    for (let i = 0; i < count; i++) {
      const start = starts[i]!;
      const type = nalTypeOf(this.#data[start]!);
      if (isLeftOut[type]) continue;
      if (this.#isIdr && (type === NalType.sequenceParameters || type === NalType.pictureParameters)) continue;
      if (type === NalType.sequenceParameters && this.#edit) {
        const set = this.#edited(this.#data.subarray(start, ends[i]));
        bytes += appendNal(sink, set, 0, set.length);
      } else {
        bytes += appendNal(sink, this.#data, start, ends[i]!);
      }
    }
    return bytes;
  }

  /** Whether the first slice of a picture is one, and no picture is missing before it: damage that is seen without decoding. */
  #isWhole(slice: NalPlace): boolean {
    if (!this.isDecodable) return true;
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
    const follows = this.#numbers.take({ number, modulus: 2 ** used.frameNumBits, isReference, isIdr: this.#isIdr });
    return follows || used.allowsFrameNumGaps;
  }

  #configure({ nalLengthSize, parameterSets }: DecoderConfiguration): void {
    this.#nalLengthSize = nalLengthSize;
    for (const set of parameterSets) this.#keep(set);
  }

  #edited(set: Buffer): Buffer {
    return (this.#edit && editSequenceParameters(set, this.#edit)) ?? set;
  }

  #keep(set: Buffer): void {
    const type = nalTypeOf(set[0] ?? 0);
    if (type === NalType.pictureParameters) {
      const id = pictureSetId(set);
      if (keepIfNew(this.#pictureSets, id, set))
        this.#sequenceOf.set(id, sequenceOfPictureSet({ data: set, start: 0, end: set.length }) ?? -1);
      return;
    }
    if (type !== NalType.sequenceParameters) return;
    const edited = this.#edited(set);
    const sequence = parseSequenceParameters(edited);
    if (sequence === null || !keepIfNew(this.#sequenceSets, sequence.id, edited)) return;
    if (edited === set && this.#edit && editSequenceParameters(set, this.#edit) === null) this.sequenceChanged = true;
    this.#sequences.set(sequence.id, sequence);
    if (this.sequence === null) this.sequence = sequence;
    else if (!isSameKind(this.sequence, sequence)) this.sequenceChanged = true;
  }
}

function keepIfNew(sets: Map<number, Buffer>, id: number, set: Buffer): boolean {
  if (sets.get(id)?.equals(set)) return false;
  // A copy, because the packet's memory is reused.
  sets.set(id, Buffer.from(set));
  return true;
}

/** pic_parameter_set_id, ue(v): at most 255, so within the first 17 bits. */
function pictureSetId(set: Buffer): number {
  const bits = (((set[1] ?? 0x80) << 16) | ((set[2] ?? 0) << 8) | (set[3] ?? 0)) >>> 0;
  const zeros = Math.clz32(bits) - 8;
  return zeros > 8 ? 0 : (bits >>> (23 - 2 * zeros)) - 1;
}

function isSameKind(a: SequenceParameters, b: SequenceParameters): boolean {
  return (
    a.profile === b.profile &&
    a.width === b.width &&
    a.height === b.height &&
    a.chromaFormat === b.chromaFormat &&
    a.bitDepth === b.bitDepth &&
    a.frameMbsOnly === b.frameMbsOnly &&
    a.isAdaptive === b.isAdaptive &&
    a.sampleAspectRatio.join() === b.sampleAspectRatio.join() &&
    isHdr(a) === isHdr(b)
  );
}

const isHdr = ({ signal }: SequenceParameters): boolean => signal !== null && hdrName(signal) !== null;

function appendNal(sink: ByteSink, data: Buffer, start: number, end: number): number {
  sink.append(startCode);
  sink.append(data, start, end);
  return startCode.length + end - start;
}
