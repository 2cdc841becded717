import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis, RTP_TIME_MODULUS, wrap } from '../base/units.js';
import { Jitter } from './jitter.js';

/** Jitter of packets every 20 ms, each `late(i)` ms late, of a stream that began at an RTP time. */
function jitterOf(late: (i: number) => number, began = 0): number {
  const jitter = new Jitter();
  for (let i = 0; i < 1_000; i++)
    jitter.add(wrap(began + i * 1_800, RTP_TIME_MODULUS), Millis(5_000 + i * 20 + late(i)));
  return jitter.value;
}

test('a steady stream has no jitter, also across the wrap of time stamps', () => {
  assert.equal(
    jitterOf(() => 30),
    0,
  );
  assert.equal(
    jitterOf(() => 30, RTP_TIME_MODULUS - 900_000),
    0,
  );
});

test('jitter approaches the mean difference of two transit times', () => {
  assert.equal(
    jitterOf((i) => (i % 2) * 4),
    360,
  );
  assert.equal(
    jitterOf((i) => (i % 2) * 4, RTP_TIME_MODULUS - 900_000),
    360,
  );
});
