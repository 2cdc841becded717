import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subtitleFilesAmong } from './subtitle-files.js';

const found = (film: string, ...names: string[]) =>
  subtitleFilesAmong(film, names).map(({ name, language, isForced, isForHearingImpaired }) =>
    [name, language, isForced && 'forced', isForHearingImpaired && 'hearing impaired'].filter(Boolean).join(' '),
  );

test('files beside a film are found by its name, with language and flags', () => {
  assert.deepEqual(found('/films/Film.mp4', 'film.srt', 'Film.de.srt', 'Film.de.forced.ass', 'Film.eng.SDH.vtt'), [
    'Film.de.forced.ass de forced',
    'Film.de.srt de',
    'Film.eng.SDH.vtt en hearing impaired',
    'film.srt',
  ]);
});

test('languages are tags of RFC 5646, codes of ISO 639-2, or English names', () => {
  assert.deepEqual(
    found('a.mkv', 'a.pt-BR.srt', 'a.ger.srt', 'a.German.srt', 'a.zh_Hant.srt', 'a.hi.srt', 'a.en.hi.srt'),
    [
      'a.German.srt de',
      'a.en.hi.srt en hearing impaired',
      'a.ger.srt de',
      'a.hi.srt hi',
      'a.pt-BR.srt pt',
      'a.zh_Hant.srt zh',
    ],
  );
});

test('other films and other files are not taken', () => {
  assert.deepEqual(found('film.mp4', 'film2.srt', 'film.txt', 'film.mp4', 'other.srt', 'film.director.srt'), [
    'film.director.srt',
  ]);
});
