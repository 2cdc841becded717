/** Files of one picture: photos and slides. */
import { closeSync, openSync, readSync } from 'node:fs';
import { systemPath } from '../../base/path-bytes.js';

/** FFmpeg's demuxers of single pictures, and how their files begin. "." stands for any character. */
const beginnings: readonly (readonly [demuxer: string, beginning: string])[] = [
  ['png_pipe', '\x89PNG\r\n\x1a\n'],
  // SOI, then the first byte of another marker.
  ['jpeg_pipe', '\xff\xd8\xff'],
  ['webp_pipe', 'RIFF....WEBP'],
  ['tiff_pipe', 'II\x2a\0'],
  ['tiff_pipe', 'MM\0\x2a'],
  ['bmp_pipe', 'BM....\0\0\0\0'],
  ['jpegxl_pipe', '\xff\x0a'],
  // HEIF and AVIF (ISO/IEC 23008-12, 10): one picture; sequences of them have other brands.
  ...['heic', 'heix', 'heim', 'heis', 'mif1', 'avif'].map((brand) => ['mov', `....ftyp${brand}`] as const),
  ['jpegxl_pipe', '\0\0\0\x0cJXL \r\n\x87\n'],
];

const LONGEST_BEGINNING = 16;

/** The demuxer of a file that is one picture, by its first bytes; null for any other. Throws the system's errors. */
export function stillDemuxer(source: string): string | null {
  const { demuxer, isAnimated } = kindOf(source);
  return isAnimated ? null : demuxer;
}

/** Whether it is a PNG or WebP file of more than one picture, by its first bytes. Throws the system's errors. */
export const isAnimation = (source: string): boolean => kindOf(source).isAnimated;

function kindOf(source: string): { demuxer: string | null; isAnimated: boolean } {
  const file = openSync(systemPath(source), 'r');
  try {
    const bytes = Buffer.alloc(LONGEST_BEGINNING);
    const text = bytes.toString('latin1', 0, readSync(file, bytes, 0, LONGEST_BEGINNING, 0));
    const demuxer = beginnings.find(([, beginning]) => begins(text, beginning))?.[0] ?? null;
    if (demuxer === 'png_pipe') return { demuxer, isAnimated: isAnimatedPng(file) };
    return { demuxer, isAnimated: demuxer === 'webp_pipe' && isAnimatedWebp(file) };
  } finally {
    closeSync(file);
  }
}

const begins = (text: string, beginning: string): boolean =>
  text.length >= beginning.length && [...beginning].every((character, i) => character === '.' || character === text[i]);

/** Most chunks of a PNG file before its picture: an animated one has its own among the first. */
const MOST_CHUNKS = 100;

/**
 * Whether a PNG file has the chunk of animated ones before its picture (PNG, third edition, 5.3 and 11.3.6.1):
 *
 *     +----------------+---------------+ - - - - - +---------+
 *     | length: 32     | type: 4 chars | data      | CRC: 32 |
 *     +----------------+---------------+ - - - - - +---------+
 */
function isAnimatedPng(file: number): boolean {
  const header = Buffer.alloc(8);
  let at = 8;
  for (let chunk = 0; chunk < MOST_CHUNKS && readSync(file, header, 0, 8, at) === 8; chunk++) {
    const type = header.toString('latin1', 4);
    if (type === 'acTL') return true;
    if (type === 'IDAT') return false;
    at += 12 + header.readUInt32BE(0);
  }
  return false;
}

/** The bit "Animation" in the flags of a WebP file's first chunk, VP8X. */
const WEBP_ANIMATION = 0x02;

/**
 * Whether a WebP file has more than one picture (WebP Container Specification, "Extended File Format"):
 *
 *     "RIFF" | size: 32 | "WEBP" | "VP8X" | size: 32 | flags: 8
 */
function isAnimatedWebp(file: number): boolean {
  const header = Buffer.alloc(21);
  readSync(file, header, 0, header.length, 0);
  return header.toString('latin1', 12, 16) === 'VP8X' && (header[20]! & WEBP_ANIMATION) !== 0;
}
