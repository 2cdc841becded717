import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { HandTimers } from '../../test/support/hand-timers.js';
import { makeSource, type SourceVideo } from '../../test/support/sources.js';
import { scratchFolder } from '../../test/support/spool.js';
import { ThumbnailChild } from '../reel/thumbnail-child.js';
import { silenceLog } from './input.js';
import { makeThumbnail } from './thumbnail.js';

silenceLog();

/** One IDR picture with its parameter sets. */
const accessUnit = (context: TestContext, video: SourceVideo): Buffer =>
  readFileSync(makeSource({ path: join(scratchFolder(context), 'one.h264'), seconds: 0.04, video, audio: null }));

/** Width and height in a JPEG's frame header (ITU-T T.81, B.2.2). */
function sizeOf(jpeg: Buffer): [number, number] {
  const at = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  return [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)];
}

const sizes: [what: string, video: SourceVideo, size: [number, number]][] = [
  ['a wide one', { width: 1280, height: 720 }, [320, 180]],
  ['one with pixels of 16:15', { width: 720, height: 576, sampleAspectRatio: [16, 15] }, [320, 240]],
  ['one that is small already', { width: 160, height: 120 }, [160, 120]],
  ['an upright one', { width: 360, height: 640 }, [320, 568]],
];

for (const [what, video, size] of sizes) {
  test(`a still of ${what} is ${size.join(' × ')}`, (context) => {
    const still = makeThumbnail({ format: 'h264', picture: accessUnit(context, video), width: 320 });
    assert.ok(still);
    assert.deepEqual(sizeOf(still), size);
  });
}

test('a still of a JPEG picture is a smaller one', (context) => {
  const picture = makeThumbnail({
    format: 'h264',
    picture: accessUnit(context, { width: 640, height: 360 }),
    width: 640,
  });
  assert.ok(picture);
  const still = makeThumbnail({ format: 'jpeg', picture, width: 320 });
  assert.ok(still);
  assert.deepEqual(sizeOf(still), [320, 180]);
});

test('bytes that are no picture make none, and damaged ones throw nothing', (context) => {
  const picture = accessUnit(context, { width: 320, height: 180 });
  for (const format of ['h264', 'jpeg'] as const) {
    assert.equal(makeThumbnail({ format, picture: Buffer.from('no picture at all'), width: 320 }), null);
    assert.equal(makeThumbnail({ format, picture: Buffer.alloc(0), width: 320 }), null);
  }
  const damage = fc.array(fc.tuple(fc.nat(picture.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 20 });
  fc.assert(
    fc.property(damage, fc.nat(picture.length), (changes, length) => {
      const damaged = Buffer.from(picture);
      for (const [at, value] of changes) damaged[at] = value;
      makeThumbnail({ format: 'h264', picture: damaged.subarray(0, length), width: 320 });
    }),
  );
});

test('the child process makes thumbnails, and goes on after bytes that are no picture', async (context) => {
  const lines: string[] = [];
  const timers = new HandTimers();
  const child = new ThumbnailChild({ timers, say: (line) => lines.push(line) });
  // Waiting for the child does not keep a process alive.
  const alive = setInterval(() => {}, 1_000);
  context.after(() => {
    clearInterval(alive);
    child.close();
  });
  const picture = accessUnit(context, { width: 640, height: 360 });
  assert.equal(await child.make({ format: 'h264', picture: Buffer.from('nothing'), width: 320 }), null);
  timers.advance(0);
  const still = await child.make({ format: 'h264', picture, width: 320 });
  assert.ok(still);
  assert.deepEqual(sizeOf(still), [320, 180]);
  assert.deepEqual(lines, []);
});
