import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ticks90k } from '../../base/units.js';
import type { Ratio } from '../settings.js';
import { Pacer } from './pacer.js';

/** The picture in each slot. */
function paced(rate: Ratio, times: number[], end: number): number[] {
  const pacer = new Pacer(rate);
  const slots: number[] = [];
  times.forEach((time, i) => {
    for (let n = pacer.until(Ticks90k(time)); n > 0; n--) slots.push(i - 1);
  });
  for (let n = pacer.untilEnd(Ticks90k(end)); n > 0; n--) slots.push(times.length - 1);
  return slots;
}

test('pictures at the rate itself are unchanged', () => {
  assert.deepEqual(paced([25, 1], [0, 3_600, 7_200, 10_800], 14_400), [0, 1, 2, 3]);
});

test('a picture is repeated until the next one begins', () => {
  assert.deepEqual(paced([25, 1], [0, 3_600, 14_400], 18_000), [0, 1, 1, 1, 2]);
});

test('of pictures that come too fast, the latest is shown', () => {
  assert.deepEqual(paced([25, 1], [0, 1_800, 3_600, 5_400, 7_200], 9_000), [0, 2, 4]);
});

test('time stamps that stray by a millisecond, as in Matroska, repeat and drop nothing', () => {
  const times = Array.from({ length: 240 }, (_, i) => Math.round((i * 1_000) / 24) * 90);
  assert.deepEqual(paced([24, 1], times, 900_000), [...times.keys()]);
});

test('a last picture nearer to the end than to a slot of its own adds no slot', () => {
  assert.deepEqual(paced([10, 1], [0, 9_000, 14_000], 18_000), [0, 1]);
});

test('a single picture is shown at least once', () => {
  assert.deepEqual(paced([30, 1], [0], 0), [0]);
});

test('pictures at any times keep their order and fill the whole time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 60 }), (steps) => {
      let time = 0;
      const times = steps.map((step, i) => {
        if (i > 0) time += step;
        return time;
      });
      const slots = paced([30_000, 1_001], times, time + 3_003);
      assert.deepEqual(
        slots,
        [...slots].sort((a, b) => a - b),
      );
      assert.ok(Math.abs(slots.length * 3_003 - (time + 3_003)) <= 3_003);
    }),
  );
});
