import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerClock } from './server-clock.js';

test('the server’s time is not known before it has said it, and goes on from there', () => {
  const clock = new ServerClock();
  assert.equal(clock.at(5), null);
  clock.add(1_000_000, 10, 500);
  assert.equal(clock.at(500), 1_000_005);
  assert.equal(clock.at(600), 1_000_105);
});

test('the quickest answer counts, until clocks may have run apart by more than it was wrong', () => {
  const clock = new ServerClock();
  clock.add(1_000_000, 10, 0);
  clock.add(1_001_050, 200, 1_000);
  assert.equal(clock.at(1_000), 1_001_005);
  clock.add(1_001_999, 2, 2_000);
  assert.equal(clock.at(2_000), 1_002_000);
  clock.add(1_003_950, 200, 4_000);
  assert.equal(clock.at(4_000), 1_004_000);
  clock.add(11_000_000, 200, 10_000_000);
  assert.equal(clock.at(10_000_000), 11_000_100);
});
