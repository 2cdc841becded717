import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languageText, nextLanguage, trackFor } from './sound.js';

const station = { languages: ['en', 'de', 'fr'] };

test('the track is that of the first language wanted that the station has, or the main one', () => {
  assert.deepEqual(
    [['ger'], ['it', 'fr-CA', 'de'], ['it'], [], ['no tag']].map((wanted) => trackFor(station, wanted)),
    [1, 2, 0, 0, 0],
  );
  assert.equal(trackFor({}, ['de']), 0);
});

test('the next language follows the one that is played, the first the last', () => {
  assert.deepEqual(
    [[], ['de'], ['fr']].map((wanted) => nextLanguage(station, wanted)),
    ['de', 'fr', 'en'],
  );
  assert.equal(nextLanguage({ languages: ['en'] }, []), null);
  assert.equal(nextLanguage({}, []), null);
});

test('languages have their names', () => {
  assert.deepEqual(['de', 'und', 'qaa', 'x'].map(languageText), ['German', 'Original', 'qaa', 'x']);
});
