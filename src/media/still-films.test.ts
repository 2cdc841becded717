import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessUnits, shownPictures } from '../../test/support/decoded.js';
import { ffmpeg } from '../../test/support/ffmpeg.js';
import { sharedFolder } from '../../test/support/spool.js';
import { without } from '../../test/support/tools.js';
import { Millis } from '../base/units.js';
import { defaultMediaSettings } from './settings.js';
import { spoolMedia } from './spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

/** A film of `count` pictures of `seconds` each, all of them random access points, with sound to its end. */
function slides(name: string, count: number, seconds: number): string {
  const pictures = `testsrc2=s=320x180:r=1/${seconds}`;
  const sound = `sine=d=${count * seconds}`;
  const words = ['-map', '0:v', '-map', '1:a', '-c:v', 'libx264', '-g', '1', '-frames:v', String(count), '-c:a', 'aac'];
  ffmpeg('-f', 'lavfi', '-i', pictures, '-f', 'lavfi', '-i', sound, ...words, '-t', String(count * seconds), at(name));
  return at(name);
}

for (const [what, count, seconds] of [
  ['one picture for as long as a song', 1, 14],
  ['slides, the last of which stands as long as the others', 3, 5],
] as const) {
  test(`${what}: a random access point comes every 2 s, up to the loop`, needs, () => {
    const into = mkdtempSync(at('spool-'));
    const source = slides(`${count}.mp4`, count, seconds);
    const settings = { ...defaultMediaSettings, maxGop: Millis(4_000) };
    const spool = spoolMedia({ source, folder: into, settings, onProgress() {} });
    assert.equal(spool.format, 'h264');
    const { video, properties } = spool;
    assert.deepEqual([properties.video, properties.notes], ['encoded', []]);
    const rate = properties.frameRate[0] / properties.frameRate[1];
    assert.equal(rate, 5);
    assert.equal(video.duration, count * seconds * 90_000);
    video.randomAccess.forEach((flag, i) => {
      assert.equal(flag, i % (2 * rate) === 0 ? 1 : 0, `picture ${i}`);
    });
    assert.equal(shownPictures(accessUnits(video)).length, count * seconds * rate);
  });
}
