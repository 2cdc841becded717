import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis } from '../base/units.js';
import { FASTEST, LatencyController, LEAST_BUFFERED, NEAR } from './latency-controller.js';

/** How often the controller is asked, and how far apart the moments are at which the player is looked at. */
const LOOK = 200;
const STEP = 10;

interface Supply {
  /** How far ahead of its picture's time data is there, at each moment: at least 20 ms. */
  margin: (time: number) => number;
  /** Intervals `[from, to)` in which nothing comes; all of it comes at their end. */
  stalls?: readonly (readonly [from: number, to: number])[];
}

/** A player that begins `distance` behind, played for `duration`. */
function play(distance: number, { margin, stalls = [] }: Supply, duration: number) {
  const end = Math.ceil(duration / STEP) * STEP;
  const latencyController = new LatencyController();
  let position = -distance;
  let available = margin(0);
  let speed = 1;
  let changes = 0;
  let underRuns = 0;
  for (let time = 0; time < end; time += STEP) {
    if (!stalls.some(([from, to]) => time >= from && time < to)) available = Math.max(available, time + margin(time));
    if (time % LOOK === 0) {
      const next = latencyController.speed({
        distance: Millis(time - position),
        buffered: Millis(available - position),
      });
      if (next !== speed) changes++;
      speed = next;
    }
    position += speed * STEP;
    if (position > available) {
      underRuns++;
      position = available;
    }
  }
  return { distance: end - position, changes, underRuns };
}

const margins = fc
  .array(fc.integer({ min: 20, max: 700 }), { minLength: 1, maxLength: 20 })
  .map((values) => (time: number) => values[Math.floor(time / 70) % values.length]!);

test('the picture approaches the one on the air and stays there, without a stall', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 15_000 }), margins, (distance, margin) => {
      const end = play(distance, { margin }, distance / (FASTEST - 1) + 60_000);
      assert.equal(end.underRuns, 0);
      if (distance <= 2 * NEAR) assert.deepEqual([end.distance, end.changes], [distance, 0]);
      else {
        assert.equal(end.changes, 2);
        const overshoot = (FASTEST - 1) * LOOK;
        assert.ok(end.distance <= NEAR + 1e-6 && end.distance >= NEAR - overshoot - 1e-6, `${end.distance}`);
      }
    }),
  );
});

test('with an unsteady supply, playing faster never causes a stall', () => {
  const shortest = 2_000;
  const stalls = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 10, max: LEAST_BUFFERED - 20 })), {
      maxLength: 10,
    })
    .map((gaps) => {
      let at = 0;
      return gaps.map(([gap, length]): [number, number] => {
        at += gap * shortest;
        return [at, at + length];
      });
    });
  fc.assert(
    fc.property(fc.integer({ min: NEAR, max: 15_000 }), margins, stalls, (distance, margin, gaps) => {
      const end = play(distance, { margin, stalls: gaps }, 700_000);
      assert.equal(end.underRuns, 0);
      assert.ok(end.changes <= 2 + 2 * gaps.length, `${end.changes} changes`);
    }),
  );
});

test('when the player’s buffer runs low, the picture stays where it is, and does not try again', () => {
  const latencyController = new LatencyController();
  assert.equal(latencyController.speed({ distance: Millis(3_000), buffered: Millis(400) }), FASTEST);
  assert.equal(latencyController.speed({ distance: Millis(2_990), buffered: Millis(LEAST_BUFFERED - 1) }), 1);
  assert.equal(latencyController.speed({ distance: Millis(2_990), buffered: Millis(2_000) }), 1);
  assert.equal(latencyController.speed({ distance: Millis(3_400), buffered: Millis(2_000) }), 1);
  assert.equal(latencyController.speed({ distance: Millis(3_600), buffered: Millis(2_000) }), FASTEST);
  assert.equal(latencyController.speed({ distance: Millis(3_240), buffered: Millis(2_000) }), 1);
  latencyController.reset();
  assert.equal(latencyController.speed({ distance: Millis(2_990), buffered: Millis(400) }), FASTEST);
});

test('a picture that has to stay does, and a player of unknown buffer is taken to hold enough', () => {
  const latencyController = new LatencyController();
  assert.equal(latencyController.speed({ distance: Millis(3_000), buffered: null }), 1.05);
  assert.equal(latencyController.stay(), 1);
  assert.equal(latencyController.speed({ distance: Millis(400), buffered: null }), 1);
});
