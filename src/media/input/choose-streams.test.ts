import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { makeSource } from '../../../test/support/sources.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { Notes } from '../notes.js';
import { MediaInput } from './input.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);

/** The film is 320 pixels wide, other pictures are not. */
const FILM = 320;
const needs = { skip: without('ffmpeg') };

before(() => {
  if (needs.skip) return;
  makeSource({ path: at('film.mp4'), seconds: 2 });
  makeSource({ path: at('other.mp4'), seconds: 2, video: { width: 640, height: 360 }, audio: null });
  ffmpeg('-i', at('other.mp4'), '-c:v', 'mjpeg', at('jpegs.mov'));
  ffmpeg('-f', 'lavfi', '-i', 'testsrc=s=1280x720', '-frames:v', '1', at('cover.jpg'));
});

/** The width of the pictures that are chosen, and what is said about it. */
function chosen(source: string): { width: number; notes: string[] } {
  const notes = new Notes();
  const input = new MediaInput(source, notes);
  const { width } = input.video.codecpar;
  input.close();
  return { width, notes: notes.texts };
}

/** Both inputs without their sound but for the second's, copied; the first input's pictures are track 0. */
const both = (first: string, second: string) => [
  '-i',
  at(first),
  '-i',
  at(second),
  '-map',
  '0:v',
  '-map',
  '1',
  '-c',
  'copy',
];

const films: [what: string, name: string, words: () => string[]][] = [
  ['a cover listed first', 'a.mp4', () => [...both('cover.jpg', 'film.mp4'), '-disposition:v:0', '0']],
  ['a cover that is the default', 'b.mkv', () => [...both('cover.jpg', 'film.mp4'), '-disposition:v:1', '0']],
  ['a PNG that is the default', 'c.mov', () => [...both('cover.jpg', 'film.mp4'), '-c:v:0', 'png']],
  ['an attached picture', 'd.mp4', () => [...both('cover.jpg', 'film.mp4'), '-disposition:v:0', 'attached_pic']],
  [
    'a single picture of H.264 that is the default',
    'f.mp4',
    () => [...both('cover.jpg', 'film.mp4'), '-c:v:0', 'libx264'],
  ],
];

for (const [what, name, words] of films) {
  test(`${what} beside a film is not the film`, needs, () => {
    ffmpeg(...words(), at(name));
    assert.deepEqual(chosen(at(name)), { width: FILM, notes: [] });
  });
}

test('a Motion JPEG track listed first beside a film is not the film, and that is said', needs, () => {
  ffmpeg(...both('jpegs.mov', 'film.mp4'), at('both.mov'));
  const notes = ['2 video tracks: number 2 (H.264, 320 × 180) is played'];
  assert.deepEqual(chosen(at('both.mov')), { width: FILM, notes });
});

test('a film in Motion JPEG alone is the film', needs, () => {
  assert.deepEqual(chosen(at('jpegs.mov')), { width: 640, notes: [] });
});

const defaults: [what: string, disposition: string[], width: number, note: string][] = [
  ['the default one', ['-disposition:v:0', '0', '-disposition:v:1', 'default'], FILM, 'number 2 (H.264, 320 × 180)'],
  ['the larger one where both are the default', ['-disposition:v', 'default'], 640, 'number 1 (H.264, 640 × 360)'],
  [
    'not the one for some viewers, though it is the default',
    ['-disposition:v:0', 'default+comment', '-disposition:v:1', '0'],
    FILM,
    'number 2 (H.264, 320 × 180)',
  ],
];

for (const [what, disposition, width, note] of defaults) {
  test(`of two films, ${what} is played, and that is said`, needs, () => {
    ffmpeg(...both('other.mp4', 'film.mp4'), ...disposition, '-y', at('two.mkv'));
    assert.deepEqual(chosen(at('two.mkv')), { width, notes: [`2 video tracks: ${note} is played`] });
  });
}

/** A copy of `two.mp4` that `make` changes. */
function patched(name: string, make: (bytes: Buffer) => void): string {
  const bytes = readFileSync(at('two.mp4'));
  make(bytes);
  writeFileSync(at(name), bytes);
  return at(name);
}

test('a track of transparency or depth is not the film, though it comes first', needs, () => {
  ffmpeg(...both('other.mp4', 'film.mp4'), '-y', at('two.mp4'));
  assert.equal(chosen(at('two.mp4')).width, 640);
  const source = patched('auxiliary.mp4', (bytes) => bytes.write('auxv', bytes.indexOf('vide', bytes.indexOf('hdlr'))));
  assert.deepEqual(chosen(source), { width: FILM, notes: [] });
});

/** Makes the data reference behind `from` name another file; its box takes the place of the one before, `vmhd`. */
function referElsewhere(bytes: Buffer, from: number): void {
  const start = bytes.indexOf('vmhd', from) - 4;
  const header = (at: number, size: number, type: string) => {
    bytes.writeUInt32BE(size, at);
    bytes.write(type, at + 4);
  };
  header(start, 20 + 36, 'dinf');
  header(start + 8, 20 + 28, 'dref');
  bytes.writeUInt32BE(0, start + 16); // version and flags
  bytes.writeUInt32BE(1, start + 20); // entry_count
  header(start + 24, 32, 'url ');
  bytes.writeUInt32BE(0, start + 32); // version and flags: not self-contained
  bytes.write('file:///etc/film.mp\0', start + 36);
}

test('pictures in another file are not read, another track is', needs, () => {
  ffmpeg(...both('other.mp4', 'film.mp4'), '-y', at('two.mp4'));
  const one = patched('one.mp4', (bytes) => referElsewhere(bytes, 0));
  assert.deepEqual(chosen(one), { width: FILM, notes: [] });
  const none = patched('none.mp4', (bytes) => {
    referElsewhere(bytes, 0);
    referElsewhere(bytes, bytes.indexOf('vmhd'));
  });
  assert.throws(() => chosen(none), /none\.mp4: its pictures are in another file/);
});

test('subtitles are named, for they are left out', needs, () => {
  writeFileSync(at('words.srt'), '1\n00:00:00,000 --> 00:00:01,000\nWords\n');
  const words = ['-i', at('film.mp4'), '-i', at('words.srt'), '-map', '0', '-map', '1', '-map', '1', '-c', 'copy'];
  ffmpeg(...words, '-metadata:s:s:0', 'language=eng', at('subtitles.mkv'));
  const notes = ['the subtitles are left out: English and number 2'];
  assert.deepEqual(chosen(at('subtitles.mkv')), { width: FILM, notes });
});
