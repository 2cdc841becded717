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

const client = (address: string, session = 1) => ({ address, key: `${address}:${session}` });
/** A station of two packets a millisecond. */
const at = (now: number) => ({ newest: PacketNumber(1e6), rate: 2, now: Millis(now) });

test('percentiles are over the receivers, each with its latest report, without a tenth at each end', () => {
  const reports = new Reports();
  for (let i = 1; i <= 100; i++) reports.take(client(`${i}`), report({ fractionLost: 1, jitter: Ticks90k(90) }), at(0));
  for (let i = 1; i <= 100; i++) {
    reports.take(
      client(`${i}`),
      report({ fractionLost: i / 100, jitter: Ticks90k(90 * i), buffer: Millis(2 * i), delay: Millis(-i) }),
      at(1),
    );
  }
  const { receivers, loss, jitter, buffer, delay } = reports.stats(Millis(1));
  assert.equal(receivers, 100);
  assert.deepEqual(loss, { p50: 0.5, p95: 0.86 });
  assert.deepEqual(jitter, { p50: 50, p95: 86 });
  assert.deepEqual(buffer, { p50: 100, p95: 172 });
  assert.deepEqual(delay, { p50: -51, p95: -15 });
});

test('totals add what each receiver counted since its last report, also when it begins again', () => {
  const reports = new Reports();
  reports.take(client('a'), report({ received: 100, lost: 10, unrepaired: 1 }), at(0));
  reports.take(client('b'), report({ received: 50 }), at(0));
  reports.take(client('a'), report({ received: 300, lost: 20, unrepaired: 1 }), at(1));
  reports.take(client('a'), report({ received: 7, lost: 2 }), at(2));
  const { received, lost, unrepaired } = reports.stats(Millis(2));
  assert.deepEqual([received, lost, unrepaired], [357, 22, 1]);
});

test('a receiver that no longer reports is forgotten, but not its totals', () => {
  const reports = new Reports();
  reports.take(client('a'), report({ received: 5, fractionLost: 1 }), at(0));
  reports.take(client('b'), report({ received: 5 }), at(80_000));
  const { receivers, received, loss } = reports.stats(Millis(100_000));
  assert.deepEqual([receivers, received, loss.p95], [1, 10, 0]);
});

test('a few receivers that lie move no statistic, from however many sessions', () => {
  const reports = new Reports();
  const loss = () => reports.stats(Millis(1)).loss;
  for (let i = 0; i < 20; i++) reports.take(client(`${i}`), report({ fractionLost: 0.01 }), at(0));
  for (let session = 0; session < 500; session++) {
    reports.take(client('liar', session), report({ fractionLost: 1, jitter: Ticks90k(90_000) }), at(0));
  }
  reports.take(client('friend'), report({ fractionLost: 1 }), at(0));
  assert.deepEqual(loss(), { p50: 0.01, p95: 0.01 });
  assert.equal(reports.stats(Millis(1)).receivers, 521);
  for (let i = 0; i < 20; i++) reports.leave(client(`${i}`).key);
  assert.deepEqual(loss(), { p50: 1, p95: 1 }, 'alone they are all there is');
});

test('one of three receivers does not decide; of two, the worse one counts', () => {
  const reports = new Reports();
  reports.take(client('a'), report({ fractionLost: 0.01 }), at(0));
  reports.take(client('b'), report({ fractionLost: 0.5 }), at(0));
  assert.deepEqual(reports.stats(Millis(0)).loss, { p50: 0.01, p95: 0.5 });
  reports.take(client('c'), report({ fractionLost: 0 }), at(0));
  assert.deepEqual(reports.stats(Millis(0)).loss, { p50: 0.01, p95: 0.01 });
});

test('a report that no receiver can make is ignored', () => {
  const reports = new Reports();
  for (const changes of [
    { jitter: Ticks90k(0xffff_ffff) },
    { buffer: Millis(0xffff_ffff) },
    { delay: Millis(-0x8000_0000) },
    { highest: PacketNumber(1e6 + 1) },
  ]) {
    reports.take(client('a'), report({ received: 1, ...changes }), at(0));
  }
  const { receivers, received } = reports.stats(Millis(0));
  assert.deepEqual([receivers, received], [0, 0]);
});

test('totals grow by no more than a station can have sent since the report before', () => {
  const reports = new Reports();
  const lost = () => reports.stats(Millis(0)).lost;
  reports.take(client('a'), report({ lost: Number.MAX_SAFE_INTEGER }), at(0));
  assert.equal(lost(), 0);
  reports.take(client('b'), report({ received: 1_000, lost: 10 }), at(0));
  reports.take(client('b'), report({ received: 9_000, lost: 20 }), at(5_000));
  assert.equal(lost(), 20);
  reports.take(client('b'), report({ received: 9_000, lost: 90_000 }), at(10_000));
  assert.equal(lost(), 20);
  reports.take(client('b'), report({ received: 9_500, lost: 90_007 }), at(15_000));
  assert.equal(lost(), 27);
});
