import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../../src/base/units.js';
import { CanvasPlayback } from './canvas-playback.js';

/** The moment that is due at page time 0. */
const EPOCH = Millis(1_800_000_000_000);

const open = (at: Millis | null = null) =>
  new CanvasPlayback({ beginning: { at, paused: false }, due: (pageTime) => Millis(EPOCH + pageTime) });

const show = (playback: CanvasPlayback, at: number) => {
  const now = Millis(at);
  return playback.onPicture({ time: playback.momentAt(now)!, now, visibleAt: now });
};

test('the first picture is shown once; a second without a new one is a stall', () => {
  const playback = open();
  assert.equal(playback.status, 'tuning');
  assert.deepEqual(show(playback, 0), ['shown', 'changed']);
  assert.deepEqual(show(playback, 40), []);
  assert.deepEqual(playback.onNothingDue(Millis(1_040)), []);
  assert.deepEqual(playback.onNothingDue(Millis(1_041)), ['changed']);
  assert.deepEqual([playback.status, playback.stalls], ['waiting', 1]);
  assert.deepEqual(show(playback, 1_080), ['changed']);
  assert.equal(playback.status, 'playing');
});

test('after a pause it continues with the next picture, by a clock of its own', () => {
  const playback = open();
  show(playback, 0);
  playback.pause(Millis(10));
  assert.deepEqual([playback.status, playback.momentAt(Millis(5_000)), playback.position], ['paused', null, EPOCH]);
  playback.resume(Millis(5_000));
  assert.equal(playback.momentAt(Millis(5_040)), EPOCH + 40);
  playback.goLive();
  assert.equal(playback.momentAt(Millis(5_040)), EPOCH + 5_040);
});

test('a past moment is shown first, and its clock begins with it', () => {
  const playback = open(Millis(EPOCH - 60_000));
  assert.equal(playback.momentAt(Millis(700)), EPOCH - 60_000);
  show(playback, 700);
  assert.equal(playback.momentAt(Millis(1_000)), EPOCH - 60_000 + 300);
});

test('a station that is paused before its first picture waits at what was on the air then', () => {
  const playback = open();
  playback.pause(Millis(100));
  assert.ok(playback.until! > EPOCH, 'the gateway goes on sending');
  assert.equal(playback.momentAt(Millis(3_000)), EPOCH + 100);
  assert.deepEqual(show(playback, 3_000), ['shown', 'changed']);
  assert.equal(playback.status, 'paused');
});
