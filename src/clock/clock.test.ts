import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis } from '../base/units.js';
import { Clock, SlewingClock } from './clock.js';

/** Two clocks turned by hand. */
function clocks(wall: number) {
  const hands = { wall, monotonic: 5_000 };
  const pass = (time: number) => {
    hands.wall += time;
    hands.monotonic += time;
  };
  return { hands, pass, source: { wall: () => Millis(hands.wall), monotonic: () => Millis(hands.monotonic) } };
}

test('without a step it shows the wall clock', () => {
  const { hands, pass, source } = clocks(1_790_000_000_000);
  const clock = new SlewingClock(source);
  for (let i = 0; i < 1_000; i++) {
    pass(2);
    if (i % 100 === 0) clock.adjust();
    assert.ok(Math.abs(clock.now() - hands.wall) < 1e-3);
  }
});

test('after a step of the system clock it runs 0.1% faster or slower until both agree', () => {
  for (const step of [-500, 300]) {
    const { hands, pass, source } = clocks(1_790_000_000_000);
    const clock = new SlewingClock(source);
    hands.wall += step;
    clock.adjust();
    assert.equal(Math.round(clock.offset), step);
    let before = clock.now();
    for (let passed = 0; passed < Math.abs(step) * 1_010; passed += 10_000) {
      pass(10_000);
      const now = clock.now();
      assert.ok(Math.abs(now - before - 10_000) <= 10 + 1e-3, `${now - before} in 10 s`);
      before = now;
      clock.adjust();
    }
    pass(10_000);
    assert.ok(Math.abs(clock.now() - hands.wall) <= 1e-3);
  }
});

test('it never runs backwards, for any steps of the system clock', () => {
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
          clock.adjust();
          const now = clock.now();
          assert.ok(now >= before);
          before = now;
        }
      },
    ),
  );
});

test('another thread’s clock shows the same time, also after adjustments', () => {
  const { hands, pass, source } = clocks(1_790_000_000_000);
  const clock = new SlewingClock(source);
  const other = new Clock(clock.shared, source);
  hands.wall += 250;
  for (let i = 0; i < 5; i++) {
    pass(700);
    assert.equal(other.now(), clock.now());
    clock.adjust();
    assert.equal(other.now(), clock.now());
  }
});
