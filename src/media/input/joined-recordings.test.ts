import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clicksOf, clicksSource } from '../../../test/support/clicks.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { numberedPictures, numbersFrom, onAir } from '../../../test/support/shown-pictures.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';

const folder = sharedFolder();
const skip = without('ffmpeg');

/** A recording of `seconds`: numbered pictures, and clicks from 0.1 s on. */
function recording(name: string, seconds: number, words: string[]): string {
  const path = join(folder, name);
  const inputs = ['-f', 'lavfi', '-i', numberedPictures(25), '-f', 'lavfi', '-i', clicksSource(seconds, 0.1)];
  ffmpeg('-y', ...inputs, '-t', String(seconds), ...words, path);
  return path;
}

function joined(name: string, paths: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(paths.map((part) => readFileSync(part))));
  return path;
}

const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '25', '-c:a', 'aac'];
const mpeg2 = ['-c:v', 'mpeg2video', '-bf', '2', '-g', '25', '-q:v', '2', '-c:a', 'mp2'];

for (const { what, extension, words, how } of [
  { what: 'transport streams', extension: 'ts', words: h264, how: 'copied' },
  { what: 'program streams', extension: 'mpg', words: mpeg2, how: 'encoded' },
]) {
  test(`two ${what} of 2 s, one behind the other, are 4 s long, with sound and pictures in step`, { skip }, () => {
    const part = recording(`part.${extension}`, 2, words);
    const { numbers, times, duration, path, manifest } = onAir(joined(`joined.${extension}`, [part, part]), folder);
    assert.equal(manifest.properties.video, how);
    assert.deepEqual(numbers, [...numbersFrom(0, 49), ...numbersFrom(0, 49)]);
    assert.deepEqual(
      times,
      numbersFrom(0, 99).map((i) => i / 25),
    );
    assert.equal(duration, 4);
    // The clicks of a reel count from its first packet; its pictures begin after the media delay.
    const clicks = clicksOf(path);
    const expected = numbersFrom(0, 15).map((i) => 0.1 + i * 0.25);
    assert.equal(clicks.length, expected.length);
    clicks.forEach((click, i) => {
      assert.ok(Math.abs(click - expected[i]!) < 0.03, `${click} instead of ${expected[i]}`);
    });
  });
}

test('a clock of 33 bits that wraps in the file leaves no trace', { skip }, () => {
  // 2^33 / 90,000 s, less one second.
  const wrapping = recording('wrapping.ts', 2, [...h264, '-output_ts_offset', '95442.717689', '-muxdelay', '0']);
  const { numbers, duration, manifest } = onAir(wrapping, folder);
  assert.deepEqual(numbers, numbersFrom(0, 49));
  assert.equal(duration, 2);
  assert.deepEqual(manifest.properties.notes, []);
  const twice = onAir(joined('wraps-twice.ts', [wrapping, wrapping]), folder);
  assert.deepEqual(twice.numbers, [...numbersFrom(0, 49), ...numbersFrom(0, 49)]);
  assert.equal(twice.duration, 4);
  assert.equal(twice.manifest.properties.video, 'copied');
});

test('a pause of 3 s stays a pause, a jump of hours is none', { skip }, () => {
  const first = recording('first.ts', 2, [...h264, '-output_ts_offset', '1']);
  const later = recording('later.ts', 2, [...h264, '-output_ts_offset', '6']);
  const paused = onAir(joined('paused.ts', [first, later]), folder);
  assert.equal(paused.duration, 7);
  const hours = recording('hours.ts', 2, [...h264, '-output_ts_offset', '9000']);
  assert.equal(onAir(joined('jump.ts', [first, hours]), folder).duration, 4);
});
