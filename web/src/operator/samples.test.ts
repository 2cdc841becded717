import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SAMPLE_PERIOD, SampleList, SampleStore } from './samples.js';

const START = 1_772_366_400_000;

test('one in five samples a second is kept, for an hour', () => {
  const list = new SampleList();
  for (let second = 0; second <= 2 * 3_600; second++) list.add(START + second * 1_000, { rate: second });
  assert.equal(list.times.length, 720);
  assert.equal(list.times.at(-1), START / 1_000 + 7_200);
  assert.equal(list.values.rate.at(-1), 7_200);
  assert.deepEqual(list.values.loss.slice(0, 2), [null, null]);
});

test("the server's history is prepended once", () => {
  const list = new SampleList();
  list.add(START, { rate: 3 });
  const history = {
    time: START + 1_000,
    period: SAMPLE_PERIOD,
    rate: [1, 2, 9],
    lateness: [null, 4, 9],
    viewers: [0, 0, 9],
    loss: [0, 0, 9],
    cpu: null,
  };
  list.addHistory(history);
  list.addHistory(history);
  assert.deepEqual(list.values.rate, [1, 2, 3]);
  assert.deepEqual(list.values.lateness, [null, 4, null]);
  assert.deepEqual(list.values.cpu, [null, null, null]);
  assert.deepEqual(
    list.times.map((time) => time - START / 1_000),
    [-9, -4, 0],
  );
});

test('samples of stations that are gone are dropped', () => {
  const store = new SampleStore();
  const station = (id: string) => ({
    id,
    rate: 5,
    lateness: 1,
    lost: 0,
    viewers: 1,
    receivers: 2,
    reporting: 0,
    loss: { p50: 0, p95: 0.5 },
    missed: 0,
    unrepaired: 0,
  });
  const server = {
    name: 'projector',
    version: '1',
    time: START,
    uptime: 0,
    clockOffset: null,
    cpu: 0.5,
    processors: 2,
    memory: 1,
    rate: { groups: 5, single: 1, http: 2 },
    interface: null,
    viewers: 1,
    receivers: 2,
    checks: [],
  };
  store.add({ server, stations: [station('one'), station('two')] });
  store.add({ server: { ...server, time: START + SAMPLE_PERIOD }, stations: [station('two')] });
  assert.equal(store.station('two').times.length, 2);
  assert.equal(store.station('one').times.length, 0);
  assert.deepEqual(store.server.values.rate, [8, 8]);
  assert.deepEqual(store.server.values.loss, [0.5, 0.5]);
});
