import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextSubtitles, subtitlesFor, subtitlesText } from './subtitles.js';

test('subtitles are those of the first language that the station has', () => {
  assert.equal(subtitlesFor({ subtitles: ['en', 'de'] }, ['fr', 'de-AT', 'en']), 1);
  assert.equal(subtitlesFor({ subtitles: ['en', 'de'] }, []), null);
  assert.equal(subtitlesFor({}, ['en']), null);
});

test('the key shows each language in turn, then none', () => {
  const station = { subtitles: ['en', 'de'] };
  const shown = [[] as string[]];
  for (let i = 0; i < 3; i++) shown.push(nextSubtitles(station, shown.at(-1)!)!);
  assert.deepEqual(shown, [[], ['en'], ['de'], []]);
  assert.deepEqual(nextSubtitles(station, ['fr']), ['en']);
  assert.equal(nextSubtitles({}, []), null);
  assert.equal(subtitlesText(['de']), 'Subtitles: German');
});
