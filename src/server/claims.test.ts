import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { test } from 'node:test';
import { HandTimers } from '../../test/support/hand-timers.js';
import { makeStation } from '../../test/support/stations.js';
import type { FoundStation } from '../discovery/find.js';
import type { StationInfo } from '../wire/station-info.js';
import { CLAIM_PATIENCE, Claims } from './claims.js';

const own = makeStation(1);
const at = (changes: Partial<StationInfo>): FoundStation => ({
  info: { ...own, server: 'attic', ...changes },
  key: 'news',
  servers: [{ name: 'attic', address: '10.0.0.2', port: 5601, localAddress: '10.0.0.1' }],
});
const claim = at({ schedule: 'other' });

/** Stations that settle, on a network that has `network`. */
function settling(count = 1, network: FoundStation[] = [claim]) {
  const timers = new HandTimers();
  const bench = { timers, network, searches: 0, waits: 0, results: [] as string[] };
  const claims = new Claims({
    search: async () => {
      bench.searches++;
      return bench.network;
    },
    timers,
  });
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  for (let i = 0; i < count; i++) {
    claims.settle({ info: () => own, onWait: () => bench.waits++, signal: ending.signal }).then(
      (result) => bench.results.push(`${timers.now()} ${result.claim ? 'claimed' : 'free'} ${result.twins.join()}`),
      (error: Error) => bench.results.push(error.name),
    );
  }
  const pass = async (time: number) => {
    for (let passed = 0; passed <= time; passed += 100) {
      for (let i = 0; i < 10; i++) await Promise.resolve();
      if (passed < time) timers.advance(100);
    }
  };
  return { bench, pass, ending };
}

test('a station without a claim goes on the air at once, with its twins', async () => {
  const { bench, pass } = settling(1, [at({})]);
  await pass(0);
  assert.deepEqual([bench.results, bench.waits], [['0 free attic'], 0]);
});

test('a claim delays a station by three seconds, and does not keep it off the air', async () => {
  const { bench, pass } = settling();
  await pass(CLAIM_PATIENCE - 100);
  assert.deepEqual([bench.results, bench.waits], [[], 1]);
  await pass(100);
  assert.deepEqual(bench.results, ['3000 claimed ']);
  assert.equal(bench.timers.pending, 0);
});

test('a claim that ends, ends the delay within a second', async () => {
  const { bench, pass } = settling();
  await pass(1_500);
  bench.network = [];
  await pass(500);
  assert.deepEqual(bench.results, ['2000 free ']);
});

test('a thousand claimed stations wait together, with one search a second', async () => {
  const { bench, pass } = settling(1_000);
  await pass(CLAIM_PATIENCE);
  assert.equal(bench.results.length, 1_000);
  assert.equal(bench.waits, 1_000);
  assert.equal(bench.searches, 4);
});

test('a station that is removed while it waits is given up', async () => {
  const { bench, pass, ending } = settling();
  await pass(1_000);
  ending.abort();
  await pass(0);
  assert.deepEqual(bench.results, ['AbortError']);
  assert.equal(bench.timers.pending, 0);
});
