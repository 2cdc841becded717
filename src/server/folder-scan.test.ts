import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { pathFrom, systemPath } from '../base/path-bytes.js';
import { scanFolder } from './folder-scan.js';

/** A folder with these empty files. */
function folderWith(context: TestContext, ...names: string[]): string {
  const folder = scratchFolder(context);
  for (const name of names) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(systemPath(join(folder, name)), '');
  }
  return folder;
}

function scan(folder: string) {
  const { files, notes } = scanFolder(folder);
  return { files: files.map((file) => relative(folder, file)), notes };
}

test('films of subfolders are played in the place of the folder’s name, numbers as numbers', (context) => {
  const names = ['Part 10.mp4', 'Part 2.mkv', 'Part 3/b.mp4', 'Part 3/a/z.mp4', 'Part 3/a.mp4', 'Part 20/x.webm'];
  const { files, notes } = scan(folderWith(context, ...names));
  assert.deepEqual(files, [
    'Part 2.mkv',
    'Part 3/a/z.mp4',
    'Part 3/a.mp4',
    'Part 3/b.mp4',
    'Part 10.mp4',
    'Part 20/x.webm',
  ]);
  assert.deepEqual(notes, []);
});

test('hidden entries and folders of the system are left out without a word', (context) => {
  const folder = folderWith(
    context,
    'film.mp4',
    '.film.mp4',
    '.hidden/a.mp4',
    '@eaDir/a.mp4',
    'lost+found/a.mp4',
    '$RECYCLE.BIN/a.mp4',
    'System Volume Information/a.mp4',
  );
  assert.deepEqual(scan(folder), { files: ['film.mp4'], notes: [] });
});

test('links that lead back end, and what two ways lead to is played once', (context) => {
  const folder = folderWith(context, 'a/film.mp4');
  symlinkSync('..', join(folder, 'a/up'));
  symlinkSync('.', join(folder, 'here'));
  symlinkSync('a', join(folder, 'z.mp4'));
  assert.deepEqual(scan(folder), { files: ['a/film.mp4'], notes: [] });
});

test('a link that leads nowhere or to itself is a file, which is reported when it is opened', (context) => {
  const folder = folderWith(context, 'a.mp4');
  symlinkSync('none', join(folder, 'b.mp4'));
  symlinkSync('c.mp4', join(folder, 'c.mp4'));
  assert.deepEqual(scan(folder).files, ['a.mp4', 'b.mp4', 'c.mp4']);
});

test('what is no film is counted and named once; what usually lies beside films is not', (context) => {
  const folder = folderWith(
    context,
    'film.mp4',
    'film.nfo',
    'film.de.srt',
    'cover.JPG',
    'a.zip',
    'sub/b.iso',
    'c',
    'd.exe',
  );
  assert.deepEqual(scan(folder).notes, ['4 files that are no films are left out: a.zip, c, d.exe, …']);
  assert.deepEqual(scan(folderWith(context, 'film.mp4', 'a.zip')).notes, ['1 file that is no film is left out: a.zip']);
});

test('unfinished downloads are left out with a note', (context) => {
  const folder = folderWith(context, 'a.mp4', 'b.mp4.part', 'c.mp4.crdownload', 'd.tmp', 'e.mp4~');
  assert.deepEqual(scan(folder), {
    files: ['a.mp4'],
    notes: ['4 files that are still being written are left out: b.mp4.part, c.mp4.crdownload, d.tmp, …'],
  });
});

test('pipes are left out with a note', { skip: process.platform === 'win32' && 'needs pipes' }, (context) => {
  const folder = folderWith(context, 'film.mp4');
  execFileSync('mkfifo', [join(folder, 'pipe.mp4')]);
  symlinkSync('pipe.mp4', join(folder, 'link.mp4'));
  symlinkSync('/dev/zero', join(folder, 'zero.mp4'));
  assert.deepEqual(scan(folder), {
    files: ['film.mp4'],
    notes: ['3 pipes, sockets and devices are left out: link.mp4, pipe.mp4, zero.mp4'],
  });
});

test('names that are not UTF-8 are found, and files that differ in such a byte only are two', {
  skip: process.platform !== 'linux' && 'needs names of any bytes',
}, (context) => {
  const names = ['a\xe9/b\xff.mp4', 'a\xe9/b\xfe.mp4'].map((name) => pathFrom(Buffer.from(name, 'latin1')));
  const folder = scratchFolder(context);
  mkdirSync(systemPath(join(folder, names[0]!, '..')));
  for (const name of names) writeFileSync(systemPath(join(folder, name)), '');
  assert.deepEqual(scan(folder).files, [...names].reverse());
});

test('a subfolder that may not be read keeps no other film from being played', {
  skip: process.getuid?.() === 0 && 'root may read everything',
}, (context) => {
  const folder = folderWith(context, 'a/film.mp4', 'b.mp4');
  chmodSync(join(folder, 'a'), 0);
  context.after(() => chmodSync(join(folder, 'a'), 0o755));
  assert.deepEqual(scan(folder), { files: ['b.mp4'], notes: ['a folder is left out: a: may not be read (EACCES)'] });
});

test('folders within each other end at a depth, with a note', (context) => {
  const deep = Array.from({ length: 20 }, (_, depth) => `d${depth}`).join('/');
  const { files, notes } = scan(folderWith(context, 'film.mp4', `${deep}/deep.mp4`));
  assert.deepEqual(files, ['film.mp4']);
  assert.match(notes.join(), /^folders within d0\/.*\/d16 are left out: they are nested too deeply$/);
});

test('a folder of pictures is a station of slides; beside films pictures are covers', (context) => {
  assert.deepEqual(scan(folderWith(context, 'b.PNG', 'a/10.jpg', 'a/9.webp', 'notes.txt')), {
    files: ['a/9.webp', 'a/10.jpg', 'b.PNG'],
    notes: [],
  });
  assert.deepEqual(scan(folderWith(context, 'cover.jpg', 'film.mp4')), { files: ['film.mp4'], notes: [] });
});

test('animations are items beside films and beside slides alike', (context) => {
  const slides = folderWith(context, 'a.png', 'b.webp', 'c.gif', 'd.apng', 'e.jpg');
  // An extended WebP file with the flag "Animation".
  writeFileSync(join(slides, 'b.webp'), 'RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0', 'latin1');
  assert.deepEqual(scan(slides).files, ['a.png', 'b.webp', 'c.gif', 'd.apng', 'e.jpg']);
  writeFileSync(join(slides, 'film.mp4'), '');
  assert.deepEqual(scan(slides).files, ['b.webp', 'c.gif', 'd.apng', 'film.mp4']);
});
