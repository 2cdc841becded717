import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenBucket } from './token-bucket.js';
import { Millis } from './units.js';

test('a bucket gives its capacity at once, and then its rate', () => {
  const bucket = new TokenBucket({ rate: 10, capacity: 3 }, Millis(0));
  assert.deepEqual(
    [0, 0, 0, 0].map((now) => bucket.tryTake(1, Millis(now))),
    [true, true, true, false],
  );
  assert.equal(bucket.waitFor(1, Millis(0)), 100);
  assert.equal(bucket.tryTake(1, Millis(99)), false);
  assert.equal(bucket.tryTake(1, Millis(100)), true);
  assert.equal(bucket.isFull(Millis(399)), false);
  assert.equal(bucket.isFull(Millis(400)), true);
});

test('no more than the capacity is kept, and a clock that is behind refills nothing', () => {
  const bucket = new TokenBucket({ rate: 1_000, capacity: 5 }, Millis(0));
  assert.ok(bucket.has(5, 0, Millis(10_000)));
  bucket.take(5);
  assert.equal(bucket.has(1, 0, Millis(9_000)), false);
  bucket.giveBack(9);
  assert.ok(bucket.has(5, 0, Millis(10_000)));
  assert.equal(bucket.has(5.1, 0, Millis(20_000)), false);
});

test('a reserve is left for others, and a debt is refilled before anything is taken', () => {
  const bucket = new TokenBucket({ rate: 10, capacity: 10 }, Millis(0));
  assert.equal(bucket.has(8, 0.3, Millis(0)), false);
  assert.ok(bucket.has(7, 0.3, Millis(0)));
  bucket.take(15);
  assert.equal(bucket.waitFor(1, Millis(0)), 600);
});
