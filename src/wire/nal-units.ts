/**
 * Access units taken apart into NAL units, from either of their two forms, which H.264 and H.265 have in common.
 *
 *     Annex B (TS, raw)         00 00 01 | NAL | (00) 00 00 01 | NAL | …
 *     length prefixes (MP4)     length   | NAL | length        | NAL | …     ISO/IEC 14496-15, 5.3.3
 */

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

/** What the extradata of a stream hold. */
export interface DecoderConfiguration {
  /** 1, 2 or 4; 0 where the stream is in Annex B form. */
  nalLengthSize: number;
  parameterSets: Buffer[];
}

/** A NAL unit within `data`. */
export interface NalPlace {
  data: Uint8Array;
  start: number;
  end: number;
}

/** Reads extradata that are parameter sets in Annex B form, or none; null where there is no start code. */
export function annexBConfiguration(extradata: Buffer | null): DecoderConfiguration | null {
  if (extradata === null || extradata.length === 0) return { nalLengthSize: 0, parameterSets: [] };
  const list = new NalList();
  if (!splitAnnexB(extradata, list)) return null;
  const parameterSets = Array.from({ length: list.count }, (_, i) => extradata.subarray(list.starts[i], list.ends[i]));
  return { nalLengthSize: 0, parameterSets };
}

/**
 * Reads `count` parameter sets, each with a length of 16 bits before it, from `at` on into `sets`; returns where they end, and −1
 * where `extradata` end before them.
 */
export function readPrefixedSets(extradata: Buffer, at: number, count: number, sets: Buffer[]): number {
  for (let i = 0; i < count; i++) {
    if (at + 2 > extradata.length) return -1;
    const length = extradata.readUInt16BE(at);
    at += 2;
    if (at + length > extradata.length) return -1;
    if (length > 0) sets.push(extradata.subarray(at, at + length));
    at += length;
  }
  return at;
}

/** Bytes between two looks for zeros: disks and downloads leave out blocks of at least 512. */
const ZEROS_STRIDE = 256;

/**
 * Whether a NAL unit has a block of zeros within, as files have where a disk failed or a download is not complete. ITU-T
 * H.264 and H.265, 7.4.1: no NAL unit holds three zero bytes in a row. Zeros at its end are padding.
 */
export function hasZeros({ data, start, end }: NalPlace): boolean {
  for (let at = start + ZEROS_STRIDE; at + 4 <= end; at += ZEROS_STRIDE) {
    if ((data[at]! | data[at + 1]! | data[at + 2]! | data[at + 3]!) !== 0) continue;
    let last = end - 1;
    while (last > at && data[last] === 0) last--;
    return last > at;
  }
  return false;
}
