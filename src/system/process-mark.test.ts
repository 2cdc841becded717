import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../base/units.js';
import { isLeftBehind, ownMark } from './process-mark.js';

const now = Millis(Date.now());
const [pid, start, host] = ownMark().split('.') as [string, string, string];

test('what a running process has made is its own, and what an ended one has left is nobody’s', () => {
  assert.equal(isLeftBehind(`${ownMark()}-0a`, now), false);
  // Above the greatest pid of every system.
  assert.equal(isLeftBehind(`4999999.${start}.${host}-0a`, now), true);
  assert.equal(isLeftBehind('anything', now), true);
});

test('another process that has got the pid owns nothing of the one before', {
  skip: start === '0' && 'needs /proc',
}, () => {
  assert.equal(isLeftBehind(`${pid}.${Number(start) - 1}.${host}-0a`, now), true);
});

test('what is older than the machine’s start was left behind', () => {
  assert.equal(isLeftBehind(`${ownMark()}-0a`, Millis(0)), true);
});

test('names of earlier releases have the pid only: that of this process is a coincidence', () => {
  assert.equal(isLeftBehind(`${pid}-0a`, now), true);
  assert.equal(isLeftBehind(`${process.ppid}-0a`, now), false);
});

test('of another host nothing is known for a day', () => {
  assert.equal(isLeftBehind(`4999999.1.${host === '00000000' ? '1' : '0'.repeat(8)}-0a`, now), false);
  assert.equal(isLeftBehind('4999999.1.00000000-0a', Millis(now - 25 * 3_600_000)), true);
});
