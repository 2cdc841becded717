import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeGateway, fakeViewer } from '../../../test/support/fake-gateway.js';
import { Millis } from '../../base/units.js';
import { StationCounters } from '../../threads/station-counters.js';
import { MOST_SAMPLES, SAMPLE_PERIOD } from './history.js';
import { Monitor } from './monitor.js';
import type { ProcessLoad } from './process-load.js';

/** A process that uses half a processor. */
function open() {
  const gateway = fakeGateway();
  const load: ProcessLoad = {
    version: '1.2.3',
    processors: 4,
    cpu: () => Millis(gateway.timers.now() / 2),
    memory: () => 1e8,
    uptime: () => gateway.timers.now(),
  };
  return { ...gateway, monitor: new Monitor(gateway.context, load) };
}

test('rates count the bytes sent since the previous sample of the same series', () => {
  const { monitor, operator, viewers, timers } = open();
  const station = operator.stations[0]!;
  const viewer = fakeViewer();
  viewers.add(viewer);
  station.counters.countSent(1_000, 1_250_000);
  viewer.bytes = 2_500_000;
  timers.advance(SAMPLE_PERIOD);
  const { server, stations } = monitor.stats;
  assert.equal(stations[0]!.rate, 2_000_000);
  assert.deepEqual(server.rate, { groups: 2_000_000, single: 0, http: 4_000_000 });
  assert.equal(server.cpu, 0.5);
  assert.equal(stations[0]!.viewers, 1);
  timers.advance(SAMPLE_PERIOD);
  assert.equal(monitor.stats.stations[0]!.rate, 0);
});

test('a listener is called once a second, and the history is sampled every five', () => {
  const { monitor, operator, timers } = open();
  const station = operator.stations[0]!;
  let told = 0;
  const end = monitor.watch(() => told++);
  for (let second = 0; second < 10; second++) {
    station.counters.countSent(100, 125_000);
    timers.advance(1_000);
    assert.equal(monitor.stats.stations[0]!.rate, 1_000_000);
  }
  end();
  assert.equal(told, 10);
  assert.deepEqual(monitor.history('station-1')?.rate, [1_000_000, 1_000_000]);
  timers.advance(3_000);
  assert.equal(told, 10);
  assert.equal(timers.pending, 1);
  monitor.close();
  assert.equal(timers.pending, 0);
});

test('two listeners share one sample', () => {
  const { monitor, timers } = open();
  const told: string[] = [];
  const ends = [monitor.watch(() => told.push('one')), monitor.watch(() => told.push('two'))];
  timers.advance(1_000);
  assert.deepEqual(told, ['one', 'two']);
  ends[0]!();
  timers.advance(1_000);
  assert.deepEqual(told, ['one', 'two', 'two']);
  assert.equal(timers.pending, 2);
});

test('the history has the last 15 minutes of the current stations', () => {
  const { monitor, operator, timers } = open();
  timers.advance(SAMPLE_PERIOD);
  assert.deepEqual(monitor.history(null)?.lateness, [null]);
  assert.equal(monitor.history('station-2')?.rate.length, 1);
  operator.stations.pop();
  timers.advance(SAMPLE_PERIOD * (MOST_SAMPLES + 5));
  assert.equal(monitor.history(null)?.rate.length, MOST_SAMPLES);
  assert.equal(monitor.history(null)?.cpu?.at(-1), 0.5);
  assert.equal(monitor.history('station-2'), undefined);
});

test('counters that restart from 0 give no negative rate', () => {
  const { monitor, operator, timers } = open();
  const station = operator.stations[0]!;
  station.counters.countSent(1_000, 1_250_000);
  timers.advance(SAMPLE_PERIOD);
  station.counters = new StationCounters();
  timers.advance(SAMPLE_PERIOD);
  assert.equal(monitor.stats.stations[0]!.rate, 0);
});

const stateOf = ({ stats }: Monitor, id: string) => stats.server.checks.find((check) => check.id === id)?.state;

test('checks report faults, and their end', () => {
  const { monitor, operator, timers } = open();
  const station = operator.stations[0]!;
  timers.advance(SAMPLE_PERIOD);
  assert.deepEqual(
    monitor.stats.server.checks.map(({ id, state }) => `${id} ${state}`),
    ['sending good', 'network good', 'clock good', 'processor good'],
  );
  station.counters.droppedLate = 7;
  operator.clockOffset = Millis(-1_500);
  operator.interface = { name: 'lo', address: '127.0.0.1', internal: true, connected: true };
  operator.warnings = ['1 Films: its reel cannot be read.'];
  timers.advance(SAMPLE_PERIOD);
  assert.deepEqual(
    monitor.stats.server.checks.map(({ id, state }) => `${id} ${state}`),
    ['sending bad', 'network fair', 'clock bad', 'processor good', 'warning-0 fair'],
  );
  assert.match(monitor.stats.server.checks[0]!.title, /^7 packets/);
  operator.interface = { name: 'eth0', address: '10.0.0.1', internal: false, connected: false };
  timers.advance(SAMPLE_PERIOD);
  assert.equal(stateOf(monitor, 'network'), 'bad');
  timers.advance(65_000);
  assert.equal(stateOf(monitor, 'sending'), 'good');
  for (let i = 0; i < 100; i++) station.counters.lateness.record(Millis(30));
  station.counters.countSent(100, 100_000);
  timers.advance(SAMPLE_PERIOD);
  assert.equal(stateOf(monitor, 'sending'), 'fair');
});
