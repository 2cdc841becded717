import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clicksSource } from '../../test/support/clicks.js';
import { ffmpeg } from '../../test/support/ffmpeg.js';
import { numberedPictures, onAir } from '../../test/support/shown-pictures.js';
import { sharedFolder } from '../../test/support/spool.js';
import { without } from '../../test/support/tools.js';

const folder = sharedFolder();
const skip = without('ffmpeg');

/** `seconds` of pictures that begin at `start`, and 5 s of sound. */
function film(name: string, { seconds, start = 0, words = [] }: { seconds: number; start?: number; words?: string[] }) {
  const path = join(folder, name);
  const pictures = [
    '-itsoffset',
    String(start),
    '-f',
    'lavfi',
    '-i',
    `${numberedPictures(25)},trim=duration=${seconds}`,
  ];
  const sound = ['-f', 'lavfi', '-i', clicksSource(5, 0.1)];
  ffmpeg(
    '-y',
    ...pictures,
    ...sound,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-g',
    '25',
    '-c:a',
    'aac',
    ...words,
    path,
  );
  return path;
}

const cutOff = ({ manifest }: ReturnType<typeof onAir>) =>
  manifest.properties.notes.filter((note) => note.includes('cut off'));

for (const extension of ['mp4', 'mkv', 'ts']) {
  test(`pictures in ${extension} that begin 3 s behind the sound are not cut off`, { skip }, () => {
    assert.deepEqual(cutOff(onAir(film(`late.${extension}`, { seconds: 2, start: 3 }), folder)), []);
  });
}

test('pictures that end before the sound are not cut off', { skip }, () => {
  assert.deepEqual(cutOff(onAir(film('short.mkv', { seconds: 2 }), folder)), []);
  assert.deepEqual(cutOff(onAir(film('short.mp4', { seconds: 2 }), folder)), []);
});

test('H.264 without a container, whose length can only be guessed, is not cut off', { skip }, () => {
  const words = ['-an', '-x264-params', 'bitrate=50:vbv-maxrate=50:vbv-bufsize=50'];
  assert.deepEqual(cutOff(onAir(film('raw.h264', { seconds: 4, words }), folder)), []);
});

test('a Matroska file that ends early is cut off', { skip }, () => {
  const whole = readFileSync(film('whole.mkv', { seconds: 5 }));
  const path = join(folder, 'early.mkv');
  writeFileSync(path, whole.subarray(0, Math.round(whole.length * 0.4)));
  const [note] = cutOff(onAir(path, folder));
  assert.match(note ?? '', /^the file is cut off: [12]\.\d s of 5\.0 s can be played$/);
});

for (const words of [[], ['-c:v', 'mpeg4']]) {
  test(`an MP4 that ends a second early is cut off, ${words.length > 0 ? 'encoded' : 'copied'}`, { skip }, () => {
    const whole = readFileSync(film('index-first.mp4', { seconds: 5, words: ['-movflags', 'faststart', ...words] }));
    const path = join(folder, 'early.mp4');
    writeFileSync(path, whole.subarray(0, Math.round(whole.length * 0.84)));
    const [note] = cutOff(onAir(path, folder));
    assert.match(note ?? '', /^the file is cut off after [34]\.\d s$/);
  });
}
