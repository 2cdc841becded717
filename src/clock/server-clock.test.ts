import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomFrom } from '../../test/support/relay.js';
import { Millis } from '../base/units.js';
import { ServerClock } from './server-clock.js';

/** An answer by a server whose clock is `offset` ahead, with those delays there and back. */
const answer = (clock: ServerClock, at: number, offset: number, there: number, back: number) =>
  clock.add({ sent: Millis(at - there - back), received: Millis(at), time: Millis(at - back + offset) });

test('the quickest answer determines the estimate', () => {
  const clock = new ServerClock();
  answer(clock, 1000, 5000, 40, 2);
  answer(clock, 2000, 5000, 1, 1);
  answer(clock, 3000, 5000, 3, 90);
  assert.equal(clock.offset, 5000);
});

test('before the first answer, a time stamp that was sent unasked is used', () => {
  const clock = new ServerClock();
  assert.equal(clock.offset, null);
  clock.hint(Millis(7000), Millis(1000));
  assert.equal(clock.offset, 6000);
  answer(clock, 2000, 6005, 1, 1);
  assert.equal(clock.offset, 6005);
});

test('over a bad network the estimate is right to a few milliseconds, with drift and without', () => {
  for (const drift of [0, 0.0001, -0.0002]) {
    const random = randomFrom(3);
    const clock = new ServerClock();
    for (let at = 1000; at < 300_000; at += 1000) {
      const offset = 123_456 + at * drift;
      answer(clock, at, offset, 2 + 60 * random() ** 3, 2 + 60 * random() ** 3);
      if (at > 10_000) assert.ok(Math.abs(clock.offset! - offset) < 8, `${clock.offset} at ${at}`);
    }
  }
});

test('a clock that was set, or a machine that slept, is noticed at the first answer', () => {
  const clock = new ServerClock();
  for (let at = 1000; at < 20_000; at += 1000) answer(clock, at, 5000, 1, 1);
  answer(clock, 20_000, 65_000, 10, 10);
  assert.equal(clock.offset, 65_000);
});

test('a delayed answer does not change the estimate', () => {
  const clock = new ServerClock();
  answer(clock, 1000, 5000, 1, 1);
  answer(clock, 5000, 5000, 1, 3000);
  assert.equal(clock.offset, 5000);
});
