import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis, PTS_MODULUS, RTP_TIME_MODULUS, Ticks90k, wrap } from '../base/units.js';
import { demuxerSeconds, shownTime } from './picture-time.js';

const second = 90_000;
/** In 2026. */
const now = Ticks90k(161_586_414_262_800);

test('the time of a picture is the one nearest to the unit sent last that has its time stamp, across every wrap', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: -3600, max: 3600 }), (picture, ahead) => {
      const sent = Ticks90k(Math.max(0, picture + ahead * second));
      const position = Ticks90k(wrap(picture, PTS_MODULUS));
      assert.equal(shownTime({ position, sent, now: Millis(sent / 90) }), picture);
      // FFmpeg counts on below zero, or beyond the wrap.
      assert.equal(shownTime({ position: Ticks90k(position - PTS_MODULUS), sent, now: Millis(sent / 90) }), picture);
    }),
  );
});

test('while the clock of the server is unknown, times are right modulo 2^32 and consistent with each other', () => {
  const sent = Ticks90k(wrap(now, RTP_TIME_MODULUS));
  const position = Ticks90k(wrap(now - 3 * second, PTS_MODULUS));
  assert.equal(shownTime({ position, sent, now: null }), sent - 3 * second);
});

test('a player without a picture, or that was sent nothing, shows nothing', () => {
  assert.equal(shownTime({ position: undefined, sent: now, now: Millis(0) }), null);
  assert.equal(shownTime({ position: null, sent: now, now: Millis(0) }), null);
  assert.equal(shownTime({ position: Ticks90k(0), sent: null, now: Millis(0) }), null);
});

test('demuxers count the last minute before the wrap from below zero', () => {
  const wrapAt = Math.ceil(now / PTS_MODULUS) * PTS_MODULUS;
  assert.equal(demuxerSeconds(Ticks90k(wrapAt)), 0);
  assert.equal(demuxerSeconds(Ticks90k(wrapAt + 5 * second)), 5);
  assert.equal(demuxerSeconds(Ticks90k(wrapAt - 5 * second)), -5);
  assert.equal(demuxerSeconds(Ticks90k(wrapAt - 60 * second)), -60);
  assert.equal(demuxerSeconds(Ticks90k(wrapAt - 61 * second)), PTS_MODULUS / second - 61);
});
