/**
 * NAL units of H.265.
 *
 *     +-+-----------+-----------+---------+
 *     |F| Type      | LayerId   | TID + 1 |     the header of a NAL unit, ITU-T H.265, 7.3.1.2
 *     +-+-----------+-----------+---------+
 *      1      6           6          3 bits
 */
import { annexBConfiguration, type DecoderConfiguration, readPrefixedSets } from '../../wire/nal-units.js';

/** Bytes of a NAL unit's header. */
export const NAL_HEADER = 2;

/** ITU-T H.265, table 7-1. */
export const NalType = {
  /** Even types below this are of pictures that no other of their sub-layer refers to. */
  lastNonIrap: 15,
  radlN: 6,
  radlR: 7,
  raslN: 8,
  raslR: 9,
  blaWithLeading: 16,
  blaWithRadl: 17,
  idrWithLeading: 19,
  idrWithoutLeading: 20,
  cra: 21,
  videoParameters: 32,
  sequenceParameters: 33,
  pictureParameters: 34,
  accessUnitDelimiter: 35,
  endOfSequence: 36,
  endOfBitstream: 37,
  filler: 38,
  prefixSei: 39,
  suffixSei: 40,
} as const;

/** nal_unit_type */
export const nalTypeOf = (firstByte: number): number => (firstByte >> 1) & 0x3f;

/** Whether nuh_layer_id is 0: other layers are for scalable and 3D decoders. */
export const isBaseLayer = (data: Uint8Array, start: number): boolean =>
  (data[start]! & 1) === 0 && ((data[start + 1] ?? 0xff) & 0xf8) === 0;

/** Behind the profile, its compatibility and constraints, the level, and four more of no use here. */
const LENGTH_SIZE = 21;

/**
 * Reads either form of extradata; null when it is damaged. That of MP4 and Matroska is an HEVCDecoderConfigurationRecord (ISO/IEC
 * 14496-15, 8.3.3.1.2):
 *
 *     version = 1 | 20 bytes of profile, level, chroma format and depth
 *     constantFrameRate:2 numTemporalLayers:3 temporalIdNested:1 lengthSizeMinusOne:2
 *     numOfArrays:8 | (array_completeness:1 0 NAL_unit_type:6 | numNalus:16 | (length:16 | NAL) …) …
 */
export function parseExtradata(extradata: Buffer | null): DecoderConfiguration | null {
  // Some files have version 0, as in drafts of the format; Annex B begins with two zeros.
  const isRecord = extradata !== null && extradata.length > 2 && (extradata[0]! > 0 || extradata[1]! > 0);
  if (!isRecord) return annexBConfiguration(extradata);
  if (extradata.length < LENGTH_SIZE + 2) return null;
  const nalLengthSize = (extradata[LENGTH_SIZE]! & 3) + 1;
  const parameterSets: Buffer[] = [];
  let at = LENGTH_SIZE + 1;
  for (let arrays = extradata[at++]!; arrays > 0; arrays--) {
    if (at + 3 > extradata.length) return null;
    at = readPrefixedSets(extradata, at + 3, extradata.readUInt16BE(at + 1), parameterSets);
    if (at < 0) return null;
  }
  return nalLengthSize === 3 ? null : { nalLengthSize, parameterSets };
}
