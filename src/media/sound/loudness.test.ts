import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { defaultMediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);

/** Integrated loudness, LUFS, as FFmpeg's program measures it. */
function loudnessOf(path: string): number {
  const words = ['-nostdin', '-i', path, '-af', 'ebur128', '-f', 'null', '-'];
  const { stderr } = spawnSync('ffmpeg', words);
  return Number(/Integrated loudness:\s+I:\s+(-?[\d.]+) LUFS/.exec(stderr.toString())?.[1]);
}

for (const [volume, what] of [
  ['-40dB', 'quiet'],
  ['-6dB', 'loud'],
] as const) {
  test(`${what} sound is brought to the loudness that is set`, { skip: without('ffmpeg') }, () => {
    const source = at(`${what}.flac`);
    ffmpeg('-f', 'lavfi', '-i', `anoisesrc=c=pink:r=48000:d=4:seed=7,volume=${volume}`, '-ac', '2', source);
    const { audio, properties } = spoolFilm(source, -23);
    assert.equal(properties.audio, 'encoded');
    assert.ok(Math.abs(properties.loudness! - loudnessOf(source)) <= 0.3, `measured: ${properties.loudness} LUFS`);
    const loudness = loudnessOf(audio.path);
    assert.ok(Math.abs(loudness + 23) <= 0.5, `${loudness} LUFS`);
  });
}

test('sound that would be copied is encoded where a loudness is set, and says why', { skip: without('ffmpeg') }, () => {
  ffmpeg('-f', 'lavfi', '-i', 'sine=r=48000:d=2', '-c:a', 'aac', at('aac.m4a'));
  const { properties } = spoolFilm(at('aac.m4a'), -23);
  assert.match(properties.reason, /sound brought to -23 LUFS/);
});

function spoolFilm(source: string, loudness: number) {
  const spool = spoolMedia({
    source,
    folder: mkdtempSync(at('spool-')),
    settings: { ...defaultMediaSettings, loudness },
    onProgress: () => undefined,
  });
  assert.equal(spool.format, 'h264');
  return spool;
}
