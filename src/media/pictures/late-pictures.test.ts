import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { clicksOf, clicksSource } from '../../../test/support/clicks.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { numberedPictures, numbersFrom, onAir, shownOf, withoutRepeats } from '../../../test/support/shown-pictures.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';

const folder = sharedFolder();
const skip = without('ffmpeg');

/** 2 s of pictures that begin at `start`, and 4 s of sound with clicks from 0.1 s on. */
function film(name: string, start: number): string {
  const path = join(folder, name);
  const pictures = ['-itsoffset', String(start), '-f', 'lavfi', '-i', `${numberedPictures(25)},trim=duration=2`];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-c:a', 'aac', '-vsync', 'passthrough'];
  ffmpeg('-y', ...pictures, '-f', 'lavfi', '-i', clicksSource(4, 0.1), ...codecs, path);
  return path;
}

for (const { extension, start } of [
  { extension: 'mp4', start: 1 },
  { extension: 'mkv', start: 1 },
  { extension: 'ts', start: 2.4 },
]) {
  test(`the first picture stands while sound is played that begins before it, from ${extension}`, { skip }, () => {
    const { numbers, times, path, manifest } = onAir(film(`late.${extension}`, start), folder);
    assert.deepEqual(withoutRepeats(numbers), numbersFrom(0, 49));
    const second = times[numbers.indexOf(1)]!;
    assert.ok(Math.abs(second - start - 0.04) <= 0.02 + 1e-6, `${second}`);
    assert.match(manifest.properties.reason, /^pictures that begin \d\.\d s behind the sound$/);
    assert.deepEqual(manifest.properties.notes, []);
    const clicks = clicksOf(path);
    clicks.forEach((click, i) => {
      assert.ok(Math.abs(click - 0.1 - i / 4) < 0.03, `${click} instead of ${0.1 + i / 4}`);
    });
    assert.ok(clicks.length >= 15, `${clicks.length}`);
  });
}

test('a little sound ahead of the pictures is left out, with a note', { skip }, () => {
  const { manifest } = onAir(film('slightly-late.mp4', 0.4), folder);
  assert.equal(manifest.properties.video, 'copied');
  assert.deepEqual(manifest.properties.notes, ['the first 0.4 s of sound are left out: the pictures begin later']);
});

test('pictures whose times lie thousands of years ahead come before the first one with a time that can be', {
  skip,
}, () => {
  const whole = join(folder, 'theora.ogv');
  const input = ['-f', 'lavfi', '-i', `${numberedPictures(25)},trim=duration=4`];
  ffmpeg('-y', ...input, '-c:v', 'libtheora', '-q:v', '8', '-g', '64', whole);
  // Before the beginning the numbers of granules are negative.
  const cut = join(folder, 'cut.ogv');
  ffmpeg('-y', '-ss', '1.3', '-i', whole, '-t', '2', '-c', 'copy', cut);
  const { numbers, times } = onAir(cut, folder);
  assert.deepEqual(withoutRepeats(numbers), withoutRepeats(shownOf(cut).numbers));
  assert.ok(times.at(-1)! < 4, `${times.at(-1)} s`);
});
