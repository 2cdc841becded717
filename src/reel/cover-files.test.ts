import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { coverOf, withCover } from './cover-files.js';

test('the cover beside a song is part of what the song is, and that beside a film is not', async (context) => {
  const folder = scratchFolder(context);
  const [song, film, cover] = ['song.flac', 'film.mp4', 'folder.jpg'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  assert.equal(await coverOf(song), null);
  assert.equal(await withCover(song, 'content'), 'content');
  writeFileSync(cover, 'one');
  assert.equal(await coverOf(song), cover);
  assert.equal(await coverOf(film), null);
  const first = await withCover(song, 'content');
  writeFileSync(cover, 'two');
  assert.notEqual(await withCover(song, 'content'), first);
  assert.equal(await withCover(film, 'content'), 'content');
});
