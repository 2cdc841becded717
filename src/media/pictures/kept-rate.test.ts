import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticks90k } from '../../base/units.js';
import type { Ratio } from '../settings.js';
import { keptRate } from './kept-rate.js';

/** Times in ticks, rounded to milliseconds, of pictures that begin at `seconds`; the last one stands for `last` seconds. */
const pictures = (seconds: number[], last: number) => ({
  shown: Float64Array.from(seconds, (time) => Math.round(time * 1_000) * 90),
  lastDuration: Ticks90k(last * 90_000),
});
const every = (interval: number, count: number) => Array.from({ length: count }, (_, i) => i * interval);

const cases: { what: string; seconds: number[]; last: number; average?: Ratio; base?: Ratio; expected: Ratio }[] = [
  { what: '24 a second', seconds: every(1 / 24, 90), last: 1 / 24, base: [1_000, 1], expected: [24, 1] },
  {
    what: '23.976 a second',
    seconds: every(1_001 / 24_000, 90),
    last: 1_001 / 24_000,
    average: [24_000, 1_001],
    base: [24_000, 1_001],
    expected: [24_000, 1_001],
  },
  {
    what: '30 a second, of which a phone left out some',
    seconds: every(1 / 30, 200).filter((_, i) => i % 7 !== 3),
    last: 1 / 30,
    average: [2_571, 100],
    base: [30, 1],
    expected: [30, 1],
  },
  { what: 'a picture every 10 s', seconds: every(10, 5), last: 10, average: [1, 10], base: [1, 10], expected: [5, 1] },
  {
    what: 'a screen recording: still for seconds, then as fast as 25 a second',
    seconds: [0, 4, 4.04, 4.08, 4.16, 9.52],
    last: 0.04,
    average: [6, 10],
    base: [1_000, 1],
    expected: [24_000, 1_001],
  },
  {
    what: '120 a second',
    seconds: every(1 / 120, 240),
    last: 1 / 120,
    average: [120, 1],
    base: [120, 1],
    expected: [60, 1],
  },
  {
    what: '100 a second',
    seconds: every(1 / 100, 240),
    last: 1 / 100,
    average: [100, 1],
    base: [100, 1],
    expected: [50, 1],
  },
  {
    what: '25 a second, of which one comes 10 ms behind another',
    seconds: [...every(1 / 25, 100), 1.01].sort((a, b) => a - b),
    last: 1 / 25,
    average: [25, 1],
    base: [1_000, 1],
    expected: [48, 1],
  },
  {
    what: 'an animation with pictures of 0.1 and 0.2 s',
    seconds: [0, 0.1, 0.3, 0.4, 0.6],
    last: 0.2,
    average: [50, 8],
    expected: [10, 1],
  },
  { what: 'a single picture for a minute', seconds: [0], last: 60, average: [25, 1], base: [25, 1], expected: [5, 1] },
  { what: 'a file without times', seconds: [], last: 0, average: [25, 1], base: [50, 1], expected: [25, 1] },
  { what: 'a single picture for 40 ms', seconds: [0], last: 0.04, expected: [24_000, 1_001] },
];

for (const { what, seconds, last, average = null, base = null, expected } of cases) {
  test(`the rate of ${what} is ${expected.join('/')}`, () => {
    assert.deepEqual(keptRate(pictures(seconds, last), { average, base }), expected);
  });
}
