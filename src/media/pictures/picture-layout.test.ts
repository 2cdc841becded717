import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AVCOL_SPC_BT709 } from 'node-av/constants';
import { Ticks90k } from '../../base/units.js';
import { h264 } from '../h264/h264-codec.js';
import type { Ratio, StationLayout } from '../settings.js';
import type { ColourConversion } from './colour.js';
import { fittedLayout, jpegLayout, layoutFilters, videoLayout } from './picture-layout.js';

const hd: StationLayout = {
  width: 1_280,
  height: 720,
  sampleAspectRatio: [1, 1],
  frameRate: [25, 1],
  channels: 2,
  reorderDelay: Ticks90k(0),
};
const colour: ColourConversion = { before: [], scale: ':out_range=tv', filters: [], matrix: AVCOL_SPC_BT709 };
const shape = (width: number, height: number, sampleAspectRatio: Ratio = [1, 1]) => ({
  width,
  height,
  sampleAspectRatio,
});

test('an odd edge is cut off', () => {
  const odd = shape(321, 181);
  const layout = videoLayout(odd, h264);
  assert.deepEqual([layout.width, layout.height], [320, 180]);
  assert.equal(layoutFilters({ shape: odd, layout, pixelFormat: 'yuv420p', colour })[0], 'crop=320:180:0:0');
});

test('what receivers decode keeps its size, what is larger becomes 2160p', () => {
  const size = (s: ReturnType<typeof shape>) => [videoLayout(s, h264).width, videoLayout(s, h264).height];
  assert.deepEqual(size(shape(3_840, 2_160)), [3_840, 2_160]);
  assert.deepEqual(size(shape(4_096, 2_304)), [4_096, 2_304]);
  assert.deepEqual(size(shape(7_680, 4_320)), [3_840, 2_160]);
  assert.deepEqual(size(shape(4_320, 7_680)), [2_160, 3_840]);
  assert.deepEqual(size(shape(16_384, 256)), [4_096, 64]);
});

test('JPEG has square pixels and sizes in units of 8', () => {
  const size = (s: ReturnType<typeof shape>) => [jpegLayout(s).width, jpegLayout(s).height];
  assert.deepEqual(size(shape(1_920, 1_080)), [1_920, 1_080]);
  assert.deepEqual(size(shape(720, 576, [64, 45])), [1_024, 576]);
  assert.deepEqual(size(shape(3_840, 2_160)), [2_040, 1_144]);
  assert.deepEqual(size(shape(2_160, 3_840)), [1_144, 2_040]);
});

test('a narrower picture is centred in its frame, with black at its sides', () => {
  const narrow = shape(720, 576, [16, 15]);
  const layout = fittedLayout(narrow, hd);
  assert.deepEqual([layout.innerWidth, layout.innerHeight], [960, 720]);
  assert.ok(
    layoutFilters({ shape: narrow, layout, pixelFormat: 'yuv420p', colour }).includes('pad=w=1280:h=720:x=160:y=0'),
  );
});

test('any picture fits into its frame, with even sizes and nearly its own shape', () => {
  const side = fc.integer({ min: 64, max: 4_096 });
  fc.assert(
    fc.property(side, side, (width, height) => {
      fc.pre(width / height < 8 && height / width < 8);
      const layout = fittedLayout(shape(width, height), hd);
      assert.ok(layout.innerWidth <= 1_280 && layout.innerHeight <= 720);
      assert.ok(layout.innerWidth === 1_280 || layout.innerHeight === 720);
      assert.equal((layout.innerWidth % 2) + (layout.innerHeight % 2), 0);
      const squeezed = layout.innerWidth / layout.innerHeight / (width / height);
      assert.ok(Math.abs(squeezed - 1) < 0.02);
    }),
  );
});
