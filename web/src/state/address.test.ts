import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis } from '../../../src/base/units.js';
import { readAddress, startAddress, writeAddress } from './address.js';

const wall = { stations: [], time: null };

test('addresses of the wall, a station, several, and a moment', () => {
  assert.deepEqual(readAddress(''), wall);
  assert.deepEqual(readAddress('#/'), wall);
  assert.deepEqual(readAddress('#/news'), { stations: ['news'], time: null });
  assert.deepEqual(readAddress('#news+sport'), { stations: ['news', 'sport'], time: null });
  assert.deepEqual(readAddress('#/news?t=2026-11-23T20:15:00Z'), { stations: ['news'], time: 1_795_464_900_000 });
  assert.deepEqual(readAddress('#/news?t=1795464900000'), { stations: ['news'], time: 1_795_464_900_000 });
});

test('a malformed address is the wall, and a malformed time is ignored', () => {
  for (const hash of ['#/%', '#/<b>', '#/../etc', '#/a b', '#/?t=5']) assert.deepEqual(readAddress(hash).stations, []);
  for (const time of ['', 'soon', 'NaN', '-5', '1e99']) assert.equal(readAddress(`#/news?t=${time}`).time, null);
});

test('a written address is read as it was', () => {
  const id = fc.stringMatching(/^[\p{L}\p{N}-]{1,20}$/u);
  const time = fc.option(fc.integer({ min: 10 ** 9, max: 4 * 10 ** 12 }).map(Millis), { nil: null });
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 4 }), time, (stations, time) => {
      assert.deepEqual(readAddress(writeAddress({ stations, time })), { stations, time });
    }),
  );
});

test('any text after the # is read without an error', () => {
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(readAddress(`#${text}`).stations)));
});

test('a page starts with the last station if its address asks for it', () => {
  assert.deepEqual(startAddress({ hash: '', search: '?start=last', last: 'news' }), { stations: ['news'], time: null });
  assert.deepEqual(startAddress({ hash: '', search: '?start=last', last: null }), wall);
  assert.deepEqual(startAddress({ hash: '', search: '', last: 'news' }), wall);
  assert.deepEqual(startAddress({ hash: '#/sport', search: '?start=last', last: 'news' }), {
    stations: ['sport'],
    time: null,
  });
});
