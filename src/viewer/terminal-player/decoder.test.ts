import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../../../test/support/display.js';
import { run } from '../../../test/support/run.js';
import { scratchFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { Problem } from '../../base/problem.js';
import { PTS_MODULUS, wrap } from '../../base/units.js';
import { Decoder, type DecoderOptions, type TimedPicture } from './decoder.js';

const skip = without('ffmpeg');
const FRAME = 3_600;
const MOST = { width: 640, height: 360 };

/** 25 pictures a second, the one of number N grey: 2 N. */
async function film(context: TestContext, name: string, start: number, words: string[]): Promise<string> {
  const path = join(scratchFolder(context), name);
  const source = ['-f', 'lavfi', '-i', "color=black:s=320x240:r=25,format=gray,geq=lum='2*N',format=yuv420p"];
  const { stderr } = await run(context, 'ffmpeg', [
    ...['-v', 'error', ...source, '-t', '4', ...words, '-muxdelay', '0', '-muxpreload', '0'],
    ...['-output_ts_offset', String(start), path],
  ]);
  assert.equal(stderr, '');
  return path;
}

const h264 = ['-c:v', 'libx264', '-qp', '4', '-g', '50', '-bf', '2', '-preset', 'ultrafast', '-f', 'mpegts'];

/** All pictures, when there are no more. */
async function pictures(context: TestContext, media: DecoderOptions['media']): Promise<TimedPicture[]> {
  const came: TimedPicture[] = [];
  const decoder = new Decoder({ program: 'ffmpeg', media, most: MOST, onPicture: (picture) => came.push(picture) });
  context.after(() => decoder.close());
  await decoder.ended;
  await until(context, () => came.length > 0);
  return came;
}

/** The number of a picture, by its grey. */
const numberOf = ({ data }: TimedPicture): number => Math.round(data[data.length >> 1] / 2);

test('pictures come with their own times, every second of 25 in a second, not larger than they are', {
  skip,
  timeout: 60_000,
}, async (context) => {
  const url = await film(context, 'film.ts', 100, h264);
  const came = await pictures(context, { url, format: 'h264', from: null });
  const beginning = came[0].time;
  assert.ok(Math.abs(beginning - 100 * 90_000) <= 2 * FRAME, `${beginning}`); // B-pictures move it
  assert.deepEqual(
    came.map(({ time }) => time - beginning),
    Array.from({ length: 50 }, (_, at) => at * 2 * FRAME),
  );
  for (const [at, picture] of came.entries()) {
    assert.deepEqual([picture.width, picture.height, picture.data.length], [320, 240, 320 * 240 * 3]);
    assert.ok(Math.abs(numberOf(picture) - 2 * at) <= 1, `picture ${at} is ${numberOf(picture)}`);
  }
});

test('the first picture is the one that is asked for, also across the wrap of its time', {
  skip,
  timeout: 60_000,
}, async (context) => {
  const url = await film(context, 'wrap.ts', PTS_MODULUS / 90_000 - 2, h264);
  const all = await pictures(context, { url, format: 'h264', from: null });
  assert.ok(all[0].time < 0 && all[all.length - 1].time > 0);
  for (const number of [24, 74]) {
    const from = PTS_MODULUS * 7 + all[0].time + number * FRAME;
    const [first, second] = await pictures(context, { url, format: 'h264', from });
    assert.equal(wrap(first.time, PTS_MODULUS), wrap(from, PTS_MODULUS));
    assert.equal(second.time - first.time, 2 * FRAME);
    assert.ok(Math.abs(numberOf(first) - number) <= 1, `it is ${numberOf(first)}`);
  }
});

test('a film of another shape may follow in the same stream', { skip, timeout: 60_000 }, async (context) => {
  const url = join(scratchFolder(context), 'both.ts');
  const films = [
    await film(context, 'film.ts', 0, h264),
    await film(context, 'wide.ts', 4, ['-vf', 'scale=800:340,setsar=1', ...h264]),
  ];
  writeFileSync(url, Buffer.concat(films.map((path) => readFileSync(path))));
  const came = await pictures(context, { url, format: 'h264', from: null });
  assert.equal(came.length, 100);
  assert.deepEqual([came[49].width, came[49].height, came[50].width, came[50].height], [320, 240, 640, 272]);
  for (const at of [1, 30, 49]) assert.ok(Math.abs(numberOf(came[50 + at]) - 2 * at) <= 1);
});

test('JPEG pictures in Matroska are decoded', { skip, timeout: 60_000 }, async (context) => {
  const url = await film(context, 'film.mkv', 10, ['-c:v', 'mjpeg', '-q:v', '2', '-f', 'matroska']);
  const [first, second] = await pictures(context, { url, format: 'jpeg', from: null });
  assert.deepEqual([first.time, second.time], [900_000, 900_000 + 2 * FRAME]);
});

test('while it is held no picture comes, and none is missing after it', { skip, timeout: 60_000 }, async (context) => {
  const url = await film(context, 'film.ts', 0, h264);
  const came: number[] = [];
  const decoder = new Decoder({
    program: 'ffmpeg',
    media: { url, format: 'h264', from: null },
    most: MOST,
    onPicture({ time }) {
      came.push(time);
      if (came.length === 5) decoder.hold(true);
    },
  });
  context.after(() => decoder.close());
  await until(context, () => came.length >= 5);
  for (let look = 0; look < 100; look++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(came.length, 5);
  decoder.hold(false);
  await decoder.ended;
  await until(context, () => came.length === 50);
  assert.deepEqual(
    came.map((time) => time - came[0]),
    came.map((_, at) => at * 2 * FRAME),
  );
});

test('what ffmpeg said last is in the problem', { skip, timeout: 60_000 }, async () => {
  const media = { url: '/nowhere/film.ts', format: 'h264', from: null } as const;
  const decoder = new Decoder({ program: 'ffmpeg', media, most: MOST, onPicture: () => undefined });
  await assert.rejects(
    decoder.ended,
    (error) => error instanceof Problem && error.code === 'player' && /No such file/.test(error.message),
  );
});

test('a program that is not there is a problem, and closing what has ended is none', { timeout: 60_000 }, async () => {
  const media = { url: '/nowhere/film.ts', format: 'h264', from: null } as const;
  const decoder = new Decoder({ program: '/nowhere/ffmpeg', media, most: MOST, onPicture: () => undefined });
  await assert.rejects(decoder.ended, (error) => error instanceof Problem && /ENOENT/.test(error.message));
  await decoder.close();
});
