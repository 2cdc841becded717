import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticks90k } from '../../base/units.js';
import { PeakRate } from './peak-rate.js';

/** Bit rate of the busiest second of pictures at 25 a second, of these bytes. */
function peakOf(sizes: number[], order: (index: number) => number = (index) => index): number {
  const rate = new PeakRate();
  for (const [i, bytes] of sizes.entries()) rate.add(Ticks90k(order(i) * 3_600), bytes);
  return rate.of(Ticks90k(sizes.length * 3_600));
}

test('the busiest second counts, not the average', () => {
  const sizes = [...Array(50).fill(1_000), ...Array(25).fill(100_000), ...Array(250).fill(1_000)];
  assert.equal(peakOf(sizes), 25 * 100_000 * 8);
});

test('a second has the pictures that are shown in it, in any order of decoding', () => {
  // I, then P before the two B-pictures that are shown before it.
  const reordered = (index: number) => (index === 0 ? 0 : index % 3 === 1 ? index + 2 : index - 1);
  assert.equal(peakOf(Array(100).fill(10_000), reordered), 25 * 10_000 * 8);
});

test('a film that is shorter than a second is as busy as its loop', () => {
  assert.equal(peakOf(Array(5).fill(10_000)), 25 * 10_000 * 8);
});
