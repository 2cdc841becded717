import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { findSource } from './sources.js';

test('a folder plays its videos in order of their names, numbers as numbers, and nothing else', (context) => {
  const folder = join(scratchFolder(context), 'My_films');
  mkdirSync(join(folder, 'more.mp4'), { recursive: true });
  for (const name of ['Part 10.mp4', 'Part 2.MKV', '.hidden.mp4', 'notes.txt']) writeFileSync(join(folder, name), '');
  const source = findSource(`${folder}/`);
  assert.equal(source.name, 'My films');
  assert.deepEqual(source.files, [join(folder, 'Part 2.MKV'), join(folder, 'Part 10.mp4')]);
});

test('a file is named without its extension', (context) => {
  const path = join(scratchFolder(context), 'The_film.mp4');
  writeFileSync(path, '');
  assert.deepEqual(findSource(path), { name: 'The film', path, files: [path] });
});

test('a missing file is a problem that names it', (context) => {
  const path = join(scratchFolder(context), 'film.mp4');
  assert.throws(
    () => findSource(path),
    (error) => error instanceof Problem && error.message.startsWith(path),
  );
});
