import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticks90k } from '../../base/units.js';
import { Timeline } from './timeline.js';

/** The times of packets of 3,600 ticks without their jumps. */
function closed(packets: [stream: number, time: number][]): number[] {
  const timeline = new Timeline();
  return packets.map(([stream, time]) => time + timeline.shift(stream, Ticks90k(time), Ticks90k(3_600)));
}

test('a jump forwards or backwards is removed from all streams alike', () => {
  const hour = 3_600 * 90_000;
  assert.deepEqual(
    closed([
      [0, 0],
      [1, 100],
      [0, 3_600],
      [0, hour],
      [1, hour + 100 - 3_600],
      [0, 50_000],
      [1, 50_100],
    ]),
    [0, 100, 3_600, 7_200, 3_700, 10_800, 10_900],
  );
});

test('a pause of some seconds is kept', () => {
  assert.deepEqual(
    closed([
      [0, 0],
      [0, 5 * 90_000],
    ]),
    [0, 5 * 90_000],
  );
});
