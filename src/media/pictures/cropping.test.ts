import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chart, chartPicture, picturesOf, writeAccessUnits } from '../../../test/support/chart.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { jpegSize, makeSource } from '../../../test/support/sources.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
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

test('padding from the middle of a film on is not shown, and the rest is fitted into its frame', {
  skip: without('ffmpeg'),
}, () => {
  const at = (name: string) => join(folder, name);
  // The last six lines are light.
  const picture = 'color=c=0x606060:s=160x96:r=25:d=1,drawbox=y=90:h=6:c=white:t=fill';
  ffmpeg('-f', 'lavfi', '-i', picture, '-c:v', 'libx264', '-crf', '5', '-g', '25', at('whole.ts'));
  ffmpeg('-i', at('whole.ts'), '-c', 'copy', '-bsf:v', 'h264_metadata=crop_bottom=6', at('cropped.ts'));
  writeFileSync(at('both.ts'), Buffer.concat([readFileSync(at('whole.ts')), readFileSync(at('cropped.ts'))]));
  const result = spool(at('both.ts'));
  assert.deepEqual(result.properties.notes, ['1.0 s of pictures of 160 × 90 are fitted into 160 × 96']);
  const pictures = picturesOf(writeAccessUnits(result.video, mkdtempSync(join(folder, 'shown-'))));
  assert.equal(pictures.length, 50);
  for (const [i, picture] of pictures.entries()) {
    assert.deepEqual([picture.width, picture.height], [160, 96]);
    const [bottom = 0] = picture.at(1, 96).at(-1)!;
    assert.ok(i < 25 ? bottom > 200 : bottom < 30, `picture ${i}: ${bottom}`);
  }
});
