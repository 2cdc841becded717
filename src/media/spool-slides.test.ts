import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessUnits, shownPictures } from '../../test/support/decoded.js';
import { ffmpeg } from '../../test/support/ffmpeg.js';
import { sharedFolder } from '../../test/support/spool.js';
import { without } from '../../test/support/tools.js';
import { Millis, Ticks90k } from '../base/units.js';
import { defaultMediaSettings, type MediaSettings } from './settings.js';
import { spoolMedia } from './spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

function spool(source: string, settings: Partial<MediaSettings> = {}) {
  const into = mkdtempSync(at('spool-'));
  return spoolMedia({ source, folder: into, settings: { ...defaultMediaSettings, ...settings }, onProgress() {} });
}

/** A picture of 400 × 300 in one colour, which its upper left corner does not have: that is white. */
function photo(name: string, colour = 'red'): string {
  const corner = 'drawbox=w=200:h=150:color=white:t=fill';
  const format = /png|webp/.test(name) ? 'rgba' : 'rgb24';
  ffmpeg('-f', 'lavfi', '-i', `color=${colour}:s=400x300,format=${format},${corner}`, '-frames:v', '1', '-y', at(name));
  return at(name);
}

/** R, G and B of the first picture, at points counted in sixteenths of its width and ninths of its height. */
function coloursOf(stream: Buffer, points: [x: number, y: number][]): number[][] {
  const words = ['-v', 'error', '-f', 'h264', '-i', '-', '-frames:v', '1', '-vf', 'scale=16:9:flags=area,format=rgb24'];
  const { stdout } = spawnSync('ffmpeg', [...words, '-f', 'rawvideo', '-'], { input: stream });
  return points.map(([x, y]) => [...stdout.subarray((y * 16 + x) * 3, (y * 16 + x) * 3 + 3)]);
}

function assertNear(actual: number[], expected: number[], what: string): void {
  assert.ok(
    actual.every((value, i) => Math.abs(value - expected[i]!) <= 6),
    `${what}: ${actual} instead of ${expected}`,
  );
}

const [black, white, red] = [
  [0, 0, 0],
  [255, 255, 255],
  [255, 0, 0],
];

for (const extension of ['png', 'jpg', 'webp', 'bmp', 'tiff']) {
  test(`a ${extension} stands in the middle of full HD for as long as a slide`, needs, () => {
    const result = spool(photo(`photo.${extension}`), { slide: Millis(2_500) });
    assert.equal(result.format, 'h264');
    const { video, audio, properties } = result;
    assert.equal(video.duration, 225_000 + 1_800, '63 pictures are nearer than 62');
    assert.equal(video.sizes.length, 63);
    assert.deepEqual([properties.width, properties.height, properties.aspectRatio], [1_920, 1_080, '16:9']);
    assert.deepEqual([properties.audio, audio.sizes.length, properties.notes], ['silent', 0, []]);
    const stream = accessUnits(video);
    assert.equal(new Set(shownPictures(stream)).size, 1, 'nothing moves');
    const [left, corner, right] = coloursOf(stream, [
      [0, 4],
      [3, 1],
      [11, 7],
    ]);
    assertNear(left!, black!, 'beside it');
    assertNear(corner!, white!, 'its upper left corner');
    assertNear(right!, red!, 'its lower right corner');
  });
}

test('a transparent picture is seen before black', needs, () => {
  const result = spool(photo('glass.png', 'red@0.5'));
  assert.ok(result.format === 'h264');
  const [corner] = coloursOf(accessUnits(result.video), [[11, 7]]);
  assertNear(corner!, [128, 0, 0], 'half of red');
});

/** Exif with an orientation (Exif 2.32, 4.6.2), as APP1 behind the first marker of a JPEG file. */
function withOrientation(jpeg: Buffer, orientation: number): Buffer {
  const exif = Buffer.from('45786966000049492a0008000000010012010300010000000000000000000000', 'hex');
  exif[24] = orientation;
  const header = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), header, exif, jpeg.subarray(2)]);
}

for (const [orientation, where, x, y] of [
  [3, 'lower right', 10, 6],
  [6, 'upper right', 9, 1],
  [8, 'lower left', 6, 7],
] as const) {
  test(`a photo with orientation ${orientation} is upright: its first corner is at the ${where}`, needs, () => {
    const source = at(`turned-${orientation}.jpg`);
    writeFileSync(source, withOrientation(readFileSync(photo('straight.jpg')), orientation));
    const result = spool(source);
    assert.ok(result.format === 'h264');
    const [corner] = coloursOf(accessUnits(result.video), [[x, y]]);
    assertNear(corner!, white!, where);
  });
}

test('a picture in a station of films has their size, rate and delay', needs, () => {
  const target = {
    width: 320,
    height: 240,
    sampleAspectRatio: [1, 1] as [number, number],
    frameRate: [30, 1] as [number, number],
    channels: 2,
    reorderDelay: Ticks90k(6_000),
  };
  const result = spool(photo('item.png'), { target, slide: Millis(1_000) });
  assert.ok(result.format === 'h264');
  const { video, properties } = result;
  assert.deepEqual([properties.width, properties.height, properties.frameRate], [320, 240, [30, 1]]);
  assert.deepEqual([video.sizes.length, video.duration, video.reorderDelay], [30, 90_000, 6_000]);
});

test('in a station of JPEG pictures it stands as long', needs, () => {
  const result = spool(photo('jpeg.png'), { format: 'jpeg', fps: 10, slide: Millis(2_000) });
  assert.ok(result.format === 'jpeg');
  assert.deepEqual([result.frames.sizes.length, result.duration], [20, 180_000]);
  assert.deepEqual([result.properties.width, result.properties.height], [1_920, 1_080]);
});

/** R, G and B in the middle of each picture. */
function middles(stream: Buffer): number[][] {
  const words = [
    '-v',
    'error',
    '-f',
    'h264',
    '-i',
    '-',
    '-vf',
    'crop=2:2,scale=1:1,format=rgb24',
    '-f',
    'rawvideo',
    '-',
  ];
  const { stdout } = spawnSync('ffmpeg', words, { input: stream });
  return Array.from({ length: stdout.length / 3 }, (_, i) => [...stdout.subarray(i * 3, i * 3 + 3)]);
}

function plain(name: string, colour: string): string {
  ffmpeg('-f', 'lavfi', '-i', `color=${colour}:s=64x36,format=rgb24`, '-frames:v', '1', '-y', at(name));
  return at(name);
}

const small = {
  width: 64,
  height: 36,
  sampleAspectRatio: [1, 1] as [number, number],
  frameRate: [25, 1] as [number, number],
  channels: 2,
  reorderDelay: Ticks90k(7_200),
};

test('a picture fades in from the one before it, and stands for the rest of its time', needs, () => {
  const settings: MediaSettings = { ...defaultMediaSettings, target: small, slide: Millis(2_000), fade: Millis(400) };
  const [before, source] = [plain('before.png', 'red'), plain('after.png', 'blue')];
  const result = spoolMedia({ source, before, folder: mkdtempSync(at('spool-')), settings, onProgress() {} });
  assert.ok(result.format === 'h264');
  const stream = accessUnits(result.video);
  const shown = middles(stream);
  assert.deepEqual([shown.length, result.video.duration], [50, 180_000]);
  for (let i = 0; i < 10; i++) {
    const share = (i + 1) / 11;
    assertNear(shown[i]!, [255 * (1 - share), 0, 255 * share], `picture ${i}`);
  }
  for (const picture of shown.slice(10)) assertNear(picture, [0, 0, 255], 'behind the fade');
  assert.deepEqual(
    [...result.video.randomAccess.entries()].filter(([, is]) => is).map(([i]) => i),
    [0, 10, 35],
  );
  const { stderr } = spawnSync('ffmpeg', ['-v', 'warning', '-f', 'h264', '-i', '-', '-f', 'null', '-'], {
    input: stream,
  });
  assert.equal(String(stderr), '');
});

test('a fade is cut to half of the time, and one of two pictures is none', needs, () => {
  const [before, source] = [plain('before.png', 'red'), plain('after.png', 'blue')];
  const redness = (slide: number, fade: number) => {
    const settings = { ...defaultMediaSettings, target: small, slide: Millis(slide), fade: Millis(fade) };
    const result = spoolMedia({ source, before, folder: mkdtempSync(at('spool-')), settings, onProgress() {} });
    assert.ok(result.format === 'h264');
    return middles(accessUnits(result.video)).filter(([red]) => red! > 5).length;
  };
  assert.equal(redness(1_000, 5_000), 12);
  assert.equal(redness(1_000, 80), 0);
});

test('where the picture before it cannot be decoded, it does not fade in, and says so', needs, () => {
  writeFileSync(at('broken.png'), readFileSync(plain('whole.png', 'red')).subarray(0, 45));
  const settings: MediaSettings = { ...defaultMediaSettings, target: small, slide: Millis(1_000), fade: Millis(400) };
  const folder = mkdtempSync(at('spool-'));
  const result = spoolMedia({
    source: plain('next.png', 'blue'),
    before: at('broken.png'),
    folder,
    settings,
    onProgress() {},
  });
  assert.deepEqual(result.properties.notes, ['it does not fade in: the picture before it cannot be decoded']);
});

test('in a station of JPEG pictures it fades in as well', needs, () => {
  const settings: MediaSettings = {
    ...defaultMediaSettings,
    format: 'jpeg',
    fps: 10,
    slide: Millis(2_000),
    fade: Millis(500),
  };
  const [before, source] = [photo('a.png', 'red'), photo('b.png', 'blue')];
  const result = spoolMedia({ source, before, folder: mkdtempSync(at('spool-')), settings, onProgress() {} });
  assert.ok(result.format === 'jpeg');
  const { sizes, path } = result.frames;
  assert.equal(sizes.length, 20);
  const files = readFileSync(path);
  const starts = [...sizes].map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const different = new Set(starts.map((start, i) => files.subarray(start, start + sizes[i]!).toString('latin1')));
  assert.equal(different.size, 6, 'five on the way, and one that stands');
});
