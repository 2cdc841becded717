import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FF_ENCODER_FFV1, FF_ENCODER_LIBX264, FF_ENCODER_LIBX265 } from 'node-av/constants';
import {
  chartPicture,
  distance,
  jpegPicture,
  picturesOf,
  rgbOf,
  type Samples,
  writeAccessUnits,
} from '../../../test/support/chart.js';
import { makeSource, type SourceVideo } from '../../../test/support/sources.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { Problem } from '../../base/problem.js';
import { silenceLog } from '../input/input.js';
import { defaultMediaSettings, type MediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import { makePoster } from './poster.js';

silenceLog();
const folder = sharedFolder();
const size = { width: 640, height: 360 };

/** cd/m² of the grey patches. */
const lights = [0, 1, 10, 50, 100, 203, 400, 1_000];

/** SMPTE ST 2084: the signal, 0 to 1, of a light in cd/m². */
function pq(light: number): number {
  const y = (light / 10_000) ** 0.1593017578125;
  return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375;
}

/** The curve from 30% of 203 cd/m² up to the peak of 1,000 cd/m² (Möbius), then the gamma of a BT.1886 screen. */
function shownGrey(light: number): number {
  const [knee, peak] = [0.3, 1_000 / 203];
  const x = light / 203;
  const a = (-knee * knee * (peak - 1)) / (knee * knee - 2 * knee + peak);
  const b = (knee * knee - 2 * knee * peak + peak) / (peak - 1);
  const mapped = x <= knee ? x : ((b * b + 2 * b * knee + knee * knee) / (b - a)) * ((x + a) / (x + b));
  return 255 * Math.min(1, mapped) ** (1 / 2.4);
}

const tenBits = lights.map((light): Samples => [Math.round(64 + 876 * pq(light)), 512, 512]);
const shown = lights.map((light): Samples => [shownGrey(light), shownGrey(light), shownGrey(light)]);

function spool(source: string, settings: Partial<MediaSettings> = {}) {
  const onProgress = () => {};
  const spoolFolder = mkdtempSync(join(folder, 'spool-'));
  return spoolMedia({ source, folder: spoolFolder, settings: { ...defaultMediaSettings, ...settings }, onProgress });
}

const pqSource = (name: string, pixelFormat: string, video: Partial<SourceVideo> = {}): string =>
  makeSource({
    path: join(folder, name),
    seconds: 0.08,
    video: {
      codec: FF_ENCODER_FFV1,
      ...size,
      pixelFormat,
      picture: chartPicture({ ...size, pixelFormat: 'yuv420p10le', patches: tenBits }),
      colour: { matrix: 9, primaries: 9, transfer: 16, range: 1 },
      ...video,
    },
    audio: null,
  });

for (const pixelFormat of ['yuv420p10le', 'yuv422p10le', 'yuv444p12le']) {
  test(`PQ in ${pixelFormat} is tone-mapped to BT.709 on the air, as JPEG and on the poster`, () => {
    const path = pqSource(`${pixelFormat}.mkv`, pixelFormat);
    const result = spool(path);
    assert.equal(result.format, 'h264');
    assert.deepEqual(result.properties.notes, ['HDR (PQ) is tone-mapped to BT.709']);
    const [picture] = picturesOf(writeAccessUnits(result.video, mkdtempSync(join(folder, 'shown-'))), 1);
    assert.ok(picture);
    assert.deepEqual([picture.matrix, picture.primaries, picture.transfer, picture.isFull], [1, 1, 1, false]);
    const seen = picture.at(lights.length).map((samples) => rgbOf(samples, picture));
    assert.ok(distance(seen, shown) <= 3, `${distance(seen, shown)}`);

    const jpeg = spool(path, { format: 'jpeg', fps: 25 });
    assert.equal(jpeg.format, 'jpeg');
    assertJpeg(readFileSync(jpeg.frames.path).subarray(0, jpeg.frames.sizes[0]));
    makePoster({ source: path, path: join(folder, 'poster.jpg') });
    assertJpeg(readFileSync(join(folder, 'poster.jpg')));
  });
}

function assertJpeg(jpeg: Buffer): void {
  const seen = jpegPicture(jpeg).at(lights.length);
  const colours = seen.map((samples) => rgbOf(samples, { matrix: 5, isFull: true }));
  assert.ok(distance(colours, shown) <= 3, `${distance(colours, shown)}`);
}

for (const [name, transfer, what] of [
  ['pq.mp4', 16, 'PQ'],
  ['hlg.mp4', 18, 'HLG'],
] as const) {
  test(`H.264 that says ${what} is not copied`, () => {
    const path = pqSource(name, 'yuv420p', {
      codec: FF_ENCODER_LIBX264,
      colour: { matrix: 9, primaries: 9, transfer },
    });
    const { properties } = spool(path);
    assert.deepEqual([properties.video, properties.reason], ['encoded', 'HDR pictures']);
    assert.deepEqual(properties.notes, [`HDR (${what}) is tone-mapped to BT.709`]);
  });
}

test('Dolby Vision without a compatible base layer is refused by its name, with the next step', () => {
  const path = pqSource('dolby.mkv', 'yuv420p10le', {
    codec: FF_ENCODER_LIBX265,
    options: { 'x265-params': 'log-level=none' },
    dolbyVision: { profile: 5, compatibility: 0 },
  });
  assert.throws(
    () => spool(path),
    (error) => error instanceof Problem && /Dolby Vision of profile 5/.test(error.message) && error.code === 'source',
  );
});

test('of Dolby Vision with a compatible base layer, that is shown', () => {
  const path = pqSource('compatible.mkv', 'yuv420p10le', {
    codec: FF_ENCODER_LIBX265,
    options: { 'x265-params': 'log-level=none' },
    dolbyVision: { profile: 8, compatibility: 1 },
  });
  assert.deepEqual(spool(path).properties.notes, [
    'Dolby Vision of profile 8: its HDR10 base layer is shown',
    'HDR (PQ) is tone-mapped to BT.709',
  ]);
});
