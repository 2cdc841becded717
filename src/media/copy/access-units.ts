/** Access units of a source or an encoder, brought into the form that goes on air. */
import { AV_PKT_DATA_NEW_EXTRADATA } from 'node-av/constants';
import type { Packet } from 'node-av/lib';
import {
  type DecoderConfiguration,
  hasZeros,
  NalList,
  splitAnnexB,
  splitLengthPrefixed,
} from '../../wire/nal-units.js';
import type { SequenceEdit } from '../nal/sequence-edit.js';
import { hdrName } from '../pictures/colour.js';
import { type ByteSink, nowhere } from '../spool-file.js';
import type { Leading, PictureCodec, PictureReader, Sequence } from './picture-codec.js';

const startCode = Buffer.from([0, 0, 0, 1]);

export type AccessUnitKind = 'random access' | 'other' | 'no picture' | 'damaged';

/**
 * Responsible for:
 * - the kind of each access unit
 * - parameter sets: those of the container and the stream, once before each random access point
 * - delimiters
 */
export class AccessUnits {
  /** The first sequence parameter set. */
  sequence: Sequence | null = null;
  /** Whether a later one describes pictures of another kind. */
  sequenceChanged = false;
  readonly #codec: PictureCodec;
  readonly #reader: PictureReader;
  #nalLengthSize = 0;
  readonly #edit: SequenceEdit | null;
  readonly #list = new NalList();
  /** The latest parameter sets of each kind, by id. */
  readonly #sets: readonly Map<number, Buffer>[];
  #data: Buffer = Buffer.alloc(0);
  #isRandomAccess = false;
  #hasPicture = false;
  /** Whether the access unit last parsed is the first with a new configuration, which the stream itself does not hold. */
  #isReconfigured = false;
  #isReference = false;
  #leading: Leading = 'no';
  /** Whether the sequence of the pictures has ended, so that the next random access point begins another. */
  #hasEnded = false;
  /** Whether the access unit last parsed is written as the beginning of a sequence. */
  #isBeginning = false;
  /** Whether the last random access point began a sequence. */
  #beganSequence = false;
  /** Whether the last random access point may have leading pictures that need some of before it. */
  #allowsSkipped = true;

  /** `edit`: what the sequence parameter sets have to say as well. */
  constructor(codec: PictureCodec, configuration: DecoderConfiguration, edit: SequenceEdit | null = null) {
    this.#codec = codec;
    this.#reader = codec.openReader();
    this.#sets = Array.from({ length: codec.setKinds }, () => new Map<number, Buffer>());
    this.#edit = edit;
    this.#configure(configuration);
  }

  /** Of an encoder, by its extradata. */
  static ofEncoder(codec: PictureCodec, extradata: Buffer | null): AccessUnits {
    return new AccessUnits(codec, codec.parseExtradata(extradata) ?? { nalLengthSize: 0, parameterSets: [] });
  }

  /** Parses a packet, with the configuration that may come with it, so that `write` writes it; it is used until the next call. */
  parsePacket(packet: Packet): AccessUnitKind {
    this.#list.clear();
    this.#isRandomAccess = false;
    const extradata = packet.getSideData(AV_PKT_DATA_NEW_EXTRADATA);
    let isReconfigured = this.#isReconfigured && !this.#hasPicture;
    if (extradata !== null) {
      const configuration = this.#codec.parseExtradata(extradata);
      if (configuration === null) return 'damaged';
      for (const sets of this.#sets) sets.clear();
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
    const codec = this.#codec;
    const whole =
      this.#nalLengthSize === 0 ? splitAnnexB(data, list) : splitLengthPrefixed(data, this.#nalLengthSize, list);
    this.#data = data;
    this.#isRandomAccess = false;
    this.#isReconfigured = false;
    this.#hasPicture = false;
    this.#isReference = false;
    this.#leading = 'no';
    this.#isBeginning = false;
    if (!whole) return 'damaged';
    for (let i = 0; i < list.count; i++) {
      const start = list.starts[i]!;
      // forbidden_zero_bit
      if (data[start]! >= 0x80) return 'damaged';
      const role = codec.roleOf(data, start);
      if (role === 'end') {
        this.#hasEnded = true;
      } else if (role === 'parameters') {
        this.#keep(data.subarray(start, list.ends[i]));
      } else if (role === 'slice' || role === 'random access') {
        if (this.#reader.isReference(data, start)) this.#isReference = true;
        if (role === 'random access') this.#isRandomAccess = true;
        const nal = { data, start, end: list.ends[i]! };
        if (!this.#hasPicture) {
          if (this.#isRandomAccess) this.#beginGroup(start);
          this.#leading = codec.leadingOf(data, start);
          if (this.#leading === 'skipped' && !this.#allowsSkipped) {
            // The random access point that it follows is lost.
            this.#leading = 'no';
            return 'damaged';
          }
          if (this.isDecodable && !this.#reader.isWhole(nal, this.#isRandomAccess)) return 'damaged';
        }
        if (this.#nalLengthSize > 0 && hasZeros(nal)) return 'damaged';
        this.#hasPicture = true;
      }
    }
    if (!this.#hasPicture) return 'no picture';
    return this.#isRandomAccess ? 'random access' : 'other';
  }

  /** Whether the access unit last parsed is a random access point, as far as it could be read. */
  get isRandomAccess(): boolean {
    return this.#isRandomAccess;
  }

  /** Whether pictures decoded later may need the one last parsed. */
  get isReference(): boolean {
    return this.#isReference;
  }

  /** Whether the picture last parsed is shown before the random access point that it follows. */
  get leading(): Leading {
    return this.#leading;
  }

  /** Whether no decoder shows the picture last parsed: it needs others that are of the sequence before. */
  get isNeverShown(): boolean {
    return this.#leading === 'skipped' && this.#beganSequence;
  }

  /** Whether a picture was coded as two fields. */
  get hasFields(): boolean {
    return this.#reader.hasFields;
  }

  /** Whether a random access point can be decoded: there are parameter sets of all kinds. */
  get isDecodable(): boolean {
    for (const sets of this.#sets) if (sets.size === 0) return false;
    return true;
  }

  /**
   * Has `write` write the random access point last parsed as the beginning of a sequence, unless it is one: nothing before it is
   * needed any more, and its leading pictures that need it must be left out.
   */
  beginSequence(): void {
    if (this.#isRandomAccess && !this.#beganSequence) this.#isBeginning = true;
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
    const codec = this.#codec;
    let bytes = codec.delimiter.length;
    sink.append(codec.delimiter);
    if (this.#isRandomAccess || this.#isReconfigured) {
      for (const sets of this.#sets) for (const set of sets.values()) bytes += appendNal(sink, set, 0, set.length);
    }
    const header = this.#isBeginning ? codec.beginningHeader : null;
    const { starts, ends, count } = this.#list;
    for (let i = 0; i < count; i++) {
      const start = starts[i]!;
      const role = codec.roleOf(this.#data, start);
      if (role === 'left out' || role === 'end') continue;
      if (this.#isRandomAccess && role === 'parameters') continue;
      if (role === 'parameters' && this.#edit) {
        const set = this.#edited(this.#data.subarray(start, ends[i]));
        bytes += appendNal(sink, set, 0, set.length);
      } else if (header && role === 'random access') {
        bytes += appendNal(sink, this.#data, start + header.length, ends[i]!, header);
      } else {
        bytes += appendNal(sink, this.#data, start, ends[i]!);
      }
    }
    return bytes;
  }

  #beginGroup(start: number): void {
    this.#beganSequence = this.#hasEnded || this.#codec.beginsSequence(this.#data, start);
    this.#allowsSkipped = this.#codec.allowsSkipped(this.#data, start);
    this.#isBeginning = this.#hasEnded;
    this.#hasEnded = false;
  }

  #configure({ nalLengthSize, parameterSets }: DecoderConfiguration): void {
    this.#nalLengthSize = nalLengthSize;
    for (const set of parameterSets) {
      if (set.length > 0 && this.#codec.roleOf(set, 0) === 'parameters') this.#keep(set);
    }
  }

  #edited(set: Buffer): Buffer {
    if (this.#edit === null || !this.#codec.isSequenceSet(set)) return set;
    return this.#codec.editSequence(set, this.#edit) ?? set;
  }

  #keep(set: Buffer): void {
    const edited = this.#edited(set);
    const read = this.#reader.readSet(edited);
    if (read === null) return;
    const sets = this.#sets[read.kind]!;
    if (sets.get(read.id)?.equals(edited)) return;
    // A copy, because the packet's memory is reused.
    sets.set(read.id, Buffer.from(edited));
    this.#reader.useSet(read);
    const { sequence } = read;
    if (sequence === null) return;
    if (edited === set && this.#edit && this.#codec.editSequence(set, this.#edit) === null) this.sequenceChanged = true;
    if (this.sequence === null) this.sequence = sequence;
    else if (!isSameKind(this.sequence, sequence)) this.sequenceChanged = true;
  }
}

function isSameKind(a: Sequence, b: Sequence): boolean {
  return (
    a.profile === b.profile &&
    a.width === b.width &&
    a.height === b.height &&
    a.chromaFormat === b.chromaFormat &&
    a.bitDepth === b.bitDepth &&
    a.fields === b.fields &&
    a.sampleAspectRatio.join() === b.sampleAspectRatio.join() &&
    isHdr(a) === isHdr(b)
  );
}

const isHdr = ({ signal }: Sequence): boolean => signal !== null && hdrName(signal) !== null;

function appendNal(sink: ByteSink, data: Buffer, start: number, end: number, header: Buffer | null = null): number {
  sink.append(startCode);
  if (header) sink.append(header);
  sink.append(data, start, end);
  return startCode.length + (header?.length ?? 0) + end - start;
}
