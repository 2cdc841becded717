import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../../src/base/units.js';
import { positionOf, timeAt, timelineOf } from './timeline.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const live = Millis(1000 * HOUR);

const programme = (from: number, to: number, title: string) => ({ from: Millis(from), to: Millis(to), title });
const line = (more: Partial<Parameters<typeof timelineOf>[0]>) =>
  timelineOf({ live, oldest: Millis(0), time: live, programmes: [], ...more });

test('the bar spans the current programme', () => {
  const programmes = [programme(live - 50 * MINUTE, live + 40 * MINUTE, 'Film')];
  const { from, to } = line({ programmes });
  assert.deepEqual([from, to], [live - 50 * MINUTE, live + 40 * MINUTE]);
});

test('the bar goes back half an hour at least and two hours at most, and ends at live where the end is far', () => {
  const short = [programme(live - MINUTE, live + MINUTE, 'Spot')];
  assert.equal(line({ programmes: short }).from, live - 30 * MINUTE);
  const long = [programme(live - 9 * HOUR, live + 9 * HOUR, 'Loop')];
  const { from, to } = line({ programmes: long });
  assert.deepEqual([from, to], [live - 2 * HOUR, live]);
});

test('the bar reaches a picture that is further back', () => {
  const { from } = line({ time: Millis(live - 5 * HOUR) });
  assert.equal(from, live - 5 * HOUR - 10 * MINUTE);
});

test('a moment before the oldest cannot be sought', () => {
  const { from, oldest } = line({ oldest: Millis(live - 20 * MINUTE) });
  assert.deepEqual([from, oldest], [live - 20 * MINUTE, live - 20 * MINUTE]);
  const none = line({ oldest: null });
  assert.equal(none.oldest, live);
  assert.equal(timeAt(none, 0), live);
});

test('beginnings of programmes are marked, unless they are too many', () => {
  const every = (length: number) =>
    Array.from({ length: 400 }, (_, index) => {
      const from = live - 40 * MINUTE + index * length;
      return programme(from, from + length, `Spot ${index}`);
    });
  const { marks } = line({ programmes: every(5 * MINUTE) });
  assert.deepEqual(
    marks.map(({ time }) => (live - time) / MINUTE),
    [25, 20, 15, 10, 5, 0],
  );
  assert.deepEqual(line({ programmes: every(5000) }).marks, []);
});

test('positions and times convert into each other', () => {
  const bar = line({});
  assert.equal(positionOf(bar, timeAt(bar, 0.25)), 0.25);
  assert.equal(positionOf(bar, bar.from - 5), 0);
  assert.equal(positionOf(bar, bar.to + 5), 1);
});

test('a moment after live cannot be sought', () => {
  const bar = line({ programmes: [programme(live - HOUR, live + HOUR, 'Film')] });
  assert.equal(timeAt(bar, 1), live);
  assert.equal(positionOf(bar, live), 0.5);
});
