import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticks90k } from '../base/units.js';
import type { SourceFacts } from '../media/source-facts.js';
import { forEachByEncoding, pixelsToEncode } from './encoding-order.js';

const facts = (changed: Partial<SourceFacts> = {}): SourceFacts => ({
  width: 160,
  height: 90,
  sampleAspectRatio: [1, 1],
  frameRate: [25, 1],
  channels: 2,
  languages: [],
  dolby: null,
  duration: Ticks90k(90_000),
  isStill: false,
  reorderDelay: Ticks90k(0),
  encoded: null,
  ...changed,
});
const pixels = (...all: (SourceFacts | null)[]) =>
  pixelsToEncode({
    candidates: all.map((each, i) => ({ file: `${i}`, facts: each })),
    format: 'h264',
    request: {},
  });

test('what has to be encoded counts by its time and the pixels of the station', () => {
  assert.equal(pixels(facts(), facts()), 0);
  assert.equal(pixels(facts({ encoded: 'VP9' })), 160 * 90 * 25);
  const long = facts({ duration: Ticks90k(900_000) });
  assert.equal(pixels(long, facts({ width: 640 }), facts({ encoded: 'VP9' })), 2 * 160 * 90 * 25);
  assert.equal(pixels(facts({ isStill: true, encoded: 'a picture' })), 0, 'a picture is one picture');
  assert.equal(pixels(null), 0, 'what cannot be used is said at once');
  assert.equal(pixels(facts({ encoded: 'VP9', duration: Ticks90k(0) })), 3_600 * 160 * 90 * 25, 'of unknown length');
});

test('stations that need no encoding come first, then those that need the least', async () => {
  const stations = [50, 0, 20, 0, 30, 0, 10, 0, 0, 5].map((pixels, number) => ({ pixels, number }));
  const order: number[] = [];
  const encoded: number[] = [];
  const looks: number[] = [];
  await forEachByEncoding(
    stations,
    async (some) => {
      looks.push(some.length);
      return some.map((each) => each.pixels);
    },
    async ({ number }, isEncoded) => {
      order.push(number);
      if (isEncoded) encoded.push(number);
    },
  );
  assert.deepEqual(order, [1, 3, 5, 7, 8, 9, 6, 2, 4, 0]);
  assert.deepEqual(encoded, [9, 6, 2, 4, 0]);
  assert.deepEqual(looks, [4, 4, 2]);
});
