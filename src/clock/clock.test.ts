import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SlewingClock } from './clock.js';

/** Two clocks turned by hand. */
function clocks(wall: number) {
  const hands = { wall, monotonic: 5_000 };
  const pass = (time: number) => {
    hands.wall += time;
    hands.monotonic += time;
  };
  return { hands, pass, source: { wall: () => hands.wall, monotonic: () => hands.monotonic } };
}

test('undisturbed, it shows the wall clock', () => {
  const { hands, pass, source } = clocks(1_790_000_000_000);
  const clock = new SlewingClock(source);
  for (let i = 0; i < 1_000; i++) {
    pass(2);
    assert.ok(Math.abs(clock.now() - hands.wall) < 1e-3);
  }
});

test('when the system clock is stepped it runs 0.1% faster or slower until it agrees again', () => {
  for (const step of [-500, 300]) {
    const { hands, pass, source } = clocks(1_790_000_000_000);
    const clock = new SlewingClock(source);
    hands.wall += step;
    clock.now();
    let before = clock.now();
    for (let passed = 0; passed < Math.abs(step) * 1_001; passed += 100) {
      pass(100);
      const now = clock.now();
      assert.ok(Math.abs(now - before - 100) <= 0.1 + 1e-3, `${now - before} in 100 ms`);
      before = now;
    }
    assert.ok(Math.abs(clock.now() - hands.wall) <= 2.1);
  }
});

test('it never runs backwards, whatever the system clock does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: -1e9, max: 1e9 }))),
      (events) => {
        const { hands, pass, source } = clocks(1_790_000_000_000);
        const clock = new SlewingClock(source);
        let before = clock.now();
        for (const [passed, step] of events) {
          pass(passed);
          hands.wall += step;
          const now = clock.now();
          assert.ok(now >= before);
          before = now;
        }
      },
    ),
  );
});
