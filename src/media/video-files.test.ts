import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksPlayable } from './video-files.js';

test('a file is taken for a film or for sound by its name alone', () => {
  for (const name of [
    'a.mp4',
    'films/B.MKV',
    'x.y.webm',
    'clip.M2TS',
    'song.mp3',
    'Song.FLAC',
    'a.opus',
    'a.m4a',
    'a.apng',
  ]) {
    assert.equal(looksPlayable(name), true, name);
  }
  for (const name of ['a.txt', 'mp4', '.mp4', 'cover.jpg', 'a.mp4.part', 'list.m3u']) {
    assert.equal(looksPlayable(name), false, name);
  }
});
