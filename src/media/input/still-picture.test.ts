import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../../test/support/spool.js';
import { stillDemuxer } from './still-picture.js';

const chunk = (type: string, length = 0): string => {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(length);
  return `${header.toString('latin1')}${type}${'\0'.repeat(length)}CRC!`;
};
const png = '\x89PNG\r\n\x1a\n';

const cases: [what: string, bytes: string, demuxer: string | null][] = [
  ['a PNG', png + chunk('IHDR', 13) + chunk('IDAT', 10), 'png_pipe'],
  ['an animated PNG', png + chunk('IHDR', 13) + chunk('pHYs', 9) + chunk('acTL', 8) + chunk('IDAT', 10), null],
  ['a PNG that is cut off', `${png}\0\0`, 'png_pipe'],
  ['a PNG whose chunks have no end', png + '\xff'.repeat(40), 'png_pipe'],
  ['a JPEG', '\xff\xd8\xff\xe1\0\x10Exif\0\0....', 'jpeg_pipe'],
  ['a WebP', 'RIFF\x10\0\0\0WEBPVP8 ', 'webp_pipe'],
  ['a WAV', 'RIFF\x10\0\0\0WAVEfmt ', null],
  ['a TIFF of Intel', 'II\x2a\0\x08\0\0\0', 'tiff_pipe'],
  ['a TIFF of Motorola', 'MM\0\x2a\0\0\0\x08', 'tiff_pipe'],
  ['a BMP', 'BM\x36\x10\0\0\0\0\0\0\x36\0\0\0(\0', 'bmp_pipe'],
  ['a text that begins with BM', 'BMW drivers of', null],
  ['a JPEG XL', '\0\0\0\x0cJXL \r\n\x87\n....', 'jpegxl_pipe'],
  ['an MP4', '\0\0\0\x20ftypisom\0\0\x02\0', null],
  ['a byte', '\xff', null],
];

for (const [what, bytes, demuxer] of cases) {
  test(`${what} is ${demuxer === null ? 'not ' : ''}a still picture`, (context) => {
    const path = join(scratchFolder(context), 'file');
    writeFileSync(path, bytes, 'latin1');
    assert.equal(stillDemuxer(path), demuxer);
  });
}
