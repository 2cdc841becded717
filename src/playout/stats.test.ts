import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis, PacketNumber } from '../base/units.js';
import { StationCounters } from '../threads/station-counters.js';
import { StatsOverTime, statsOf } from './stats.js';

function progress(packets: number, late: number): StationCounters {
  const made = new StationCounters();
  made.countSent(packets, packets * 100);
  for (let i = 0; i < packets; i++) made.lateness.record(Millis(late));
  return made;
}

test('the stats of several stations are their sums, and the quantiles those of all packets', () => {
  const [one, two] = [progress(90, -2.05), progress(10, 3.05)];
  one.droppedLate = 1;
  two.droppedLate = 2;
  two.refused = 5;
  const stats = statsOf([one, two]);
  assert.deepEqual(stats, {
    packets: 100,
    bytes: 10_000,
    lateness: { median: -2, p99: 3.1, max: 3.1 },
    droppedLate: 3,
    unread: 0,
    readErrors: 0,
    refused: 5,
    backPressure: 0,
    waits: 0,
  });
});

test('another thread sees the counters', () => {
  const one = progress(3, 1);
  one.next = PacketNumber(2 ** 40 + 1);
  const seen = new StationCounters(one.shared);
  assert.equal(seen.packets, 3);
  assert.equal(seen.next, 2 ** 40 + 1);
  assert.equal(seen.lateness.total, 3);
});

test('the stats of a period are the changes since the period before, also when a station has left', () => {
  const overTime = new StatsOverTime();
  const [one, two] = [progress(10, 1), progress(20, 1)];
  assert.equal(overTime.next([one, two]).packets, 30);
  one.countSent(5, 500);
  one.lateness.record(Millis(-3));
  const stats = overTime.next([one, two]);
  assert.equal(stats.packets, 5);
  assert.deepEqual(stats.lateness, { median: -2.9, p99: -2.9, max: -2.9 });
  assert.equal(overTime.next([one]).packets, 0);
});
