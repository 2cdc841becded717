import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ffmpeg } from '../../test/support/ffmpeg.js';
import { sharedFolder } from '../../test/support/spool.js';
import { without } from '../../test/support/tools.js';
import { Millis } from '../base/units.js';
import { MediaInput } from './input/input.js';
import { defaultMediaSettings } from './settings.js';
import { spoolMedia } from './spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);

/** Films of four seconds whose container does not tell their length: each has some 800 kB. */
const films: [what: string, how: 'copied' | 'encoded', name: string, words: string[]][] = [
  ['Matroska of a recorder that crashed', 'copied', 'live.mkv', ['-c:a', 'aac', '-live', '1']],
  ['Matroska of a recorder that crashed', 'encoded', 'live.mkv', ['-c:a', 'aac', '-live', '1']],
  ['raw H.264', 'encoded', 'raw.h264', ['-an', '-f', 'h264']],
];

for (const [what, how, name, words] of films) {
  test(`${what}, without a length, ${how}: progress is that of the bytes read`, { skip: without('ffmpeg') }, () => {
    const generated = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25', '-f', 'lavfi', '-i', 'sine=r=48000', '-t', '4'];
    const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-b:v', '1600k', '-pix_fmt', 'yuv420p'];
    ffmpeg('-y', ...generated, ...video, ...words, at(name));
    const input = new MediaInput(at(name));
    assert.equal(input.duration, 0);
    input.close();
    const done: number[] = [];
    const { properties } = spoolMedia({
      source: at(name),
      folder: mkdtempSync(at('spool-')),
      settings: { ...defaultMediaSettings, maxGop: Millis(how === 'copied' ? 12_000 : 500) },
      onProgress: (share) => done.push(share),
    });
    assert.equal(properties.video, how);
    // A report for each picture, and more than one step: files are read in pieces.
    assert.ok(done.length > 100, `${done.length} reports`);
    const steps = [...new Set(done)];
    assert.ok(steps.length > 8, `${steps}`);
    assert.ok(
      steps.some((share) => share > 0.3 && share < 0.6),
      `${steps}`,
    );
  });
}
