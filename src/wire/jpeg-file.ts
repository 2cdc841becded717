/**
 * The JPEG files that RTP can carry (ITU-T T.81, RFC 2435 section 3.1.1 and appendix B): baseline, 8 bits, three
 * components in one interleaved scan, the standard Huffman tables of T.81 annex K, no restart markers. `parseJpeg`
 * takes one apart, `buildJpeg` puts one together.
 */
import type { JpegType } from './rtp-jpeg.js';

/** The parts of a file that its receiver cannot write by itself. */
export interface JpegParts {
  type: JpegType;
  /** Pixels. */
  width: number;
  height: number;
  /** 128 bytes: luma then chroma, 8 bits each, in zig-zag order. */
  quantizationTables: Buffer;
  /** Entropy-coded data without the EOI marker and without fill bytes before it; shares the file's memory. */
  scan: Buffer;
}

/** A JPEG file that is damaged, or that RFC 2435 cannot carry; the message gives the reason. */
export class JpegRefused extends Error {}

/** 255 × 8: RTP's header counts width and height in blocks of eight pixels (RFC 2435 section 3.1.5). */
export const LARGEST_JPEG_SIDE = 2_040;

const Marker = { soi: 0xd8, eoi: 0xd9, sof0: 0xc0, dht: 0xc4, sos: 0xda, dqt: 0xdb, dri: 0xdd } as const;

/** T.81 annex K.3.3: [class and destination, 16 counts, values]. */
const huffmanTables: readonly Buffer[] = [
  '00 00010501010101010100000000000000 000102030405060708090a0b',
  `10 0002010303020403050504040000017d 01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282
   090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485
   868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4
   e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa`,
  '01 00030101010101010101010000000000 000102030405060708090a0b',
  `11 00020102040403040705040400010277 0001020311040521310612415107617113223281081442 91a1b1c109233352f0156272d10a
   162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a8283
   8485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3
   e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa`,
].map((hex) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

interface FrameHeader {
  type: JpegType;
  width: number;
  height: number;
  /** Component identifiers, in order. */
  components: readonly number[];
  /** Which quantisation table luma and chroma use. */
  tables: readonly [number, number];
}

/**
 * Parses a JPEG file. Throws JpegRefused when it is damaged or RFC 2435 cannot carry it. Bytes after the end of the
 * picture are ignored.
 */
export function parseJpeg(file: Buffer): JpegParts {
  if (file.length < 4 || file[0] !== 0xff || file[1] !== Marker.soi) throw new JpegRefused('not a JPEG file');
  const quantization = new Map<number, Buffer>();
  let frame: FrameHeader | null = null;
  let at = 2;
  for (;;) {
    while (file[at] === 0xff && file[at + 1] === 0xff) at++; // fill bytes
    if (at + 4 > file.length) throw new JpegRefused('the JPEG file ends before its picture begins');
    if (file[at] !== 0xff) throw new JpegRefused('the JPEG file has no marker where one must be');
    const marker = file[at + 1]!;
    const length = file.readUInt16BE(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > file.length) throw new JpegRefused('a JPEG segment is cut short');
    const body = file.subarray(at + 4, end);
    at = end;
    if (marker === Marker.dqt) readQuantization(body, quantization);
    else if (marker === Marker.dht) checkHuffman(body);
    else if (marker === Marker.dri) checkRestartInterval(body);
    else if (marker === Marker.sof0) frame = readFrameHeader(body);
    else if (marker > 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      throw new JpegRefused('only baseline JPEG is carried, not extended, progressive, lossless or arithmetic');
    } else if (marker === Marker.sos) {
      if (!frame) throw new JpegRefused('the JPEG scan has no frame header before it');
      checkScanHeader(body, frame);
      const tables = frame.tables.map((id) => quantization.get(id));
      const [luma, chroma] = tables;
      if (!luma || !chroma) throw new JpegRefused('a JPEG quantisation table is missing');
      const { type, width, height } = frame;
      return { type, width, height, quantizationTables: Buffer.concat([luma, chroma]), scan: readScan(file, at) };
    }
  }
}

function readQuantization(body: Buffer, into: Map<number, Buffer>): void {
  for (let at = 0; at < body.length; at += 65) {
    if (body[at]! >> 4 !== 0) throw new JpegRefused('16-bit JPEG quantisation tables are not baseline');
    if (at + 65 > body.length) throw new JpegRefused('a JPEG quantisation table is cut short');
    into.set(body[at]! & 0x0f, body.subarray(at + 1, at + 65));
  }
}

function checkHuffman(body: Buffer): void {
  let at = 0;
  while (at < body.length) {
    const standard = huffmanTables.find((table) => table[0] === body[at]);
    if (!standard || !body.subarray(at, at + standard.length).equals(standard)) {
      throw new JpegRefused('the JPEG has Huffman tables of its own; RTP carries the standard ones only');
    }
    at += standard.length;
  }
}

function checkRestartInterval(body: Buffer): void {
  if (body.length !== 2 || body.readUInt16BE(0) !== 0) throw new JpegRefused('JPEG restart markers are not carried');
}

/** P 8 | Y 16 | X 16 | Nf 8, then for each component C 8 | H 4, V 4 | Tq 8 (T.81 section B.2.2). */
function readFrameHeader(body: Buffer): FrameHeader {
  if (body.length < 6 || body.length < 6 + 3 * body[5]!) throw new JpegRefused('the JPEG frame header is cut short');
  if (body[0] !== 8) throw new JpegRefused(`the JPEG has ${body[0]} bits a sample, not 8`);
  if (body[5] !== 3) throw new JpegRefused(`the JPEG has ${body[5]} components, not 3`);
  const height = body.readUInt16BE(1);
  const width = body.readUInt16BE(3);
  if (width === 0 || height === 0 || Math.max(width, height) > LARGEST_JPEG_SIDE) {
    throw new JpegRefused(
      `a JPEG of ${width} × ${height} is not between 1 × 1 and ${LARGEST_JPEG_SIDE} × ${LARGEST_JPEG_SIDE}`,
    );
  }
  const [luma, blue, red] = [body[7], body[10], body[13]];
  const type = luma === 0x22 ? 1 : luma === 0x21 ? 0 : null;
  if (type === null || blue !== 0x11 || red !== 0x11) throw new JpegRefused('the JPEG is neither 4:2:0 nor 4:2:2');
  if (body[11] !== body[14]) throw new JpegRefused('the JPEG has different quantisation tables for Cb and Cr');
  return { type, width, height, components: [body[6]!, body[9]!, body[12]!], tables: [body[8]!, body[11]!] };
}

/** Ns 8, then for each component Cs 8 | Td 4, Ta 4, then Ss 8 | Se 8 | Ah 4, Al 4 (T.81 section B.2.3). */
function checkScanHeader(body: Buffer, frame: FrameHeader): void {
  const expected = [3, frame.components[0], 0x00, frame.components[1], 0x11, frame.components[2], 0x11, 0, 63, 0];
  if (!body.equals(Uint8Array.from(expected))) throw new JpegRefused('the JPEG is not one interleaved baseline scan');
}

/** The scan from `start` to EOI. Inside it 0xFF is followed by 0x00, or by 0xFF where bytes fill it up to a marker. */
function readScan(file: Buffer, start: number): Buffer {
  let at = start;
  for (;;) {
    at = file.indexOf(0xff, at);
    if (at < 0 || at + 1 >= file.length) throw new JpegRefused('the JPEG file ends before its picture does');
    const next = file[at + 1];
    if (next === 0) at += 2;
    else if (next === 0xff) at++;
    else if (next === Marker.eoi) break;
    else throw new JpegRefused('the JPEG scan has restart markers, or there is more than one');
  }
  return withoutFill(file.subarray(start, at));
}

/**
 * Any number of 0xFF may precede a marker (T.81 section B.1.1.2). Data never ends with 0xFF, because 0x00 follows it.
 */
function withoutFill(scan: Buffer): Buffer {
  let end = scan.length;
  while (end > 0 && scan[end - 1] === 0xff) end--;
  return scan.subarray(0, end);
}

export interface JpegFrameFormat {
  type: JpegType;
  /** Pixels. */
  width: number;
  height: number;
  /** 128 bytes, as in JpegParts. */
  tables: Buffer;
}

/** A complete JFIF file around a scan. Any bytes are accepted as a scan; an EOI at its end is not doubled. */
export function buildJpeg(format: JpegFrameFormat, scan: Buffer): Buffer {
  const ended = scan.length >= 2 && scan[scan.length - 2] === 0xff && scan[scan.length - 1] === Marker.eoi;
  return Buffer.concat([jpegHeader(format), ended ? scan : withoutFill(scan), ended ? Buffer.alloc(0) : END_OF_IMAGE]);
}

const END_OF_IMAGE = Buffer.from([0xff, Marker.eoi]);

const segment = (marker: number, body: Buffer): Buffer => {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
};

/** APP0 of JFIF 1.02: square pixels, no thumbnail. */
const JFIF = segment(0xe0, Buffer.from('4a46494600010200000100010000', 'hex'));
const HUFFMAN = segment(Marker.dht, Buffer.concat(huffmanTables));
const SCAN_HEADER = segment(Marker.sos, Buffer.from([3, 0, 0x00, 1, 0x11, 2, 0x11, 0, 63, 0]));

/** Everything before the scan. */
function jpegHeader({ type, width, height, tables }: JpegFrameFormat): Buffer {
  const luma = Buffer.concat([Buffer.from([0]), tables.subarray(0, 64)]);
  const chroma = Buffer.concat([Buffer.from([1]), tables.subarray(64, 128)]);
  const frame = Buffer.from([8, 0, 0, 0, 0, 3, 0, type === 1 ? 0x22 : 0x21, 0, 1, 0x11, 1, 2, 0x11, 1]);
  frame.writeUInt16BE(height, 1);
  frame.writeUInt16BE(width, 3);
  const soi = Buffer.from([0xff, Marker.soi]);
  const tablesSegment = segment(Marker.dqt, Buffer.concat([luma, chroma]));
  return Buffer.concat([soi, JFIF, tablesSegment, segment(Marker.sof0, frame), HUFFMAN, SCAN_HEADER]);
}
