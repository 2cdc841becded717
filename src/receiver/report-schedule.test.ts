import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis, PacketNumber, Ticks90k } from '../base/units.js';
import type { ReceiverStats } from './receiver-stats.js';
import { ReportSchedule } from './report-schedule.js';

const report = (received: number, lostBeforeRepair: number, lost: number): ReceiverStats => ({
  received,
  lost,
  lostBeforeRepair,
  jitter: Ticks90k(7),
  duplicates: 0,
  late: 0,
  reordered: 0,
  jumps: 0,
  bytes: 0,
  foreign: 0,
  malformed: 0,
  conflicting: 0,
  frames: 0,
  torn: 0,
  lastArrival: null,
  repaired: { request: 0, group: 0, parity: 0, path: 0 },
  paths: [],
});
const position = () => ({ highest: PacketNumber(9), buffer: Millis(100), delay: Millis(200) });

test('a report is due about every five seconds, with the losses since the one before', () => {
  const schedule = new ReportSchedule(5_000_000, () => 0.5, Millis(0));
  assert.equal(schedule.dueAt, 5_000);
  assert.equal(
    schedule.take(() => report(1, 1, 1), position, Millis(4_999)),
    null,
  );
  assert.deepEqual(
    schedule.take(() => report(990, 20, 10), position, Millis(5_000)),
    {
      received: 990,
      lost: 20,
      unrepaired: 10,
      fractionLost: 0.02,
      jitter: 7,
      ...position(),
    },
  );
  assert.equal(schedule.take(() => report(1_990, 120, 10), position, Millis(10_000))?.fractionLost, 0.1);
  assert.equal(schedule.take(() => report(1_990, 120, 10), position, Millis(15_000))?.fractionLost, 0); // nothing came
});

test('reports are spread at random, and many receivers report rarely', () => {
  const dues = [0, 0.999].map((chance) => new ReportSchedule(5_000_000, () => chance, Millis(0)).dueAt);
  assert.deepEqual(dues.map(Math.round), [2_500, 7_495]);
  const schedule = new ReportSchedule(5_000_000, () => 0.5, Millis(0));
  schedule.members = 1_000;
  assert.ok(schedule.interval > 5_000 && schedule.interval < 10_000);
  schedule.members = 100_000;
  // All together: 5% of the station's rate, three quarters of that for receivers.
  assert.equal(Math.round(((100_000 * 8 * 160) / schedule.interval) * 1000), 187_500);
});
