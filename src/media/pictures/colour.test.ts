import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FF_ENCODER_FFV1 } from 'node-av/constants';
import {
  chart,
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
import { silenceLog } from '../input/input.js';
import { defaultMediaSettings, type MediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import { makePoster } from './poster.js';
import { makeThumbnail } from './thumbnail.js';

silenceLog();
const folder = sharedFolder();

/** Rounding to 8 bits three times, and what the encoder loses. */
const CLOSE = 3;

interface Case {
  what: string;
  video: SourceVideo;
  patches?: Samples[];
  /** What a player shows. */
  shown: Samples[];
  /** Matrix, primaries and transfer that the H.264 stream has to say. */
  tags: [number, number, number];
}

const asBt709 = chart.map((samples) => rgbOf(samples, { matrix: 1, isFull: false }));
const asBt601 = chart.map((samples) => rgbOf(samples, { matrix: 6, isFull: false }));
const asFull = chart.map((samples) => rgbOf(samples, { matrix: 6, isFull: true }));
const rgb: Samples[] = [
  [255, 255, 255],
  [0, 0, 0],
  [128, 128, 128],
  [200, 40, 40],
  [40, 190, 60],
  [30, 50, 210],
  [220, 210, 50],
  [210, 160, 130],
];

const hd = { width: 1_280, height: 720 };
const sd = { width: 640, height: 360 };
const yuv = (size: { width: number; height: number }, more: Partial<SourceVideo> = {}): SourceVideo => ({
  codec: FF_ENCODER_FFV1,
  ...size,
  picture: chartPicture({ ...size, pixelFormat: more.pixelFormat ?? 'yuv420p' }),
  ...more,
});
const fromRgb = (size: { width: number; height: number }): SourceVideo => ({
  codec: FF_ENCODER_FFV1,
  ...size,
  pixelFormat: 'bgr0',
  picture: chartPicture({ ...size, pixelFormat: 'gbrp', patches: rgb, planes: ['r', 'g', 'b'] }),
});

const cases: Case[] = [
  { what: 'HD of untold colour is BT.709', video: yuv(hd), shown: asBt709, tags: [1, 1, 1] },
  { what: 'SD of untold colour is BT.601', video: yuv(sd), shown: asBt601, tags: [6, 1, 1] },
  {
    what: 'SD of 576 lines has the primaries of BT.601 for 625 lines',
    video: yuv({ width: 720, height: 576 }),
    shown: asBt601,
    tags: [6, 5, 1],
  },
  {
    what: 'SD in BT.709 stays BT.709',
    video: yuv(sd, { colour: { matrix: 1, primaries: 1, transfer: 1 } }),
    shown: asBt709,
    tags: [1, 1, 1],
  },
  {
    what: 'HD in BT.601 stays BT.601',
    video: yuv(hd, { colour: { matrix: 5, primaries: 5, transfer: 6 } }),
    shown: asBt601,
    tags: [5, 5, 6],
  },
  {
    what: 'full range becomes limited',
    video: yuv(sd, { pixelFormat: 'yuv420p', colour: { range: 2 } }),
    shown: asFull,
    tags: [6, 1, 1],
  },
  { what: 'RGB in HD becomes BT.709', video: fromRgb(hd), shown: rgb, tags: [1, 1, 1] },
  { what: 'RGB in SD becomes BT.601', video: fromRgb(sd), shown: rgb, tags: [5, 1, 1] },
];

function spool(source: string, settings: Partial<MediaSettings>) {
  const onProgress = () => {};
  const spoolFolder = mkdtempSync(join(folder, 'spool-'));
  return spoolMedia({ source, folder: spoolFolder, settings: { ...defaultMediaSettings, ...settings }, onProgress });
}

/** The first picture of a source as H.264 goes on the air. */
function onAir(source: string, settings: Partial<MediaSettings> = {}) {
  const result = spool(source, settings);
  assert.equal(result.format, 'h264');
  const [picture] = picturesOf(writeAccessUnits(result.video, mkdtempSync(join(folder, 'shown-'))), 1);
  assert.ok(picture);
  return picture;
}

for (const [i, { what, video, shown, tags }] of cases.entries()) {
  const source = () => makeSource({ path: join(folder, `${i}.mkv`), seconds: 0.08, video, audio: null });
  test(`${what}: on the air, as JPEG, on the poster and on thumbnails`, () => {
    const path = source();
    const picture = onAir(path);
    assert.deepEqual([picture.matrix, picture.primaries, picture.transfer, picture.isFull], [...tags, false]);
    const seen = picture.at(chart.length).map((samples) => rgbOf(samples, picture));
    assert.ok(distance(seen, shown) <= CLOSE, `H.264: ${distance(seen, shown)}`);

    const jpeg = spool(path, { format: 'jpeg', fps: 25 });
    assert.equal(jpeg.format, 'jpeg');
    assertJpeg(readFileSync(jpeg.frames.path).subarray(0, jpeg.frames.sizes[0]), shown, 'JPEG station');

    const poster = join(folder, `${i}.jpg`);
    makePoster({ source: path, path: poster });
    assertJpeg(readFileSync(poster), shown, 'poster');
  });
}

function assertJpeg(jpeg: Buffer, shown: Samples[], what: string): void {
  const seen = jpegPicture(jpeg)
    .at(chart.length)
    .map((samples) => rgbOf(samples, { matrix: 5, isFull: true }));
  assert.ok(distance(seen, shown) <= CLOSE, `${what}: ${distance(seen, shown)}`);
}

test('a thumbnail of a BT.709 picture has its colours', () => {
  const path = makeSource({
    path: join(folder, 'one.h264'),
    seconds: 0.04,
    video: {
      ...hd,
      picture: chartPicture({ ...hd, pixelFormat: 'yuv420p' }),
      colour: { matrix: 1, primaries: 1, transfer: 1 },
      options: { crf: 5 },
    },
    audio: null,
  });
  const thumbnail = makeThumbnail({ format: 'h264', picture: readFileSync(path), width: 320 });
  assert.ok(thumbnail);
  assertJpeg(thumbnail, asBt709, 'thumbnail');
});

test('SD in a station of HD keeps its colours', () => {
  const video = yuv(sd);
  const path = makeSource({ path: join(folder, 'small.mkv'), seconds: 0.08, video, audio: null });
  const target = {
    width: 1_280,
    height: 720,
    sampleAspectRatio: [1, 1] as [number, number],
    frameRate: [25, 1] as [number, number],
    channels: 2,
    reorderDelay: 7_200 as never,
  };
  const picture = onAir(path, { target });
  const seen = picture.at(chart.length).map((samples) => rgbOf(samples, picture));
  assert.equal(picture.width, 1_280);
  assert.ok(distance(seen, asBt601) <= CLOSE);
});

const copied: {
  what: string;
  extension: string;
  video: SourceVideo;
  shown: Samples[];
  tags: [number, number, number];
}[] = [
  ...['mp4', 'mkv'].map((extension) => ({
    what: `BT.709 that only the container knows (${extension})`,
    extension,
    video: { containerColour: { matrix: 1, primaries: 1, transfer: 1 } },
    shown: asBt709,
    tags: [1, 1, 1] as [number, number, number],
  })),
  {
    what: 'full range that only the container knows (mkv)',
    extension: 'mkv',
    video: { containerColour: { matrix: 6, primaries: 6, transfer: 6, range: 2 } },
    shown: asFull,
    tags: [6, 6, 6],
  },
  {
    what: 'the colour that players assume where nobody says it',
    extension: 'mp4',
    video: {},
    shown: asBt601,
    tags: [6, 1, 1],
  },
  {
    what: "the stream's own colour, not that of the container",
    extension: 'mkv',
    video: { colour: { matrix: 1 }, containerColour: { matrix: 6, primaries: 6, transfer: 6 } },
    shown: asBt709,
    tags: [1, 6, 6],
  },
];

for (const [i, { what, extension, video, shown, tags }] of copied.entries()) {
  test(`a copied film says ${what}`, () => {
    const picture = chartPicture({ ...sd, pixelFormat: 'yuv420p' });
    const path = makeSource({
      path: join(folder, `copied-${i}.${extension}`),
      seconds: 0.4,
      video: { ...sd, picture, options: { crf: 5 }, ...video },
      audio: null,
    });
    const result = spool(path, {});
    assert.equal(result.properties.video, 'copied');
    const seen = onAir(path);
    assert.deepEqual([seen.matrix, seen.primaries, seen.transfer], tags);
    const colours = seen.at(chart.length).map((samples) => rgbOf(samples, seen));
    assert.ok(distance(colours, shown) <= CLOSE, `${distance(colours, shown)}`);
  });
}

test('full range in a poster is that which only the container knows', () => {
  const picture = chartPicture({ ...sd, pixelFormat: 'yuv420p' });
  const path = makeSource({
    path: join(folder, 'full.mkv'),
    seconds: 0.4,
    video: { ...sd, picture, options: { crf: 5 }, containerColour: { matrix: 6, primaries: 6, transfer: 6, range: 2 } },
    audio: null,
  });
  makePoster({ source: path, path: join(folder, 'full.jpg') });
  assertJpeg(readFileSync(join(folder, 'full.jpg')), asFull, 'poster');
});
