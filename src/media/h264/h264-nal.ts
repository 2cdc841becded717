/**
 * H.264 access units taken apart into NAL units, from either of their two forms.
 *
 *     Annex B (TS, raw)         00 00 01 | NAL | (00) 00 00 01 | NAL | …
 *     length prefixes (MP4)     length   | NAL | length        | NAL | …     ISO/IEC 14496-15, 5.3.3
 *
 *     +-+---+-----+
 *     |F|NRI|Type |     the first byte of a NAL unit, ITU-T H.264, 7.3.1
 *     +-+---+-----+
 */

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

/** Byte offsets of the NAL units of one access unit; reused for each, so that nothing is allocated. */
export class NalList {
  count = 0;
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  clear(): void {
    this.count = 0;
  }

  add(start: number, end: number): void {
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count++;
  }
}

const startCode = Buffer.from([0, 0, 1]);

/** Fills `list`; false when `data` holds no start code. */
export function splitAnnexB(data: Buffer, list: NalList): boolean {
  list.clear();
  let found = data.indexOf(startCode);
  while (found >= 0) {
    const start = found + startCode.length;
    found = data.indexOf(startCode, start);
    let end = found < 0 ? data.length : found;
    // zero_byte and trailing_zero_8bits: no NAL unit ends in 0.
    while (end > start && data[end - 1] === 0) end--;
    if (end > start) list.add(start, end);
  }
  return list.count > 0;
}

/** Fills `list`; false when a length does not fit into `data`. */
export function splitLengthPrefixed(data: Buffer, lengthSize: number, list: NalList): boolean {
  list.clear();
  let at = 0;
  while (at < data.length) {
    if (at + lengthSize > data.length) return false;
    const start = at + lengthSize;
    at = start + data.readUIntBE(at, lengthSize);
    if (at > data.length) return false;
    if (at > start) list.add(start, at);
  }
  return list.count > 0;
}

/**
 * AVCDecoderConfigurationRecord, the extradata of MP4 and Matroska (ISO/IEC 14496-15, 5.3.3.1):
 *
 *     version = 1 | profile | compatibility | level | 111111 lengthSizeMinusOne:2
 *     111 numOfSequenceParameterSets:5 | (length:16 | SPS) … | numOfPictureParameterSets:8 | (length:16 | PPS) …
 */
export interface DecoderConfiguration {
  /** 1, 2 or 4; 0 where the stream is in Annex B form. */
  nalLengthSize: number;
  parameterSets: Buffer[];
}

/** Reads either form of extradata; null when it is damaged. */
export function parseExtradata(extradata: Buffer | null): DecoderConfiguration | null {
  if (extradata === null || extradata.length === 0) return { nalLengthSize: 0, parameterSets: [] };
  if (extradata[0] !== 1) {
    const list = new NalList();
    if (!splitAnnexB(extradata, list)) return null;
    const parameterSets = Array.from({ length: list.count }, (_, i) =>
      extradata.subarray(list.starts[i], list.ends[i]),
    );
    return { nalLengthSize: 0, parameterSets };
  }
  const parameterSets: Buffer[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    if (at >= extradata.length) return null;
    const count = extradata[at++]! & mask;
    for (let i = 0; i < count; i++) {
      if (at + 2 > extradata.length) return null;
      const length = extradata.readUInt16BE(at);
      at += 2;
      if (at + length > extradata.length) return null;
      if (length > 0) parameterSets.push(extradata.subarray(at, at + length));
      at += length;
    }
  }
  const nalLengthSize = (extradata[4]! & 3) + 1;
  return nalLengthSize === 3 ? null : { nalLengthSize, parameterSets };
}
