import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { clicksOf, clicksSource } from '../../../test/support/clicks.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { numberedPictures, numbersFrom, onAir } from '../../../test/support/shown-pictures.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { decodingDelayOf } from './decoding-times.js';

const folder = sharedFolder();
const skip = without('ffmpeg');

const h264 = ['-c:v', 'libx264', '-x264-params', 'bframes=3:b-adapt=0', '-g', '25'];
const mpeg4 = ['-c:v', 'mpeg4', '-q:v', '2', '-bf', '2', '-g', '25'];

/** 3 s of numbered pictures and clicks from 0.1 s on. */
function film(name: string, codec: string[]): string {
  const path = join(folder, name);
  const inputs = ['-f', 'lavfi', '-i', numberedPictures(25), '-f', 'lavfi', '-i', clicksSource(3, 0.1)];
  ffmpeg('-y', ...inputs, '-t', '3', ...codec, '-c:a', 'aac', path);
  return path;
}

/** The same packets, all of them shown, with the times of decoding as those of presentation. */
function withDecodingTimes(source: string, name: string, words: string[]): string {
  const path = join(folder, name);
  ffmpeg('-y', '-i', source, '-c', 'copy', '-bsf:v', 'setts=pts=DTS', ...words, path);
  return path;
}

for (const { what, codec, delay, first, second } of [
  { what: 'MPEG-4 in MP4', codec: mpeg4, delay: 1, first: 'mpeg4.mp4', second: 'mpeg4-dts.mp4' },
  { what: 'H.264 in MP4', codec: h264, delay: 2, first: 'h264.mp4', second: 'h264-dts.mp4' },
  { what: 'H.264 in FLV', codec: h264, delay: 2, first: 'h264.flv', second: 'h264-dts.flv' },
]) {
  test(`${what} whose time stamps are those of decoding is shown in order, with its sound in step`, { skip }, () => {
    const right = film(first, codec);
    assert.equal(decodingDelayOf(right), 0);
    const wrong = withDecodingTimes(right, second, second.endsWith('.mp4') ? ['-use_editlist', '0'] : []);
    assert.equal(decodingDelayOf(wrong), delay);
    const { numbers, times, duration, path, manifest } = onAir(wrong, folder);
    assert.deepEqual(numbers, numbersFrom(0, 74));
    assert.deepEqual(
      times,
      numbersFrom(0, 74).map((i) => i / 25),
    );
    assert.equal(duration, 3);
    assert.deepEqual(manifest.properties.notes, []);
    const clicks = clicksOf(path);
    assert.equal(clicks.length, 12);
    clicks.forEach((click, i) => {
      // Without an edit list, the encoder's priming of 21 ms is played too.
      assert.ok(Math.abs(click - 0.1 - i / 4) < 0.035, `${click} instead of ${0.1 + i / 4}`);
    });
  });
}

for (const { what, codec } of [
  { what: 'H.264', codec: h264 },
  { what: 'MPEG-4', codec: mpeg4 },
]) {
  test(`B-pictures of ${what} in AVI, which has no times of presentation, are shown in order`, { skip }, () => {
    const { numbers, duration } = onAir(film(`${what}.avi`, codec), folder);
    assert.deepEqual(numbers, numbersFrom(0, 74));
    assert.equal(duration, 3);
  });
}
