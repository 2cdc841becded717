import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { accessUnits } from '../../../test/support/decoded.js';
import { turnedPhoto, uprightPhoto } from '../../../test/support/photos.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { Problem } from '../../base/problem.js';
import { Millis, Ticks90k } from '../../base/units.js';
import { heifGrid } from '../input/heif-grid.js';
import { defaultMediaSettings } from '../settings.js';
import { slidePictures } from '../slide-pictures.js';
import { spoolMedia } from '../spool-media.js';

const folder = sharedFolder();
let written = 0;
function fileOf(photo: Buffer): string {
  const path = join(folder, `photo-${written++}.avif`);
  writeFileSync(path, photo);
  return path;
}

const picturesOf = (source: string) =>
  slidePictures({ source, folder: mkdtempSync(join(folder, 'into-')), name: 'page', target: null, onPage() {} });

const grid = { columns: 2, rows: 2, width: 256, height: 128 };

test('the grid of a photo of tiles', () => {
  assert.deepEqual(heifGrid(fileOf(uprightPhoto)), {
    ...grid,
    tiles: [2, 3, 4, 5],
    orientation: { turn: 0, isMirrored: false },
  });
  const turned = heifGrid(fileOf(turnedPhoto));
  assert.deepEqual(turned, { ...grid, tiles: [2, 3, 4, 5], orientation: { turn: 270, isMirrored: true } });
});

const [red, green, blue, white] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
] as const;

for (const [what, photo, width, height, corners] of [
  ['in their places', uprightPhoto, 256, 128, [red, green, blue, white]],
  // Turned: green and white above red and blue.
  ['turned with the photo', turnedPhoto, 128, 256, [white, green, blue, red]],
] as const) {
  test(`its tiles are ${what}`, { skip: without('ffmpeg') }, async () => {
    const source = fileOf(photo);
    const target = {
      ...{ width, height, channels: 2, reorderDelay: Ticks90k(0) },
      sampleAspectRatio: [1, 1] as [number, number],
      frameRate: [25, 1] as [number, number],
    };
    const settings = { ...defaultMediaSettings, target, slide: Millis(500) };
    const pages = await picturesOf(source);
    const result = spoolMedia({
      source,
      pages,
      folder: mkdtempSync(join(folder, 'spool-')),
      settings,
      onProgress() {},
    });
    assert.ok(result.format === 'h264');
    const words = [
      '-v',
      'error',
      '-f',
      'h264',
      '-i',
      '-',
      '-frames:v',
      '1',
      '-vf',
      'format=rgb24,scale=8:8:flags=area',
    ];
    const { stdout } = spawnSync('ffmpeg', [...words, '-f', 'rawvideo', '-'], { input: accessUnits(result.video) });
    assert.equal(stdout.length, 8 * 8 * 3);
    const at = [9, 14, 49, 54];
    for (const [i, colour] of corners.entries()) {
      const shown = [...stdout.subarray(at[i]! * 3, at[i]! * 3 + 3)];
      assert.ok(
        shown.every((value, k) => Math.abs(value - colour[k]!) <= 12),
        `corner ${i} is ${shown}`,
      );
    }
  });
}

test('a photo without its last tile is a problem of the source', async () => {
  await assert.rejects(
    picturesOf(fileOf(turnedPhoto.subarray(0, -40))),
    (error) => error instanceof Problem && error.code === 'source' && /tile/.test(error.message),
  );
});

test('no file makes its reader fail', () => {
  const path = fileOf(uprightPhoto);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(420), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = Buffer.from(uprightPhoto);
      for (const [at, value] of changes) bytes[at] = value;
      writeFileSync(path, bytes);
      const found = heifGrid(path);
      assert.ok(found === null || found.tiles.length === found.rows * found.columns);
    }),
    { seed: 1, numRuns: 500 },
  );
});
