import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksLikeVideo } from './video-files.js';

test('a file is taken for a video by its name alone', () => {
  for (const name of ['a.mp4', 'films/B.MKV', 'x.y.webm', 'clip.M2TS']) assert.equal(looksLikeVideo(name), true, name);
  for (const name of ['a.txt', 'mp4', '.mp4', 'song.mp3', 'cover.jpg', 'a.mp4.part']) {
    assert.equal(looksLikeVideo(name), false, name);
  }
});
