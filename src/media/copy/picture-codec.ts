/**
 * What copying and encoding have to know of a codec of pictures. H.264 and H.265 have the same structure: access units of NAL
 * units, parameter sets with ids, and pictures at which a decoder can begin.
 */
import type { AVCodecID } from 'node-av/constants';
import type { DecoderConfiguration, NalPlace } from '../../wire/nal-units.js';
import type { TransportFormat } from '../../wire/station-format.js';
import type { SequenceEdit } from '../nal/sequence-edit.js';
import type { VideoSignal } from '../nal/usability.js';
import type { Ratio } from '../settings.js';

/** Properties of pictures, from their sequence parameter set. */
export interface Sequence {
  /** e.g. "H.264 High 4.0" */
  name: string;
  /** RFC 6381, e.g. "avc1.640028" */
  codecString: string;
  /** profile_idc */
  profile: number;
  /** level_idc */
  level: number;
  /** 1 is 4:2:0. */
  chromaFormat: number;
  bitDepth: number;
  /** Whether pictures may be coded as two fields, apart or with both in one picture. */
  fields: 'none' | 'apart' | 'mixed';
  /** Pixels, cropped. */
  width: number;
  height: number;
  sampleAspectRatio: Ratio;
  /** What is said of the colour; null where nothing is. */
  signal: VideoSignal | null;
}

/**
 * What becomes of a NAL unit: kept as it is; left out, because it is ours to write or for other decoders; the end of a sequence; a
 * parameter set; a part of a picture, at which a decoder can begin or not.
 */
export type NalRole = 'other' | 'left out' | 'end' | 'parameters' | 'slice' | 'random access';

/** A parameter set. `kind`: its place among those that are written before a random access point. */
export interface ParameterSet {
  kind: number;
  id: number;
  /** Of a sequence parameter set; null in others. */
  sequence: Sequence | null;
}

/**
 * Whether a picture is shown before the random access point that it follows in decoding order; if so, whether it can be decoded
 * without what comes before that.
 */
export type Leading = 'no' | 'decodable' | 'skipped';

/** Responsible for what the pictures of one stream say of each other. */
export interface PictureReader {
  /** Whether a picture is coded as two fields. */
  readonly hasFields: boolean;
  /** Reads a parameter set as it is in the stream; null where it is damaged. */
  readSet(set: Buffer): ParameterSet | null;
  /** Notes a set that `readSet` read, for the pictures behind it. */
  useSet(set: ParameterSet): void;
  /** Whether pictures decoded later may need the one with this slice. */
  isReference(data: Buffer, start: number): boolean;
  /** Whether the first slice of a picture is one, and no picture is missing before it: damage that is seen without decoding. */
  isWhole(slice: NalPlace, isRandomAccess: boolean): boolean;
}

export interface PictureCodec {
  format: TransportFormat;
  /** As in messages. */
  title: string;
  codecId: AVCodecID;
  /** An access unit delimiter, with its start code. */
  delimiter: Buffer;
  /** Whether numbers in the pictures show that one is missing. */
  countsPictures: boolean;
  /** Kinds of parameter sets that a decoder needs. */
  setKinds: number;
  /** Reads the extradata of a stream in either of their forms; null when they are damaged. */
  parseExtradata(extradata: Buffer | null): DecoderConfiguration | null;
  roleOf(data: Buffer, start: number): NalRole;
  /** By a slice. */
  leadingOf(data: Buffer, start: number): Leading;
  /** Whether a decoder begins a sequence with a random access point in any case: nothing behind it needs a picture before it. */
  beginsSequence(data: Buffer, start: number): boolean;
  /** Whether leading pictures of a random access point may need some of before it. */
  allowsSkipped(data: Buffer, start: number): boolean;
  /** The header of a NAL unit that makes any random access point begin a sequence; null where all do. */
  beginningHeader: Buffer | null;
  isSequenceSet(set: Buffer): boolean;
  readSequence(set: Buffer): Sequence | null;
  /** The NAL unit of a sequence parameter set with `edit` applied; null where it is damaged or cannot say it. */
  editSequence(set: Buffer, edit: SequenceEdit): Buffer | null;
  openReader(): PictureReader;
  /** Why pictures of this kind are not copied, or null. */
  unfit(sequence: Sequence): string | null;
  /** Whether pictures of that size, and at that rate where it is given, are within level 5.2. */
  isWithinLevel(size: { width: number; height: number }, rate?: number): boolean;
}
