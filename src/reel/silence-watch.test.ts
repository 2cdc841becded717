import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandTimers } from '../../test/support/hand-timers.js';
import { Millis } from '../base/units.js';
import { SilenceWatch } from './silence-watch.js';

function watched(sourceSize: number) {
  const timers = new HandTimers();
  const child = { bytes: 1_000 as number | null };
  let silences = 0;
  const watch = new SilenceWatch({
    timers,
    limit: Millis(120_000),
    sourceSize,
    bytesRead: () => child.bytes,
    onSilence: () => silences++,
  });
  return { timers, child, watch, silences: () => silences };
}

test('a child that neither reports nor reads is ended after the limit', () => {
  const { timers, silences } = watched(5_000_000);
  timers.advance(119_999);
  assert.equal(silences(), 0);
  timers.advance(1);
  assert.equal(silences(), 1);
  timers.advance(1_000_000);
  assert.equal(silences(), 1);
});

test('a child that reports goes on for as long as it does', () => {
  const { timers, watch, silences } = watched(0);
  for (let i = 0; i < 10; i++) {
    timers.advance(100_000);
    watch.report();
  }
  assert.equal(silences(), 0);
});

test('a child that reads without a report goes on until it stops, or has read its source twice', () => {
  for (const [step, most] of [
    [1_000_000, 10],
    [3_000_000, 3],
  ] as const) {
    const { timers, child, silences } = watched(5_000_000);
    let rounds = 0;
    while (silences() === 0) {
      child.bytes = (child.bytes ?? 0) + step;
      timers.advance(120_000);
      if (silences() === 0) rounds++;
    }
    assert.equal(rounds, most);
  }
  const { timers, child, silences } = watched(5_000_000);
  child.bytes = 2_000_000;
  timers.advance(120_000);
  assert.equal(silences(), 0);
  timers.advance(120_000);
  assert.equal(silences(), 1);
});

test('where the system does not tell what is read, reports alone count', () => {
  const { timers, child, silences } = watched(5_000_000);
  child.bytes = null;
  timers.advance(120_000);
  assert.equal(silences(), 1);
});

test('a watch that has ended calls nobody', () => {
  const { timers, watch, silences } = watched(0);
  watch.end();
  timers.advance(1_000_000);
  assert.equal(silences(), 0);
  assert.equal(timers.pending, 0);
});
