import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Detail } from './detail.js';

/** Counts so many pictures, of which each `every` is left out; 0: none. */
function count(detail: Detail, pictures: number, every: number): number {
  for (let at = 1; at <= pictures; at++) detail.count(every === 0 || at % every !== 0);
  return detail.share;
}

test('pictures become coarser while half of them are left out, to a limit', () => {
  const detail = new Detail();
  assert.equal(detail.share, 1);
  assert.equal(count(detail, 10, 2), 0.7);
  assert.equal(count(detail, 10, 2), 0.5);
  assert.equal(count(detail, 100, 1), 0.25);
});

test('some that are left out change nothing, none for a while make pictures finer, to a limit', () => {
  const detail = new Detail();
  count(detail, 10, 1);
  assert.equal(count(detail, 999, 3), 0.7);
  assert.equal(count(detail, 149, 0), 0.7);
  assert.equal(count(detail, 1, 0), 1);
  assert.equal(count(detail, 1_000, 0), 1);
});
