import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../base/units.js';
import { hasRestartedSince, isLeftBehind, ownMark } from './process-mark.js';

const now = Millis(Date.now());
const [pid, start, host, boot] = ownMark().split('.') as [string, string, string, string];

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

test('what a process made before the machine’s start was left behind', {
  skip: boot === '0' && 'needs /proc',
}, () => {
  const before = `${pid}.${start}.${host}.${boot === '00000000' ? '1' : '0'.repeat(8)}-0a`;
  assert.equal(isLeftBehind(before, now), true);
  assert.equal(hasRestartedSince(before, now), true);
});

test('a clock that is set, back or forward by years, leaves nothing of a running process behind', () => {
  for (const changed of [Millis(0), Millis(now + 1e12)]) {
    for (const name of [`${ownMark()}-0a`, `${pid}.${start}.${host}-0a`]) {
      assert.equal(isLeftBehind(name, changed), false);
    }
    assert.equal(boot !== '0' && hasRestartedSince(`${ownMark()}-0a`, changed), false);
  }
});

test('names of earlier releases have the pid only: that of this process is a coincidence', () => {
  assert.equal(isLeftBehind(`${pid}-0a`, now), true);
  assert.equal(isLeftBehind(`${process.ppid}-0a`, now), false);
});

test('of another host nothing is known for longer than a preparation takes', () => {
  assert.equal(isLeftBehind(`4999999.1.${host === '00000000' ? '1' : '0'.repeat(8)}-0a`, now), false);
  assert.equal(isLeftBehind('4999999.1.00000000-0a', Millis(now - 9 * 24 * 3_600_000)), true);
});
