import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../test/support/run.js';
import { without } from '../../../test/support/tools.js';
import { kittyOf, kittyRenderer } from './kitty.js';
import { cropped, type Picture } from './picture.js';
import type { Place } from './place.js';
import { pngOf } from './png.js';

/** Every value there is, in no order. */
const noise = (width: number, height: number): Picture => ({
  width,
  height,
  data: Uint8Array.from(
    { length: width * height * 3 },
    (_, at) => Math.imul(Math.imul(at + 1, 0x9e37_79b1) ^ (at << 7), 0x85eb_ca6b) >>> 24,
  ),
});

const place: Place = { row: 1, column: 3, columns: 40, rows: 12, visible: 12, cell: { width: 10, height: 20 } };

/** The escape codes: keys and payload of each. */
const codesOf = (text: string): { keys: string; payload: string }[] =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what separates them
  [...text.matchAll(/\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\/g)].map(([, keys, payload]) => ({ keys, payload }));

const decoded = async (context: Parameters<typeof run>[0], png: Buffer): Promise<Buffer> => {
  const words = ['-v', 'error', '-f', 'png_pipe', '-i', '-', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  const { stdout, stderr } = await run(context, 'ffmpeg', words, { input: png });
  assert.equal(stderr, '');
  return stdout;
};

test('a picture goes in chunks of 4096 characters, replaces the one before, and is not answered', () => {
  const text = kittyOf(noise(64, 36), place);
  assert.ok(text.startsWith('\x1b[1;3H\x1b_Ga=T,f=100,i=7405,p=1,c=40,r=12,C=1,q=2,m=1;'));
  const codes = codesOf(text);
  assert.ok(codes.length > 1);
  for (const [at, { keys, payload }] of codes.entries()) {
    const isLast = at === codes.length - 1;
    assert.ok(keys.endsWith(isLast ? 'm=0,q=2' : at === 0 ? 'm=1' : 'm=1,q=2'), keys);
    assert.ok(isLast ? payload.length <= 4096 : payload.length === 4096);
  }
});

test('a picture in one chunk says that there is no other', () => {
  const [only, ...others] = codesOf(kittyOf(noise(2, 2), place));
  assert.ok(only.keys.endsWith(',m=0'));
  assert.deepEqual(others, []);
});

test('ffmpeg finds in it the very picture, its upper rows where text covers the rest', {
  skip: without('ffmpeg'),
}, async (context) => {
  const picture = noise(64, 36);
  for (const [visible, rows] of [
    [12, 36],
    [8, 24],
  ]) {
    const codes = codesOf(kittyOf(picture, { ...place, visible }));
    assert.ok(codes[0].keys.includes(`,r=${visible},`));
    const png = Buffer.from(codes.map(({ payload }) => payload).join(''), 'base64');
    assert.deepEqual(await decoded(context, png), Buffer.from(cropped(picture, rows).data));
  }
});

test('a picture of one pixel is a PNG too', { skip: without('ffmpeg') }, async (context) => {
  const data = Uint8Array.from([1, 2, 3]);
  assert.deepEqual(await decoded(context, pngOf({ width: 1, height: 1, data })), Buffer.from(data));
});

test('for a slow line the picture is smaller, and takes the same cells', () => {
  const { draw } = kittyRenderer();
  const half = draw(noise(64, 36), place, 0.5);
  assert.ok(half.length < draw(noise(64, 36), place).length / 3);
  assert.match(codesOf(half)[0].keys, /,c=40,r=12,/);
});

test('where text covers all of it, and at the end, the picture is deleted', () => {
  const deleted = '\x1b_Ga=d,d=I,i=7405,q=2\x1b\\';
  assert.equal(kittyOf(noise(4, 4), { ...place, visible: 0 }), deleted);
  assert.equal(kittyRenderer().end, deleted);
});
