import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { findSource } from './sources.js';

test('a folder plays its videos in order of their names, numbers as numbers, and nothing else', (context) => {
  const folder = join(scratchFolder(context), 'My_films');
  mkdirSync(folder, { recursive: true });
  for (const name of ['Part 10.mp4', 'Part 2.MKV', '.hidden.mp4', 'notes.txt']) writeFileSync(join(folder, name), '');
  const source = findSource(`${folder}/`);
  assert.deepEqual([source.name, source.title], ['My films', 'My films']);
  assert.deepEqual(source.files, [join(folder, 'Part 2.MKV'), join(folder, 'Part 10.mp4')]);
});

test('a file is named without its extension, and called by its title', (context) => {
  const path = join(scratchFolder(context), 'The.film.1080p.x264-GROUP.mp4');
  writeFileSync(path, '');
  const name = 'The.film.1080p.x264-GROUP';
  assert.deepEqual(findSource(path), { name, title: 'The film', path, files: [path], notes: [] });
});

const inTheWay: [what: string, make: (path: string) => void, cause: RegExp][] = [
  ['a link to itself', (path) => symlinkSync(path, path), /leads back to itself \(ELOOP\)$/],
  ['a link that leads nowhere', (path) => symlinkSync('none', path), /no such file or folder \(ENOENT\)$/],
  ['a device', (path) => symlinkSync('/dev/zero', path), /is not a file$/],
  ['a pipe', (path) => execFileSync('mkfifo', [path]), /is not a file$/],
];

for (const [what, make, cause] of inTheWay) {
  test(`${what} is a problem that names it`, { skip: process.platform === 'win32' && 'needs POSIX' }, (context) => {
    const path = join(scratchFolder(context), 'film.mp4');
    make(path);
    assert.throws(() => findSource(path), isProblem(path, cause));
  });
}

test('a name longer than any of the file system is a problem that names it', (context) => {
  const path = join(scratchFolder(context), `${'x'.repeat(300)}.mp4`);
  assert.throws(() => findSource(path), isProblem(path, /longer than the file system allows \(ENAMETOOLONG\)$/));
});

test('a folder without a film says what it has', (context) => {
  const folder = scratchFolder(context);
  writeFileSync(join(folder, 'film.iso'), '');
  const cause = /no film and no picture in this folder; 1 file that is no film is left out: film\.iso$/;
  assert.throws(() => findSource(folder), isProblem(folder, cause));
});

const isProblem = (path: string, cause: RegExp) => (error: unknown) =>
  error instanceof Problem &&
  error.code === 'source' &&
  error.message.startsWith(`${path}: `) &&
  cause.test(error.message);

test('a missing file is a problem that names it', (context) => {
  const path = join(scratchFolder(context), 'film.mp4');
  assert.throws(
    () => findSource(path),
    (error) => error instanceof Problem && error.message.startsWith(path),
  );
});
