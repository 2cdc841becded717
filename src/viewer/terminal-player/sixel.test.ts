import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../test/support/run.js';
import { without } from '../../../test/support/tools.js';
import type { Picture } from './picture.js';
import type { Place } from './place.js';
import { sixelRenderer, sixelsOf } from './sixel.js';

const [WIDTH, HEIGHT] = [64, 48];

/** From black to colours, in both directions. */
const shades: Picture = {
  width: WIDTH,
  height: HEIGHT,
  data: Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % WIDTH, Math.floor(at / 3 / WIDTH)];
    return [x * 4, y * 5, 255 - x * 4][at % 3];
  }),
};

const plain = (red: number, green: number, blue: number): Picture => ({
  width: 7,
  height: 12,
  data: Uint8Array.from({ length: 7 * 12 * 3 }, (_, at) => [red, green, blue][at % 3]),
});

test('one colour is one run a line, defined once', () => {
  assert.equal(sixelsOf(plain(255, 0, 0)), '\x1bP0;1;0q"1;1;7;12#210;2;100;0;0#210!7~$-#210!7~$-\x1b\\');
  const runs = plain(0, 0, 0);
  runs.data.fill(255, 3, 9); // The second and the third pixel of the first row
  assert.equal(sixelsOf(runs), '\x1bP0;1;0q"1;1;7;12#0;2;0;0;0#0~}}!4~$#251;2;100;100;100#251?@@$-#0!7~$-\x1b\\');
});

test('rows that do not fill a line of sixels are left out', () => {
  const { width, data } = plain(255, 0, 0);
  assert.ok(sixelsOf({ width, height: 11, data: data.subarray(0, 7 * 11 * 3) }).startsWith('\x1bP0;1;0q"1;1;7;6#'));
});

test('ImageMagick sees the picture: no shade is far off, their mean is right', {
  skip: without('convert'),
}, async (context) => {
  // By way of PNG: straight to RGB, ImageMagick 6 leaves out the colours.
  const png = await run(context, 'convert', ['sixel:-', 'png:-'], { input: sixelsOf(shades) });
  const { stdout, stderr } = await run(context, 'convert', ['png:-', '-depth', '8', 'rgb:-'], { input: png.stdout });
  assert.equal(png.stderr + stderr, '');
  assert.equal(stdout.length, shades.data.length);
  const side = 8;
  for (const [channel, steps] of [5, 6, 5].entries()) {
    for (let at = channel; at < stdout.length; at += 3) {
      assert.ok(Math.abs(stdout[at] - shades.data[at]) <= 255 / steps + 2, `${at}: ${stdout[at]}`);
    }
    for (let top = 0; top < HEIGHT; top += side) {
      for (let left = 0; left < WIDTH; left += side) {
        let [wanted, seen] = [0, 0];
        for (let pixel = 0; pixel < side * side; pixel++) {
          const at = ((top + Math.floor(pixel / side)) * WIDTH + left + (pixel % side)) * 3 + channel;
          wanted += shades.data[at];
          seen += stdout[at];
        }
        assert.ok(Math.abs(wanted - seen) / (side * side) < 6, `${left}, ${top}: ${wanted - seen}`);
      }
    }
  }
});

test('what is drawn does not reach below its cells, nor where text is', () => {
  const place: Place = { row: 1, column: 2, columns: 6, rows: 3, visible: 3, cell: { width: 10, height: 20 } };
  const { draw } = sixelRenderer();
  assert.ok(draw(shades, place).startsWith('\x1b[1;2H\x1bP0;1;0q"1;1;60;42#')); // 60 × 45, in lines of 6
  assert.ok(draw(shades, { ...place, visible: 2 }).startsWith('\x1b[1;2H\x1bP0;1;0q"1;1;60;36#')); // 40 rows
  assert.equal(draw(shades, { ...place, visible: 0 }), '');
});
