import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FF_ENCODER_FFV1, FF_ENCODER_LIBX264, FF_ENCODER_LIBX265 } from 'node-av/constants';
import {
  chart,
  chartPicture,
  distance,
  picturesOf,
  rgbOf,
  type Samples,
  writeAccessUnits,
} from '../../../test/support/chart.js';
import { makeSource, type SourceVideo } from '../../../test/support/sources.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { silenceLog } from '../input/input.js';
import { defaultMediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import { makePoster } from './poster.js';

silenceLog();
const folder = sharedFolder();
const size = { width: 320, height: 176 };

function spool(name: string, video: SourceVideo) {
  const picture = chartPicture({ ...size, pixelFormat: 'yuv420p' });
  const source = makeSource({
    path: join(folder, name),
    seconds: 0.2,
    video: { ...size, picture, bPictures: 0, ...video },
    audio: null,
  });
  const onProgress = () => {};
  const spoolFolder = mkdtempSync(join(folder, 'spool-'));
  const result = spoolMedia({ source, folder: spoolFolder, settings: defaultMediaSettings, onProgress });
  assert.equal(result.format, 'h264');
  const pictures = picturesOf(writeAccessUnits(result.video, mkdtempSync(join(folder, 'shown-'))));
  return { ...result, pictures, source };
}

const shown = chart.map((samples) => rgbOf(samples, { matrix: 6, isFull: false }));

const formats: [what: string, name: string, video: SourceVideo][] = [
  ['4:4:4', '444.mp4', { codec: FF_ENCODER_LIBX264, pixelFormat: 'yuv444p', options: { crf: 5 } }],
  ['4:4:0', '440.mkv', { codec: FF_ENCODER_FFV1, pixelFormat: 'yuv440p' }],
  ['4:1:1', '411.mkv', { codec: FF_ENCODER_FFV1, pixelFormat: 'yuv411p' }],
  ['4:2:2 in 10 bits', '422.mp4', { codec: FF_ENCODER_LIBX264, pixelFormat: 'yuv422p10le', options: { crf: 5 } }],
  [
    '12 bits',
    '12.mkv',
    { codec: FF_ENCODER_LIBX265, pixelFormat: 'yuv420p12le', options: { 'x265-params': 'crf=5:log-level=none' } },
  ],
  ['16 bits', '16.mkv', { codec: FF_ENCODER_FFV1, pixelFormat: 'yuv444p16le' }],
  ['no loss', 'lossless.mp4', { codec: FF_ENCODER_LIBX264, options: { qp: 0 } }],
];

for (const [what, name, video] of formats) {
  test(`pictures with ${what} have their colours on the air`, () => {
    const { pictures, properties } = spool(name, video);
    assert.equal(properties.video, 'encoded');
    assert.equal(pictures.length, 5);
    const seen = pictures[2]!.at(chart.length).map((samples) => rgbOf(samples, pictures[2]!));
    assert.ok(distance(seen, shown) <= 4, `${distance(seen, shown)}`);
  });
}

test('grey pictures are grey, and say a matrix', () => {
  const { pictures } = spool('grey.mkv', {
    ...{ codec: FF_ENCODER_FFV1, pixelFormat: 'gray10le' },
    // As FFmpeg makes grey pictures.
    options: { color_range: 'pc' },
  });
  const [picture] = pictures;
  assert.equal(picture!.matrix, 6);
  const seen = picture!.at(chart.length);
  assert.ok(
    distance(
      seen,
      chart.map(([y]): Samples => [y, 128, 128]),
    ) <= 2,
  );
});

/** matrix_coefficients of ITU-T H.273 that few players know: YCgCo, BT.2020 with constant luminance, by primaries, ICtCp. */
for (const [matrix, primaries, transfer] of [
  [8, 1, 1],
  [10, 9, 14],
  [12, 8, 8],
  [14, 9, 16],
] as const) {
  test(`colour of matrix ${matrix}, primaries ${primaries} and transfer ${transfer} becomes BT.709`, () => {
    const { pictures, source } = spool(`matrix-${matrix}.mkv`, {
      codec: FF_ENCODER_FFV1,
      pixelFormat: 'yuv420p10le',
      colour: { matrix, primaries, transfer },
    });
    const [picture] = pictures;
    assert.deepEqual([picture!.matrix, picture!.primaries, picture!.transfer], [1, 1, 1]);
    makePoster({ source, path: join(folder, 'poster.jpg') });
  });
}

test('YCgCo is converted by its own matrix', () => {
  const { pictures } = spool('ycgco.mkv', { codec: FF_ENCODER_FFV1, colour: { matrix: 8, primaries: 1, transfer: 1 } });
  // ITU-T H.273, equations 38 to 40, in limited range: Cb stands for Cg, Cr for Co.
  const rgb = chart.map(([y, cg, co]): Samples => {
    const [light, green, orange] = [(y - 16) / 219, (cg - 128) / 224, (co - 128) / 224];
    const rest = light - green;
    const values: Samples = [rest + orange, light + green, rest - orange];
    return values.map((value) => Math.min(255, Math.max(0, value * 255))) as Samples;
  });
  const seen = pictures[0]!.at(chart.length).map((samples) => rgbOf(samples, pictures[0]!));
  assert.ok(distance(seen, rgb) <= 4, `${distance(seen, rgb)}`);
});
