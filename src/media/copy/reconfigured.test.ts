import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessUnits, shownPictures } from '../../../test/support/decoded.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { joinAsFlv, joinAsMp4 } from '../../../test/support/joined.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { defaultMediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

/** Two seconds of a picture, its entropy coding as in the picture parameter set, which has the same id in all. */
function part(name: string, generator: string, cabac: 0 | 1): string {
  const x264 = `cabac=${cabac}:keyint=25:bframes=2:b-adapt=0:scenecut=0`;
  const words = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-profile:v',
    'main',
    '-x264-params',
    x264,
  ];
  ffmpeg('-f', 'lavfi', '-i', `${generator}=s=320x180:r=25`, '-t', '2', ...words, at(name));
  return at(name);
}

const joins: [what: string, extension: string, join: (path: string, parts: [string, string]) => void][] = [
  ['an MP4 with two sample descriptions', 'mp4', joinAsMp4],
  ['an FLV file whose encoder was started again', 'flv', (path, parts) => joinAsFlv(path, parts, 2)],
];

for (const [what, extension, joinAs] of joins) {
  test(`${what} is copied with all its pictures`, needs, () => {
    const parts: [string, string] = [
      part(`first.${extension}`, 'testsrc2', 0),
      part(`second.${extension}`, 'mandelbrot', 1),
    ];
    const source = at(`joined.${extension}`);
    joinAs(source, parts);
    const into = mkdtempSync(at('spool-'));
    const spool = spoolMedia({ source, folder: into, settings: defaultMediaSettings, onProgress() {} });
    assert.equal(spool.format, 'h264');
    assert.deepEqual([spool.properties.video, spool.properties.notes], ['copied', []]);
    assert.deepEqual(
      shownPictures(accessUnits(spool.video)),
      parts.flatMap((each) => shownPictures(each)),
    );
  });
}
