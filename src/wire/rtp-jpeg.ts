/**
 * JPEG pictures as RTP carries them (RFC 2435): types 0 (4:2:2) and 1 (4:2:0), no restart markers, quantisation
 * tables in band. Sent is the entropy-coded scan; the receiver puts a file around it again (src/wire/jpeg-file.ts).
 *
 * Section 3.1, in every packet:
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    | Type-specific |              Fragment Offset                  |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |      Type     |       Q       |     Width     |     Height    |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Section 3.1.8, in the first packet of a frame whose Q is 128 or more:
 *
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |      MBZ      |   Precision   |             Length            |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                    Quantization Table Data                    |
 *    |                              ...                              |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

export const JPEG_HEADER_LENGTH = 8;
/** Two tables of 64 eight-bit values, in zig-zag order: luma, chroma. */
export const QUANTIZATION_TABLES_LENGTH = 128;
export const QUANTIZATION_HEADER_LENGTH = 4 + QUANTIZATION_TABLES_LENGTH;
/** Q from here to 254: tables are in band and never change for that Q. */
export const FIRST_TABLE_Q = 128;

export const JpegType = { yuv422: 0, yuv420: 1 } as const;
export type JpegType = (typeof JpegType)[keyof typeof JpegType];

export interface JpegHeader {
  typeSpecific: number;
  /** Bytes of the frame's scan before this packet's. 24 bits. */
  fragmentOffset: number;
  type: JpegType;
  /** 128–254: which set of tables. */
  q: number;
  /** Pixels, at most 2040; written rounded up to whole blocks of eight. */
  width: number;
  height: number;
}

export interface JpegPayload extends JpegHeader {
  /** 128 bytes when this packet carries them (only with a fragment offset of 0), else null. */
  tables: Buffer | null;
  data: Buffer;
}

/** Writes the 8 bytes of section 3.1 at `offset` of `out`. Returns the offset after them. */
export function writeJpegHeader(out: Buffer, offset: number, header: JpegHeader): number {
  out[offset] = header.typeSpecific;
  out.writeUIntBE(header.fragmentOffset, offset + 1, 3);
  out[offset + 4] = header.type;
  out[offset + 5] = header.q;
  out[offset + 6] = Math.ceil(header.width / 8);
  out[offset + 7] = Math.ceil(header.height / 8);
  return offset + JPEG_HEADER_LENGTH;
}

/** Writes the quantisation table header and its 128 bytes of tables. Returns the offset after them. */
export function writeQuantizationHeader(out: Buffer, offset: number, tables: Buffer): number {
  out[offset] = 0; // MBZ
  out[offset + 1] = 0; // Precision: every table has 8-bit values
  out.writeUInt16BE(QUANTIZATION_TABLES_LENGTH, offset + 2); // Length
  tables.copy(out, offset + 4, 0, QUANTIZATION_TABLES_LENGTH);
  return offset + QUANTIZATION_HEADER_LENGTH;
}

/**
 * Offset of the scan's bytes in the RTP payload from `start` to `end` of a buffer; −1 for unsupported payloads (restart
 * markers, other types, tables that are not in band or not two of 8 bits) and truncated ones. Never throws or allocates.
 */
export function jpegScanStart(buffer: Buffer, start: number, end: number): number {
  if (end - start < JPEG_HEADER_LENGTH) return -1;
  const type = buffer[start + 4];
  const q = buffer[start + 5]!;
  if (type !== JpegType.yuv422 && type !== JpegType.yuv420) return -1;
  if (q < FIRST_TABLE_Q || buffer[start + 6] === 0 || buffer[start + 7] === 0) return -1;
  const head = start + JPEG_HEADER_LENGTH;
  const isFirst = buffer[start + 1] === 0 && buffer[start + 2] === 0 && buffer[start + 3] === 0; // Fragment Offset
  if (!isFirst) return head;
  if (head + 4 > end) return -1;
  const length = (buffer[head + 2]! << 8) | buffer[head + 3]!;
  if (length === QUANTIZATION_TABLES_LENGTH) {
    if (buffer[head + 1] !== 0) return -1; // Precision
  } else if (length !== 0 || q === 255) return -1; // Length 0 refers to tables sent before, which 255 may not
  const scan = head + 4 + length;
  return scan <= end ? scan : -1;
}

/** Decodes an RTP payload of type 26; null where `jpegScanStart` is −1. `tables` and `data` share the payload's memory. */
export function parseJpegPayload(payload: Buffer): JpegPayload | null {
  const scan = jpegScanStart(payload, 0, payload.length);
  if (scan < 0) return null;
  return {
    typeSpecific: payload[0]!,
    fragmentOffset: payload.readUIntBE(1, 3),
    type: payload[4] as JpegType,
    q: payload[5]!,
    width: payload[6]! * 8,
    height: payload[7]! * 8,
    tables: scan < QUANTIZATION_TABLES_LENGTH ? null : payload.subarray(scan - QUANTIZATION_TABLES_LENGTH, scan),
    data: payload.subarray(scan),
  };
}
