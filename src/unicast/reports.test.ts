import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis, PacketNumber, Ticks90k } from '../base/units.js';
import type { FeedbackReport } from '../wire/feedback.js';
import { Reports } from './reports.js';

const report = (changes: Partial<FeedbackReport>): FeedbackReport => ({
  received: 0,
  lost: 0,
  unrepaired: 0,
  fractionLost: 0,
  highest: PacketNumber(0),
  jitter: Ticks90k(0),
  buffer: Millis(0),
  delay: Millis(0),
  ...changes,
});

test('percentiles are over the receivers, each with its latest report', () => {
  const reports = new Reports();
  for (let i = 1; i <= 100; i++) reports.take(`${i}`, report({ fractionLost: 1, jitter: Ticks90k(90) }), Millis(0));
  for (let i = 1; i <= 100; i++) {
    reports.take(
      `${i}`,
      report({ fractionLost: i / 100, jitter: Ticks90k(90 * i), buffer: Millis(2 * i), delay: Millis(-i) }),
      Millis(1),
    );
  }
  const { receivers, loss, jitter, buffer, delay } = reports.stats(Millis(1));
  assert.equal(receivers, 100);
  assert.deepEqual(loss, { p50: 0.5, p95: 0.95 });
  assert.deepEqual(jitter, { p50: 50, p95: 95 });
  assert.deepEqual(buffer, { p50: 100, p95: 190 });
  assert.deepEqual(delay, { p50: -51, p95: -6 });
});

test('totals add what each receiver counted since its last report, also when it begins again', () => {
  const reports = new Reports();
  reports.take('a', report({ received: 100, lost: 10, unrepaired: 1 }), Millis(0));
  reports.take('b', report({ received: 50 }), Millis(0));
  reports.take('a', report({ received: 300, lost: 20, unrepaired: 1 }), Millis(1));
  reports.take('a', report({ received: 7, lost: 2 }), Millis(2));
  const { received, lost, unrepaired } = reports.stats(Millis(2));
  assert.deepEqual([received, lost, unrepaired], [357, 22, 1]);
});

test('a receiver that no longer reports is forgotten, but not its totals', () => {
  const reports = new Reports();
  reports.take('a', report({ received: 5, fractionLost: 1 }), Millis(0));
  reports.take('b', report({ received: 5 }), Millis(80_000));
  const { receivers, received, loss } = reports.stats(Millis(100_000));
  assert.deepEqual([receivers, received, loss.p95], [1, 10, 0]);
});
