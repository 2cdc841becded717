import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, countdownOf, durationOf, millisOf, rateOf, shareOf, textOf } from './texts.js';

test('rates have three digits and a fitting unit', () => {
  const texts = [0, 999, 999.9, 1_000, 9_994, 64_000, 999_600, 1_234_567, 99_960_000, 1.5e9].map((bits) =>
    textOf(rateOf(bits)),
  );
  assert.deepEqual(texts, [
    '0 bit/s',
    '999 bit/s',
    '1.00 kbit/s',
    '1.00 kbit/s',
    '9.99 kbit/s',
    '64.0 kbit/s',
    '1.00 Mbit/s',
    '1.23 Mbit/s',
    '100 Mbit/s',
    '1.50 Gbit/s',
  ]);
  assert.equal(textOf(bytesOf(1.2e13)), '12.0 TB');
});

test('a small share is not rounded to nothing', () => {
  const texts = [0, 0.00001, 0.0002, 0.012, 0.0999, 0.5, 1].map((share) => textOf(shareOf(share)));
  assert.deepEqual(texts, ['0 %', '<0.01 %', '0.02 %', '1.2 %', '10 %', '50 %', '100 %']);
});

test('times have the units that they need', () => {
  assert.deepEqual(
    [null, -0.04, -3.26, 9.96, 999.4, 1_500].map((value) => textOf(millisOf(value))),
    ['–', '0.0 ms', '−3.3 ms', '10 ms', '999 ms', '1.50 s'],
  );
  assert.deepEqual([-5, 59_999, 60_000, 3_600_000, 3_660_000, 90_000_000, 172_800_000].map(durationOf), [
    '0 s',
    '59 s',
    '1 min',
    '1 h',
    '1 h 1 min',
    '1 d 1 h',
    '2 d',
  ]);
  assert.deepEqual([-1, 1, 7_000, 725_000, 3_723_000].map(countdownOf), ['0:00', '0:01', '0:07', '12:05', '1:02:03']);
});
