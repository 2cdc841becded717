import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PTS_MODULUS, RTP_TIME_MODULUS, wrap } from '../base/units.js';
import { demuxerSeconds, shownTime } from './picture-time.js';

const second = 90_000;
/** In 2026. */
const now = 161_586_414_262_800;

test('a picture has the time near what the player was given whose time stamp it is, across every wrap', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: -3600, max: 3600 }), (picture, ahead) => {
      const fed = Math.max(0, picture + ahead * second);
      const position = wrap(picture, PTS_MODULUS);
      assert.equal(shownTime({ position, fed, now: fed / 90 }), picture);
      // FFmpeg counts on below zero, or beyond the wrap.
      assert.equal(shownTime({ position: position - PTS_MODULUS, fed, now: fed / 90 }), picture);
    }),
  );
});

test('where the server has not told its clock, times are right modulo 2^32 and go together all the same', () => {
  const fed = wrap(now, RTP_TIME_MODULUS);
  const position = wrap(now - 3 * second, PTS_MODULUS);
  assert.equal(shownTime({ position, fed, now: null }), fed - 3 * second);
});

test('a player that never tells shows what it was given last; one that has no picture yet, nothing', () => {
  assert.equal(shownTime({ position: undefined, fed: now, now: 0 }), now);
  assert.equal(shownTime({ position: null, fed: now, now: 0 }), null);
  assert.equal(shownTime({ position: undefined, fed: null, now: 0 }), null);
});

test('demuxers count the last minute before the wrap from below zero', () => {
  const wrapAt = Math.ceil(now / PTS_MODULUS) * PTS_MODULUS;
  assert.equal(demuxerSeconds(wrapAt), 0);
  assert.equal(demuxerSeconds(wrapAt + 5 * second), 5);
  assert.equal(demuxerSeconds(wrapAt - 5 * second), -5);
  assert.equal(demuxerSeconds(wrapAt - 60 * second), -60);
  assert.equal(demuxerSeconds(wrapAt - 61 * second), PTS_MODULUS / second - 61);
});
