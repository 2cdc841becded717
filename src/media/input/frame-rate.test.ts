import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticks90k } from '../../base/units.js';
import { constantRate, isMeant, steadyRate } from './frame-rate.js';

test('a gap or an odd last frame does not change the frame rate', () => {
  assert.equal(isMeant({ average: [5_997, 250], base: [24, 1], frames: 7_200 }), true, 'a gap');
  assert.equal(isMeant({ average: [1_250, 49], base: [25, 1], frames: 50 }), true, 'a last frame without duration');
  assert.equal(isMeant({ average: [25, 1], base: [50, 1], frames: 500 }), false, 'fields');
  assert.equal(isMeant({ average: [17, 1], base: [1_000, 1], frames: 500 }), false, 'a varying rate');
});

/** Times of 200 pictures, rounded to whole milliseconds, each third one decoded before the two others. */
function inMillis(rate: number): Ticks90k[] {
  const times = Array.from({ length: 200 }, (_, i) => Ticks90k(Math.round((i * 1_000) / rate) * 90));
  for (let i = 0; i + 2 < times.length; i += 3) {
    const [third] = times.splice(i + 2, 1);
    times.splice(i, 0, third!);
  }
  return times;
}

test('a constant frame rate is found in times of milliseconds', () => {
  assert.deepEqual(constantRate(inMillis(24_000 / 1_001)), [24_000, 1_001]);
  assert.deepEqual(constantRate(inMillis(24)), [24, 1]);
  assert.deepEqual(constantRate(inMillis(60_000 / 1_001)), [60_000, 1_001]);
});

test('pictures at a varying rate have no constant rate', () => {
  assert.equal(constantRate(inMillis(25).filter((_, i) => i % 7 !== 3)), null);
  assert.equal(constantRate([Ticks90k(0), Ticks90k(3_600)]), null, 'too few');
});

test('pictures at a varying rate are called by the rate of their clock, or by a usual one above their average', () => {
  assert.deepEqual(steadyRate([4_410, 179], [25, 1]), [25, 1]);
  assert.deepEqual(steadyRate([284, 10], [30, 1]), [30, 1], 'a telephone that leaves out some pictures');
  assert.deepEqual(steadyRate([4_410, 179], [90_000, 1]), [25, 1], 'a clock of ticks');
  assert.deepEqual(steadyRate([25, 1], [50, 1]), [25, 1], 'fields');
  assert.deepEqual(steadyRate([18, 1], [1_000, 1]), [18, 1], 'nothing usual is near');
});
