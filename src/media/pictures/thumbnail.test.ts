import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { makeHevc } from '../../../test/support/hevc.js';
import { jpegSize, makeSource, type SourceVideo } from '../../../test/support/sources.js';
import { scratchFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { silenceLog } from '../input/input.js';
import { makeThumbnail } from './thumbnail.js';

silenceLog();

/** One IDR picture with its parameter sets. */
const accessUnit = (context: TestContext, video: SourceVideo): Buffer =>
  readFileSync(makeSource({ path: join(scratchFolder(context), 'one.h264'), seconds: 0.04, video, audio: null }));

const sizes: [what: string, video: SourceVideo, size: [number, number]][] = [
  ['a wide picture', { width: 1280, height: 720 }, [320, 180]],
  ['a picture with pixels of 16:15', { width: 720, height: 576, sampleAspectRatio: [16, 15] }, [320, 240]],
  ['a small picture', { width: 160, height: 120 }, [160, 120]],
  ['an upright picture', { width: 360, height: 640 }, [320, 568]],
];

for (const [what, video, size] of sizes) {
  test(`a thumbnail of ${what} is ${size.join(' × ')}`, (context) => {
    const thumbnail = makeThumbnail({ format: 'h264', picture: accessUnit(context, video), width: 320 });
    assert.ok(thumbnail);
    assert.deepEqual(jpegSize(thumbnail), size);
  });
}

test('a thumbnail of a picture of H.265 with 10 bits is a JPEG', { skip: without('ffmpeg') }, (context) => {
  const path = join(scratchFolder(context), 'one.h265');
  makeHevc({ path, seconds: 0.04, pixelFormat: 'yuv420p10le', words: ['-an'] });
  const thumbnail = makeThumbnail({ format: 'hevc', picture: readFileSync(path), width: 80 });
  assert.ok(thumbnail);
  assert.deepEqual(jpegSize(thumbnail), [80, 46]);
});

test('a thumbnail of a JPEG picture is a smaller JPEG', (context) => {
  const picture = makeThumbnail({
    format: 'h264',
    picture: accessUnit(context, { width: 640, height: 360 }),
    width: 640,
  });
  assert.ok(picture);
  const thumbnail = makeThumbnail({ format: 'jpeg', picture, width: 320 });
  assert.ok(thumbnail);
  assert.deepEqual(jpegSize(thumbnail), [320, 180]);
});

test('bytes that are no picture give null, and damaged pictures never throw', (context) => {
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
