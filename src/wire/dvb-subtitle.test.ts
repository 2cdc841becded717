import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeSubtitlePage, type SubtitlePage, textsIn } from './dvb-subtitle.js';
import { DvbSubtitleDecoder } from './dvb-subtitle-decoder.js';

/** Greys, which colours of BT.601 with 8 bits keep; the first is transparent. */
const greys = (count: number) =>
  Uint8Array.from({ length: count * 4 }, (_, i) => {
    const entry = Math.floor(i / 4);
    if (entry === 0) return 0;
    return i % 4 === 3 ? 255 - (entry >> 1) : Math.round((entry * 255) / count);
  });

const region = fc
  .record({
    width: fc.integer({ min: 1, max: 300 }),
    height: fc.integer({ min: 1, max: 9 }),
    colours: fc.constantFrom(2, 16, 17, 256),
    runs: fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 320 })), { minLength: 1 }),
  })
  .map(({ width, height, colours, runs }) => {
    const row = runs.flatMap(([colour, run]) => new Array<number>(run).fill(colour % colours));
    const pixels = Uint8Array.from({ length: width * height }, (_, i) => row[i % row.length]!);
    return { width, height, pixels, palette: greys(colours) };
  });

test('a page is decoded as it was encoded, with runs of every length and any number of colours', () => {
  fc.assert(
    fc.property(fc.array(region, { maxLength: 4 }), fc.integer({ min: 0, max: 40 }), (regions, version) => {
      let y = 0;
      const placed = regions.map((each) => {
        const top = y;
        y += each.height;
        return { ...each, x: 7, y: top };
      });
      const page: SubtitlePage = { width: 1_280, height: 720, regions: placed, timeout: 5 };
      const decoded = new DvbSubtitleDecoder().decode(encodeSubtitlePage(page, version));
      assert.ok(decoded);
      assert.deepEqual([decoded.width, decoded.height, decoded.timeout], [1_280, 720, 5]);
      assert.equal(decoded.regions.length, placed.length);
      for (const [i, { palette, ...rest }] of decoded.regions.entries()) {
        const { palette: colours, ...expected } = placed[i]!;
        assert.deepEqual(rest, expected);
        for (const [at, value] of colours.entries()) {
          assert.ok(Math.abs(palette[at]! - value) <= 2, `entry ${at >> 2}: ${palette[at]} for ${value}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('what is behind the last pixel of a line costs nothing: GStreamer refuses lines as long as their region', () => {
  for (const colours of [16, 256]) {
    const dataOf = (line: number[]) => {
      const pixels = Uint8Array.from([...line, ...line]);
      const shown = { x: 0, y: 0, width: line.length, height: 2, pixels, palette: greys(colours) };
      return encodeSubtitlePage({ width: 720, height: 576, regions: [shown], timeout: 9 }, 0);
    };
    assert.equal(dataOf([1, 0, 2, 0, 0, 0, 0]).length, dataOf([1, 0, 2]).length);
  }
});

test('the text of a page is in a segment of its own', () => {
  const text = { age: 1_000, duration: 2_500, text: 'Grüße\naus 漢字' };
  const page: SubtitlePage = { width: 720, height: 576, regions: [], timeout: 1, text };
  const data = encodeSubtitlePage(page, 0);
  assert.deepEqual(new DvbSubtitleDecoder().decode(data)?.text, text);
  assert.deepEqual(textsIn(data), [text]);
});

test('any bytes are decoded without an exception', () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0x10, max: 0x16 }), bytes), { maxLength: 12 }), (segments) => {
      const parts = segments.map(([type, body]) =>
        Buffer.from([0x0f, type, 0, 1, body.length >> 8, body.length, ...body]),
      );
      new DvbSubtitleDecoder().decode(Buffer.concat([Buffer.of(0x20, 0), ...parts]));
    }),
  );
});

test('a page without regions clears the screen, and pages of other services are left out', () => {
  const decoder = new DvbSubtitleDecoder();
  const pixels = new Uint8Array(4).fill(1);
  const shown = [{ x: 0, y: 0, width: 2, height: 2, pixels, palette: greys(2) }];
  const page = { width: 720, height: 576, regions: shown, timeout: 9 };
  assert.equal(decoder.decode(encodeSubtitlePage(page, 0))?.regions.length, 1);
  assert.equal(decoder.decode(encodeSubtitlePage({ ...page, regions: [] }, 1))?.regions.length, 0);
  assert.equal(decoder.decode(encodeSubtitlePage(page, 2), new Set([7])), null);
});
