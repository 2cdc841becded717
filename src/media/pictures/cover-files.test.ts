import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverAmong } from './cover-files.js';

test('the cover of a song is the picture of its name, or else that of its folder', () => {
  const folder = ['song.flac', 'back.jpg', 'Folder.JPG', 'cover.png', 'other.jpg'];
  assert.equal(coverAmong('/music/song.flac', folder), 'cover.png');
  assert.equal(coverAmong('/music/song.flac', [...folder, 'Song.jpeg', 'song.webp']), 'Song.jpeg');
  assert.equal(coverAmong('song.flac', ['Front.PNG', 'cover.gif']), 'Front.PNG');
  assert.equal(coverAmong('song.flac', ['song.flac', 'back.jpg']), null);
});
