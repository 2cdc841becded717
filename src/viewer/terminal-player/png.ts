/** Pictures as PNG (W3C Portable Network Graphics, third edition): 8-bit RGB, not interlaced. */
import { crc32, deflateSync } from 'node:zlib';
import type { Picture } from './picture.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BYTES_PER_PIXEL = 3;
/** 9.2: each byte less the one above it, which leaves small numbers of most pictures. */
const FILTER_UP = 2;
/** Of zlib: the quickest. Pictures are gone in a moment. */
const LEVEL = 1;

/** One file. */
export function pngOf({ width, height, data }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0); // Width
  header.writeUInt32BE(height, 4); // Height
  header[8] = 8; // Bit depth
  header[9] = 2; // Colour type: truecolour
  // Compression method, filter method, interlace method: 0
  const image = deflateSync(filtered(width * BYTES_PER_PIXEL, height, data), { level: LEVEL });
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', image), chunk('IEND', Buffer.alloc(0))]);
}

function filtered(stride: number, height: number, data: Uint8Array): Uint8Array {
  const rows = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    const to = y * (stride + 1) + 1;
    const from = y * stride;
    rows[to - 1] = FILTER_UP;
    if (y === 0) rows.set(data.subarray(0, stride), to);
    else for (let x = 0; x < stride; x++) rows[to + x] = data[from + x] - data[from + x - stride];
  }
  return rows;
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0); // Length
  bytes.write(type, 4, 'latin1'); // Chunk Type
  data.copy(bytes, 8); // Chunk Data
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length); // CRC
  return bytes;
}
