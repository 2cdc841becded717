import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings, writeSettings } from './settings.js';

const holding = (text: string | null) => ({ getItem: () => text });
const defaults = { favourites: [], last: null, volume: 1, muted: false, language: null, subtitles: null };

test('stored settings are read again', () => {
  const kept = new Map<string, string>();
  const settings = { favourites: ['news'], last: 'news', volume: 0.4, muted: true, language: 'de', subtitles: 'en' };
  writeSettings({ setItem: (key, value) => kept.set(key, value) }, settings);
  assert.deepEqual(readSettings({ getItem: (key) => kept.get(key) ?? null }), settings);
});

test('missing and malformed settings have their defaults', () => {
  for (const text of [
    null,
    '',
    '{',
    '5',
    'null',
    '[]',
    '{"volume":7,"favourites":3,"last":{},"muted":"yes","language":"?","subtitles":1}',
  ]) {
    assert.deepEqual(readSettings(holding(text)), defaults);
  }
  assert.deepEqual(readSettings(null), defaults);
  assert.deepEqual(readSettings(holding('{"favourites":["a",5]}')).favourites, ['a']);
});

test('a browser that forbids storage has the defaults', () => {
  const forbidding = {
    getItem: () => {
      throw new Error('denied');
    },
  };
  assert.deepEqual(readSettings(forbidding), defaults);
  writeSettings(null, defaults);
});
