import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chart, chartPicture, picturesOf, writeAccessUnits } from '../../../test/support/chart.js';
import { jpegSize, makeSource } from '../../../test/support/sources.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { silenceLog } from '../input/input.js';
import { defaultMediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import type { Crop } from './cropping.js';
import { makePoster } from './poster.js';

silenceLog();
const folder = sharedFolder();
const size = { width: 640, height: 368 };

/** A film whose outer patches, the first and the last of eight, are padding. */
function padded(extension: string, crop: Crop): string {
  return makeSource({
    path: join(mkdtempSync(join(folder, 'source-')), `padded.${extension}`),
    seconds: 0.4,
    video: {
      ...size,
      picture: chartPicture({ ...size, pixelFormat: 'yuv420p' }),
      options: { crf: 5 },
      containerCrop: crop,
    },
    audio: null,
  });
}

function spool(source: string) {
  const onProgress = () => {};
  const result = spoolMedia({
    source,
    folder: mkdtempSync(join(folder, 'spool-')),
    settings: defaultMediaSettings,
    onProgress,
  });
  assert.equal(result.format, 'h264');
  return result;
}

const luma = (samples: [number, number, number][]) => samples.map(([y]) => Math.round(y / 10));
const patchWidth = size.width / chart.length;
/** The patches that are left. */
const visible = ({ left, right }: Crop) =>
  chart.slice(Math.round(left / patchWidth), chart.length - Math.round(right / patchWidth));

for (const [extension, crop, how, shown] of [
  ['mkv', { left: 80, right: 80, top: 4, bottom: 4 }, 'encoded', [480, 360]],
  ['mp4', { left: 80, right: 80, top: 4, bottom: 4 }, 'encoded', [480, 360]],
  ['mkv', { left: 0, right: 160, top: 4, bottom: 4 }, 'copied', [480, 360]],
  ['mp4', { left: 0, right: 0, top: 0, bottom: 8 }, 'copied', [640, 360]],
  ['mkv', { left: 79, right: 81, top: 3, bottom: 5 }, 'encoded', [480, 360]],
] as const) {
  const sides = Object.values(crop).join(', ');
  test(`${extension}: padding of ${sides} that only the container knows is not shown, and the pictures are ${how}`, () => {
    const path = padded(extension, crop);
    const result = spool(path);
    const { width, height, sampleAspectRatio, video } = result.properties;
    assert.deepEqual([width, height, sampleAspectRatio, video], [...shown, [1, 1], how]);
    const [picture] = picturesOf(writeAccessUnits(result.video, mkdtempSync(join(folder, 'shown-'))), 1);
    assert.ok(picture);
    assert.deepEqual([picture.width, picture.height], shown);
    const patches = visible(crop);
    assert.deepEqual(luma(picture.at(patches.length)), luma(patches));

    const poster = join(folder, 'poster.jpg');
    makePoster({ source: path, path: poster });
    assert.deepEqual(jpegSize(readFileSync(poster)), shown);
  });
}
