import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Gesture, Touch } from './touch.js';

/** The gestures of movements from point to point. */
function gestures(...moves: [from: [number, number], to: [number, number], time: number][]): (Gesture | null)[] {
  const touch = new Touch();
  return moves.map(([from, to, time]) => {
    touch.down({ x: from[0], y: from[1], time });
    return touch.up({ x: to[0], y: to[1], time: time + 50 });
  });
}

test('two quick taps are a double tap', () => {
  assert.deepEqual(
    gestures([[5, 5], [8, 9], 0], [[5, 5], [5, 5], 200], [[5, 5], [5, 5], 400], [[5, 5], [5, 5], 2000]),
    ['tap', 'double-tap', 'tap', 'tap'],
  );
});

test('only vertical swipes change the station', () => {
  assert.deepEqual(
    gestures(
      [[100, 300], [110, 200], 0],
      [[100, 200], [90, 300], 500],
      [[100, 300], [300, 200], 900],
      [[0, 60], [0, 30], 999],
    ),
    ['up', 'down', null, null],
  );
});

test('a finger that came from elsewhere did nothing', () => {
  assert.equal(new Touch().up({ x: 0, y: 0, time: 0 }), null);
});
