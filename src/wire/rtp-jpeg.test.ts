import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { without } from '../../test/support/tools.js';
import { buildJpeg, JpegRefused, parseJpeg } from './jpeg-file.js';
import { parseJpegPayload, QUANTIZATION_HEADER_LENGTH, writeJpegHeader, writeQuantizationHeader } from './rtp-jpeg.js';

const tables = Buffer.from(Array.from({ length: 128 }, (_, index) => index + 1));
const scan = Buffer.from([1, 2, 0xff, 0, 3, 4, 0xff, 0]);
const file = buildJpeg({ type: 1, width: 640, height: 360, tables }, scan);

const ffmpeg = (args: string[], input?: Buffer): Buffer => {
  const run = spawnSync('ffmpeg', ['-v', 'error', ...args], { input, maxBuffer: 1 << 28 });
  assert.equal(run.stderr.toString(), '');
  return run.stdout;
};

test('a built file is parsed into its parts', () => {
  const parts = parseJpeg(file);
  assert.deepEqual(parts, { type: 1, width: 640, height: 360, quantizationTables: tables, scan });
});

test('fill bytes before EOI are not part of the scan', () => {
  const filled = Buffer.concat([file.subarray(0, -2), Buffer.from([0xff, 0xff, 0xff]), file.subarray(-2)]);
  assert.deepEqual(parseJpeg(filled).scan, scan);
  const built = buildJpeg({ type: 1, width: 640, height: 360, tables }, Buffer.concat([scan, Buffer.from([255, 255])]));
  assert.deepEqual(built, file);
});

test('a scan with its EOI gets no second one', () => {
  const ended = Buffer.concat([scan, Buffer.from([0xff, 0xd9])]);
  assert.deepEqual(buildJpeg({ type: 1, width: 640, height: 360, tables }, ended), file);
});

test('every header field is read back as written', () => {
  fc.assert(
    fc.property(
      fc.record({
        typeSpecific: fc.nat(255),
        fragmentOffset: fc.integer({ min: 0, max: 0xff_ffff }),
        type: fc.constantFrom(0 as const, 1 as const),
        q: fc.integer({ min: 128, max: 254 }),
        width: fc.integer({ min: 1, max: 255 }).map((blocks) => blocks * 8),
        height: fc.integer({ min: 1, max: 255 }).map((blocks) => blocks * 8),
      }),
      fc.uint8Array({ maxLength: 50 }),
      (header, bytes) => {
        const out = Buffer.alloc(8 + QUANTIZATION_HEADER_LENGTH + bytes.length);
        let end = writeJpegHeader(out, 0, header);
        const first = header.fragmentOffset === 0;
        if (first) end = writeQuantizationHeader(out, end, tables);
        out.set(bytes, end);
        const data = Buffer.from(bytes);
        const read = parseJpegPayload(out.subarray(0, end + data.length));
        assert.deepEqual(read, { ...header, tables: first ? tables : null, data });
      },
    ),
  );
});

test('a size that is no multiple of eight is written rounded up', () => {
  const out = Buffer.alloc(8);
  writeJpegHeader(out, 0, { typeSpecific: 0, fragmentOffset: 9, type: 1, q: 128, width: 2033, height: 1 });
  assert.equal(parseJpegPayload(out)?.width, 2040);
  assert.equal(parseJpegPayload(out)?.height, 8);
});

test('unsupported payloads are refused: other types, Q without tables, truncated tables', () => {
  const out = Buffer.alloc(8 + QUANTIZATION_HEADER_LENGTH);
  const header = { typeSpecific: 0, fragmentOffset: 0, type: 1, q: 200, width: 16, height: 16 } as const;
  writeQuantizationHeader(out, writeJpegHeader(out, 0, header), tables);
  assert.ok(parseJpegPayload(out));
  assert.equal(parseJpegPayload(out.subarray(0, -1)), null);
  for (const [at, value] of [
    [4, 64],
    [4, 2],
    [5, 99],
    [6, 0],
    [9, 1],
    [11, 64],
  ]) {
    const broken = Buffer.from(out);
    broken[at!] = value!;
    assert.equal(parseJpegPayload(broken), null, `byte ${at} = ${value}`);
  }
});

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      parseJpegPayload(Buffer.from(bytes));
    }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 5 }),
      fc.nat(file.length),
      (edits, cut) => {
        const broken = Buffer.from(file);
        for (const [at, value] of edits) broken[at] = value;
        try {
          const { type, width, height, quantizationTables, scan } = parseJpeg(broken.subarray(0, file.length - cut));
          const again = parseJpeg(buildJpeg({ type, width, height, tables: quantizationTables }, scan));
          assert.deepEqual(again.scan, scan);
        } catch (error) {
          assert.ok(error instanceof JpegRefused, String(error));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('a JPEG of FFmpeg, parsed and built again, decodes to the same pixels', { skip: without('ffmpeg') }, () => {
  for (const size of ['640x360', '100x66', '320x1080']) {
    const source = ['-f', 'lavfi', '-i', `testsrc2=s=${size}`, '-frames:v', '1', '-pix_fmt', 'yuvj420p'];
    const made = ffmpeg([...source, '-c:v', 'mjpeg', '-huffman', 'default', '-q:v', '3', '-f', 'mjpeg', '-']);
    const { type, width, height, quantizationTables, scan } = parseJpeg(made);
    assert.equal(`${width}x${height}`, size);
    assert.equal(type, 1);
    const rebuilt = buildJpeg({ type, width, height, tables: quantizationTables }, scan);
    const pixels = (jpeg: Buffer): Buffer => ffmpeg(['-f', 'mjpeg', '-i', '-', '-f', 'rawvideo', '-'], jpeg);
    assert.ok(pixels(rebuilt).equals(pixels(made)));
  }
});

test('a JPEG that RTP cannot carry is refused with the reason', { skip: without('ffmpeg') }, () => {
  const make = (...options: string[]): Buffer =>
    ffmpeg(['-f', 'lavfi', '-i', 'testsrc2=s=64x64', '-frames:v', '1', ...options, '-f', 'mjpeg', '-']);
  const optimal = make('-pix_fmt', 'yuvj420p', '-huffman', 'optimal');
  assert.throws(() => parseJpeg(optimal), /Huffman/);
  const full = make('-pix_fmt', 'yuvj444p', '-huffman', 'default');
  assert.throws(() => parseJpeg(full), /4:2:0/);
  assert.throws(() => parseJpeg(Buffer.from('GIF89a')), /not a JPEG/);
});
