import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterGap, ahead, holds, removable } from './ranges.js';

const ranges = [
  { start: 10, end: 20 },
  { start: 20.04, end: 30 },
  { start: 35, end: 40 },
];

test('media ahead ends at the first gap', () => {
  const cases: [time: number, ahead: number][] = [
    [5, 0],
    [10, 20],
    [19.5, 10.5],
    [29, 1],
    [30, 0],
    [36, 4],
    [41, 0],
  ];
  for (const [time, expected] of cases) assert.ok(Math.abs(ahead(ranges, time) - expected) < 1e-9, `at ${time}`);
  assert.equal(ahead([], 3), 0);
});

test('a moment is buffered from the start of a range until before its end', () => {
  assert.deepEqual(
    [9.9, 10, 19.99, 20, 35, 40].map((time) => holds(ranges, time)),
    [false, true, true, false, true, false],
  );
});

test('a player in a gap continues at its end', () => {
  assert.equal(afterGap(ranges, 30), 35);
  assert.equal(afterGap(ranges, 29.97), 35);
  assert.equal(afterGap(ranges, 33), 35);
  assert.equal(afterGap(ranges, 29), null);
  assert.equal(afterGap(ranges, 40), null);
  assert.equal(afterGap(ranges, 5), 10);
});

test('a player that stopped shortly before a short gap continues after it', () => {
  assert.equal(afterGap(ranges, 19.97), 20.04);
  assert.equal(afterGap(ranges, 19.8), 20.04);
  assert.equal(afterGap(ranges, 20.02), 20.04);
  assert.equal(afterGap(ranges, 19.5), null);
});

test('half a minute behind the picture is kept, and older media is removed in one piece', () => {
  assert.equal(removable([{ start: 0, end: 100 }], 39), null);
  assert.equal(removable([{ start: 0, end: 100 }], 40), 10);
  assert.equal(removable([{ start: 100, end: 200 }], 100), null);
  assert.equal(removable([], 1000), null);
});
