import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessUnits, shownPictures } from '../../../test/support/decoded.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { Millis, Ticks90k } from '../../base/units.js';
import { defaultMediaSettings, type MediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';

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
