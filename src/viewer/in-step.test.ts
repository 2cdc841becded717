import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis, Ticks90k } from '../base/units.js';
import { InStep } from './in-step.js';

const NOW = 1_000_000;
const ticks = (millis: number) => Ticks90k(millis * 90);

test('H.264 pictures are due the delay after their time stamps, JPEG pictures the media delay later', () => {
  const inStep = new InStep(Millis(300));
  assert.equal(inStep.behind('h264'), 300);
  assert.equal(inStep.behind('jpeg'), 1_300);
});

test('the first picture waits for its moment, and the startup time of the player is learnt', () => {
  const inStep = new InStep(Millis(200));
  const [slow, quick] = [90, 10];
  for (const took of [slow, quick]) {
    for (let times = 0; times < 40; times++) {
      const picture = NOW - inStep.begin('h264');
      inStep.wait('h264', ticks(picture), Millis(NOW + took));
    }
    const picture = NOW - inStep.begin('h264');
    const wait = inStep.wait('h264', ticks(picture), Millis(NOW + took));
    assert.ok(wait >= 35 && wait <= 45, `${wait} ms, of a player that takes ${took}`);
  }
});

test('a late first picture plays on at once', () => {
  assert.equal(new InStep(Millis(200)).wait('h264', ticks(NOW - 500), Millis(NOW)), 0);
});

test('late pictures play faster, early ones slower, and pictures far off jump', () => {
  const off = (late: number) => {
    const inStep = new InStep(Millis(200));
    for (let picture = 0; picture < 100; picture++) inStep.add('h264', ticks(NOW - 200 - late), Millis(NOW));
    assert.equal(Math.round(inStep.offset ?? Number.NaN), late);
    return inStep.correction();
  };
  assert.deepEqual(off(100), { kind: 'rate', rate: 1.03 });
  assert.deepEqual(off(-100), { kind: 'rate', rate: 0.97 });
  assert.deepEqual(off(1_500), { kind: 'jump' });
  assert.deepEqual(off(3), { kind: 'rate', rate: 1.0003 });
});

test('measurements before a jump are dropped', () => {
  const inStep = new InStep(Millis(200));
  for (let picture = 0; picture < 100; picture++) inStep.add('jpeg', ticks(NOW), Millis(NOW));
  inStep.reset();
  assert.equal(inStep.offset, null);
});
