/**
 * NAL units of H.264.
 *
 *     +-+---+-----+
 *     |F|NRI|Type |     the first byte of a NAL unit, ITU-T H.264, 7.3.1
 *     +-+---+-----+
 */
import { annexBConfiguration, type DecoderConfiguration, readPrefixedSets } from '../../wire/nal-units.js';

/** ITU-T H.264, table 7-1. */
export const NalType = {
  slice: 1,
  idrSlice: 5,
  sequenceParameters: 7,
  pictureParameters: 8,
  accessUnitDelimiter: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
  prefix: 14,
  subsetSequenceParameters: 15,
  sliceExtension: 20,
} as const;

export const nalTypeOf = (firstByte: number): number => firstByte & 0x1f;

/**
 * Reads either form of extradata; null when it is damaged. That of MP4 and Matroska is an AVCDecoderConfigurationRecord (ISO/IEC
 * 14496-15, 5.3.3.1):
 *
 *     version = 1 | profile | compatibility | level | 111111 lengthSizeMinusOne:2
 *     111 numOfSequenceParameterSets:5 | (length:16 | SPS) … | numOfPictureParameterSets:8 | (length:16 | PPS) …
 */
export function parseExtradata(extradata: Buffer | null): DecoderConfiguration | null {
  if (extradata?.[0] !== 1) return annexBConfiguration(extradata);
  const parameterSets: Buffer[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    if (at >= extradata.length) return null;
    const count = extradata[at++]! & mask;
    at = readPrefixedSets(extradata, at, count, parameterSets);
    if (at < 0) return null;
  }
  const nalLengthSize = (extradata[4]! & 3) + 1;
  return nalLengthSize === 3 ? null : { nalLengthSize, parameterSets };
}
