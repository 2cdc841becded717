import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandTimers } from '../../../test/support/hand-timers.js';
import { Pacer } from './pacer.js';

/** Pictures 40 ms apart, named by their number. */
const picture = (number: number) => ({ time: 1_000_000 + number * 3_600, number });

function pacing() {
  const timers = new HandTimers();
  const shown: string[] = [];
  const pacer = new Pacer<ReturnType<typeof picture>>({
    timers,
    show: ({ number }) => shown.push(`${number} at ${timers.now()}`),
  });
  const add = (...numbers: number[]): void => {
    for (const number of numbers) pacer.add(picture(number));
  };
  return { timers, pacer, add, taken: () => shown.splice(0) };
}

test('pictures that come too early are shown as far apart as their times', () => {
  const { timers, pacer, add, taken } = pacing();
  pacer.begin(false);
  assert.deepEqual([pacer.shown, pacer.ahead], [null, null]);
  add(0, 1, 3);
  assert.deepEqual([pacer.shown, pacer.ahead, pacer.held], [1_000_000, 120, 2]);
  timers.advance(200);
  assert.deepEqual(taken(), ['0 at 0', '1 at 40', '3 at 120']);
  assert.equal(pacer.ahead, 0);
});

test('a picture that comes too late is shown when it comes, and those after it are not hurried', () => {
  const { timers, pacer, add, taken } = pacing();
  pacer.begin(false);
  add(0);
  timers.advance(100);
  add(1, 2, 3);
  timers.advance(100);
  assert.deepEqual(taken(), ['0 at 0', '1 at 100', '2 at 140', '3 at 180']);
});

test('of pictures that are due at once the last one is shown', () => {
  const { timers, pacer, add, taken } = pacing();
  pacer.begin(false);
  add(0, 1);
  const { now } = timers;
  timers.now = () => now.call(timers) + 100; // This process did not get to it.
  add(2, 3);
  timers.advance(40);
  assert.deepEqual(taken(), ['0 at 0', '3 at 140']);
});

test('a pause stands still, and what follows is the very next picture', () => {
  const { timers, pacer, add, taken } = pacing();
  pacer.begin(false);
  add(0, 1, 2);
  timers.advance(50);
  pacer.pause();
  timers.advance(10_000);
  add(3);
  assert.deepEqual(taken(), ['0 at 0', '1 at 40']);
  pacer.resume();
  timers.advance(100);
  assert.deepEqual(taken(), ['2 at 10080', '3 at 10120']);
});

test('what begins paused shows its first picture, and no other', () => {
  const { timers, pacer, add, taken } = pacing();
  pacer.begin(true);
  timers.advance(500);
  add(0, 1, 2);
  timers.advance(1_000);
  assert.deepEqual(taken(), ['0 at 500']);
  pacer.resume();
  timers.advance(100);
  assert.deepEqual(taken(), ['1 at 1540', '2 at 1580']);
});

test('faster is faster from where it is', () => {
  const { timers, pacer, add, taken } = pacing();
  pacer.begin(false);
  add(0, 1, 2, 3);
  timers.advance(60);
  pacer.setSpeed(2);
  timers.advance(100);
  assert.deepEqual(taken(), ['0 at 0', '1 at 40', '2 at 70', '3 at 90']);
});

test('nothing of what was played before comes after it', () => {
  const { timers, pacer, add, taken } = pacing();
  pacer.begin(false);
  add(0, 1);
  pacer.setSpeed(2);
  pacer.begin(false);
  timers.advance(100);
  add(100, 101);
  timers.advance(100);
  assert.deepEqual(taken(), ['0 at 0', '100 at 100', '101 at 140']);
});

test('a jump of the times is no pause', () => {
  const { timers, pacer, add, taken } = pacing();
  pacer.begin(false);
  add(0, 90_000, 90_001, 5, 6);
  timers.advance(200);
  assert.deepEqual(taken(), ['0 at 0', '90000 at 0', '90001 at 40', '5 at 40', '6 at 80']);
});
