import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aspectName, encodedFrameRate, tidyFrameRate } from './ratio.js';
import type { Ratio } from './settings.js';
import { frameTime } from './spool.js';

const rates: [what: string, given: Ratio, tidy: Ratio][] = [
  ['23.976 measured in milliseconds', [23_976, 1_000], [24_000, 1_001]],
  ['24 with a slightly long last frame', [2_399, 100], [2_399, 100]],
  ['an exact 29.97', [30_000, 1_001], [30_000, 1_001]],
  ['29.97 in words', [2_997, 100], [30_000, 1_001]],
  ['25', [25, 1], [25, 1]],
  ['a varying rate', [1_734_567, 100_000], [8_673, 500]],
];
for (const [what, given, tidy] of rates) {
  test(`the frame rate ${what} becomes ${tidy.join('/')}`, () => assert.deepEqual(tidyFrameRate(given), tidy));
}

test('encoded films have 5 to 60 pictures a second', () => {
  assert.deepEqual(encodedFrameRate([120, 1]), [60, 1]);
  assert.deepEqual(encodedFrameRate([60_000, 1_001]), [60_000, 1_001]);
  assert.deepEqual(encodedFrameRate([1, 2]), [5, 1]);
  assert.deepEqual(encodedFrameRate(null), [25, 1]);
});

test('frames at 29.97 a second keep their times after ten hours', () => {
  const tenHours = Math.round((36_000 * 30_000) / 1_001);
  assert.equal(frameTime(tenHours, [30_000, 1_001]), tenHours * 3_003);
});

const aspects: [size: [number, number], pixel: Ratio, name: string][] = [
  [[1_920, 1_080], [1, 1], '16:9'],
  [[1_920, 1_088], [1, 1], '16:9'],
  [[720, 576], [16, 15], '4:3'],
  [[720, 576], [64, 45], '16:9'],
  [[1_080, 1_920], [1, 1], '9:16'],
  [[1_920, 804], [1, 1], '2.39:1'],
  [[400, 1_000], [1, 1], '1:2.50'],
];
for (const [[width, height], sampleAspectRatio, name] of aspects) {
  test(`${width} × ${height} with pixels of ${sampleAspectRatio.join(':')} is ${name}`, () => {
    assert.equal(aspectName({ width, height, sampleAspectRatio }), name);
  });
}
