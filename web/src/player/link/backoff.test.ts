import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.js';

test('each wait is up to twice as long as the previous one, five seconds at most', () => {
  const longest = new Backoff(() => 1);
  assert.deepEqual(
    Array.from({ length: 7 }, () => longest.next()),
    [200, 400, 800, 1600, 3200, 5000, 5000],
  );
  longest.reset();
  assert.equal(longest.next(), 200);
});

test('half of a wait is random, so that a thousand pages do not reconnect at once', () => {
  assert.equal(new Backoff(() => 0).next(), 100);
  assert.equal(new Backoff(() => 0.5).next(), 150);
});
