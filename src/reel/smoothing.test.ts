import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ticks90k } from '../base/units.js';
import { type Bounds, busiestWindow, CurveReader, GRID, raiseFloor, tautString, WINDOW } from './smoothing.js';

/** Bounds of packets that each have `window` steps to leave. */
function boundsOf(packets: number[], window: number): Bounds {
  const steps = packets.length + window;
  const lower = new Float64Array(steps + 1);
  const upper = new Float64Array(steps + 1);
  for (let step = 1; step <= steps; step++) {
    lower[step] = lower[step - 1]! + (packets[step - 1 - window] ?? 0);
    upper[step] = upper[step - 1]! + (packets[step - 1] ?? 0);
  }
  return { lower, upper };
}

const packetRuns = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 500 })), {
  minLength: 2,
  maxLength: 200,
});

test('the string stays between its bounds and ends at the total', () => {
  fc.assert(
    fc.property(packetRuns, fc.integer({ min: 1, max: 70 }), (packets, window) => {
      const bounds = boundsOf(packets, window);
      const steps = bounds.lower.length - 1;
      const curve = tautString(bounds, Ticks90k(steps * GRID));
      assert.equal(curve.counts.at(-1), bounds.lower[steps]);
      const reader = new CurveReader(curve);
      for (let step = 0; step <= steps; step++) {
        const count = reader.countAt(step * GRID);
        assert.ok(count >= bounds.lower[step]! - 1e-6 && count <= bounds.upper[step]! + 1e-6, `step ${step}: ${count}`);
      }
    }),
  );
});

test('a large picture among small ones is spread over its whole window', () => {
  const packets = new Array(100).fill(2);
  packets[50] = 700;
  const curve = tautString(boundsOf(packets, 70), Ticks90k(170 * GRID));
  const window = WINDOW / GRID;
  assert.ok(busiestWindow(curve) <= ((700 + 70 * 2) / 70) * window * 1.05, `${busiestWindow(curve)}`);
});

test('a constant rate stays one straight line', () => {
  const curve = tautString(
    { lower: Float64Array.from([0, 0, 1, 2, 4]), upper: Float64Array.from([0, 2, 3, 4, 4]) },
    Ticks90k(4 * GRID),
  );
  assert.deepEqual(curve.times, [0, 4 * GRID]);
});

test('with the floor the busiest 100 ms carry at most twice the average, in whole groups of seven', () => {
  fc.assert(
    fc.property(packetRuns, (packets) => {
      const bounds = boundsOf(packets, 70);
      const duration = (bounds.lower.length - 1) * GRID;
      const raised = raiseFloor(tautString(bounds, Ticks90k(duration)));
      const total = raised.counts.at(-1)!;
      assert.equal(total % 7, 0);
      assert.ok(total >= bounds.lower.at(-1)!);
      const whole = Math.floor(busiestWindow(raised) / 7) + 1; // groups, wherever the window begins
      assert.ok(
        whole * 7 <= (2 * total * WINDOW) / duration + 7,
        `${whole} groups of ${total} packets in ${duration} ticks`,
      );
    }),
  );
});
