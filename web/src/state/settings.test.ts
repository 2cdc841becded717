import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings, settingsOfAddress, writeSettings } from './settings.js';

const holding = (text: string | null) => ({ getItem: () => text });
const defaults = { favourites: [], last: null, volume: 1, muted: false, languages: [], subtitles: [] };

test('stored settings are read again', () => {
  const kept = new Map<string, string>();
  const settings = {
    favourites: ['news'],
    last: 'news',
    volume: 0.4,
    muted: true,
    languages: ['de', 'fr'],
    subtitles: ['en'],
  };
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
    '{"volume":7,"favourites":3,"last":{},"muted":"yes","languages":["?",3],"subtitles":1}',
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

test('an address may say which languages are played and shown', () => {
  const kept = readSettings(holding('{"languages":["fr"],"subtitles":["it"]}'));
  const languagesOf = (search: string) => {
    const { languages, subtitles } = settingsOfAddress(search, kept);
    return [languages, subtitles];
  };
  assert.deepEqual(languagesOf('?audio=de,pt-BR&subtitles=en'), [['de', 'pt-BR'], ['en']]);
  assert.deepEqual(languagesOf('?start=last&audio=de'), [['de'], ['it']]);
  assert.deepEqual(languagesOf('?subtitles='), [['fr'], []]);
  assert.deepEqual(languagesOf('?audio=<b>,de'), [['de'], ['it']]);
  assert.deepEqual(languagesOf(''), [['fr'], ['it']]);
});
