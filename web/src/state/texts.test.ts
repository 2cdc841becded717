import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../../src/base/units.js';
import { plainStation } from '../../dev/plain-station.js';
import { behindWords, leftText, millisText, pictureText, spanText } from './texts.js';

test('time left is given in hours, minutes or seconds', () => {
  const cases: [number | null, string][] = [
    [null, ''],
    [-5, '0 s left'],
    [400, '1 s left'],
    [59_000, '59 s left'],
    [60_000, '1 min left'],
    [12 * 60_000, '12 min left'],
    [59.6 * 60_000, '1 h left'],
    [65 * 60_000, '1 h 5 min left'],
  ];
  for (const [left, text] of cases)
    assert.equal(leftText(left === null ? null : Millis(1000 + left), Millis(1000)), text);
});

test('time behind live, on the screen and for screen readers', () => {
  assert.equal(behindWords(Millis(300)), 'live');
  assert.equal(behindWords(Millis(45_000)), '45 seconds behind live');
  assert.equal(behindWords(Millis(3_661_000)), '1 hour 1 minute 1 second behind live');
});

test('a picture has its size, aspect ratio and frame rate', () => {
  assert.equal(pictureText(plainStation(1, 'a', { frameRate: 29.97 })), '1920×1080 · 16:9 · 29.97 fps');
});

test('a thousand milliseconds and more are given in seconds', () => {
  assert.deepEqual([null, -3, 12.4, 1234].map(millisText), ['–', '−3 ms', '12 ms', '1.23 s']);
});

test('a programme without an end has no span', () => {
  assert.equal(spanText({ from: null, to: null }), '');
  assert.match(spanText({ from: 0, to: 60_000 }), / – /);
  assert.match(spanText({ from: null, to: 60_000 }), /^until /);
});
