import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { clicksOf, clicksSource } from '../../test/support/clicks.js';
import { ffmpeg } from '../../test/support/ffmpeg.js';
import { sharedFolder } from '../../test/support/spool.js';
import { without } from '../../test/support/tools.js';
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { defaultMediaSettings, type StationLayout } from './settings.js';
import type { FilmSpool } from './spool.js';
import { spoolMedia } from './spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

const clicks = ['-f', 'lavfi', '-i', clicksSource(3, 0.1)];
const tags = ['title=Nine: the ‘Hymn’, 100% [live]', 'artist=Ода к радости', 'album=Ninth'].flatMap((tag) => [
  '-metadata',
  tag,
]);

before(() => {
  if (!needs.skip) ffmpeg('-f', 'lavfi', '-i', 'color=red:s=400x400', '-frames:v', '1', at('cover.jpg'));
});

function spool(
  source: string,
  target: StationLayout | null = null,
  { cover, spectrum = false }: { cover?: string; spectrum?: boolean } = {},
): FilmSpool {
  const result = spoolMedia({
    source,
    cover,
    folder: mkdtempSync(at('spool-')),
    settings: { ...defaultMediaSettings, target, spectrum },
    onProgress: () => undefined,
  });
  assert.equal(result.format, 'h264');
  return result;
}

/** The pictures of these numbers, or all, as RGB. All are decoded; FFmpeg has nothing to say about them. */
function pictures({ video, properties }: FilmSpool, numbers?: readonly number[]): Buffer[] {
  const bytes = Buffer.alloc(video.sizes.reduce((sum, size) => sum + size, 0));
  const reader = video.open();
  let offset = 0;
  for (const size of video.sizes) {
    reader.read(bytes, offset, size);
    offset += size;
  }
  reader.close();
  const select = numbers ? ['-vf', `select='${numbers.map((number) => `eq(n,${number})`).join('+')}'`] : [];
  const output = [...select, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  const words = ['-v', 'warning', '-f', 'h264', '-i', '-', ...output];
  const { stdout, stderr } = spawnSync('ffmpeg', words, { input: bytes, maxBuffer: 1 << 30 });
  assert.equal(stderr.toString(), '');
  const size = properties.width * properties.height * 3;
  return Array.from({ length: stdout.length / size }, (_, i) => stdout.subarray(i * size, (i + 1) * size));
}

const kinds: [name: string, words: string[], how: string][] = [
  ['song.mp3', ['-c:a', 'libmp3lame'], 'encoded'],
  ['song.flac', ['-c:a', 'flac'], 'encoded'],
  ['song.opus', ['-c:a', 'libopus'], 'encoded'],
  ['song.ogg', ['-c:a', 'libvorbis'], 'encoded'],
  ['song.wav', ['-c:a', 'pcm_s16le'], 'encoded'],
  ['song.aac', ['-c:a', 'aac'], 'copied'],
  ['song.m4a', ['-c:a', 'aac'], 'copied'],
  ['song.ts', ['-c:a', 'aac'], 'copied'],
];

for (const [name, words, how] of kinds) {
  test(`${name} is an item with its sound, ${how}, and a picture`, needs, () => {
    ffmpeg(...clicks, ...words, ...tags, at(name));
    const { video, audio, properties } = spool(at(name));
    assert.deepEqual([properties.video, properties.audio, properties.notes], ['encoded', how, []]);
    assert.deepEqual([properties.width, properties.height, properties.frameRate], [1_280, 720, [25, 1]]);
    const seconds = video.duration / TICKS_PER_SECOND;
    assert.ok(seconds > 2.95 && seconds < 3.1, `${seconds} s`);
    const randomAccess = [...video.pts].filter((_, i) => video.randomAccess[i] === 1);
    assert.deepEqual(randomAccess.slice(0, 3), [0, 90_000, 180_000]);
    // An ADTS file does not say that its first frame is the encoder's priming, as players show too.
    const priming = name === 'song.aac' || name === 'song.ts' ? 1_024 / 48_000 : 0;
    const heard = clicksOf(audio.path).map((time) => time + audio.start / TICKS_PER_SECOND);
    assert.deepEqual(
      heard.map((time, i) => (Math.abs(time - priming - (0.1 + i / 4)) < 0.02 ? 'in time' : time)),
      Array.from({ length: 12 }, () => 'in time'),
    );
  });
}

for (const name of ['covered.mp3', 'covered.m4a', 'covered.flac']) {
  test(`the cover of ${name} is in the middle of the picture, and its poster`, needs, () => {
    const codec = name.endsWith('mp3') ? 'libmp3lame' : name.endsWith('flac') ? 'flac' : 'aac';
    const cover = ['-i', at('cover.jpg'), '-map', '0', '-map', '1', '-c:v', 'copy', '-disposition:v', 'attached_pic'];
    ffmpeg(...clicks, ...cover, '-c:a', codec, at(name));
    const result = spool(at(name));
    const shown = pictures(result, [0, result.video.sizes.length - 1]);
    assert.equal(shown.length, 2);
    for (const picture of shown) {
      const pixel = (x: number, y: number) => [...picture.subarray((y * 1_280 + x) * 3, (y * 1_280 + x) * 3 + 3)];
      const [red, green, blue] = pixel(640, 360);
      assert.ok(red! > 245 && green! < 10 && blue! < 10, `${pixel(640, 360)}`);
      assert.ok(pixel(300, 360)[0]! > 245 && pixel(260, 360)[0]! < 10, 'a square of 720 pixels');
    }
    assert.equal(result.poster?.toString('hex', 0, 3), 'ffd8ff');
  });
}

test('a card shows the title where there is no cover', needs, () => {
  ffmpeg(...clicks, '-c:a', 'libmp3lame', ...tags, at('card.mp3'));
  const result = spool(at('card.mp3'));
  const [card] = pictures(result, [0]);
  const isBright = card!.some((value) => value > 200);
  assert.equal(isBright, !result.properties.notes.some((note) => note.startsWith('its card is empty')));
  assert.equal(result.properties.title, 'Nine: the ‘Hymn’, 100% [live]');
});

test('sound in a station of films has their layout', needs, () => {
  ffmpeg(...clicks, '-c:a', 'flac', at('layout.flac'));
  const target: StationLayout = {
    width: 720,
    height: 576,
    sampleAspectRatio: [64, 45],
    frameRate: [50, 1],
    channels: 2,
    reorderDelay: Ticks90k(7_200),
  };
  const { properties, video } = spool(at('layout.flac'), target);
  const { width, height, sampleAspectRatio, frameRate, channels } = properties;
  assert.deepEqual({ width, height, sampleAspectRatio, frameRate, channels, reorderDelay: video.reorderDelay }, target);
});

test('a station of JPEG pictures takes no sound alone', needs, () => {
  ffmpeg(...clicks, '-c:a', 'flac', at('jpeg.flac'));
  const options = { source: at('jpeg.flac'), folder, onProgress: () => undefined };
  const settings = { ...defaultMediaSettings, format: 'jpeg' as const };
  assert.throws(() => spoolMedia({ ...options, settings }), /jpeg\.flac: has sound but no pictures/);
});

/** The colour at a place of a picture of 1280 × 720. */
const colourAt = (picture: Buffer, x: number, y: number) => [
  ...picture.subarray(3 * (y * 1_280 + x), 3 * (y * 1_280 + x) + 3),
];

test(
  'the cover beside a song is its picture, one in it comes first, and one that cannot be decoded is noted',
  needs,
  () => {
    ffmpeg(...clicks, '-c:a', 'flac', at('plain.flac'));
    const isRed = (picture: Buffer) => {
      const [r, g, b] = colourAt(picture, 640, 360) as [number, number, number];
      return r > 240 && g < 15 && b < 15;
    };
    assert.ok(isRed(pictures(spool(at('plain.flac'), null, { cover: at('cover.jpg') }), [0])[0]!));
    assert.ok(!isRed(pictures(spool(at('plain.flac')), [0])[0]!));

    writeFileSync(at('broken.jpg'), 'no picture');
    const { properties } = spool(at('plain.flac'), null, { cover: at('broken.jpg') });
    assert.deepEqual(properties.notes, ['the cover broken.jpg cannot be decoded']);

    const blue = ['-f', 'lavfi', '-i', 'color=blue:s=64x64:d=0.04', '-map', '0', '-map', '1', '-frames:v', '1'];
    ffmpeg(...clicks, ...blue, '-c:a', 'libmp3lame', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic', at('own.mp3'));
    assert.ok(!isRed(pictures(spool(at('own.mp3'), null, { cover: at('cover.jpg') }), [0])[0]!));
  },
);

test('a moving spectrum is below the picture, in time with the sound', needs, () => {
  // Silence, then a tone from 1.5 s on.
  const tone = "aevalsrc='0.5*sin(2*PI*6000*t)*gt(t,1.5)':s=48000:d=3";
  ffmpeg('-f', 'lavfi', '-i', tone, '-c:a', 'flac', at('late.flac'));
  const made = spool(at('late.flac'), null, { cover: at('cover.jpg'), spectrum: true });
  assert.equal(made.video.duration, 3 * TICKS_PER_SECOND);
  assert.equal(made.properties.encoding, 'x264 veryfast, CRF 21, a moving spectrum');
  assert.equal(made.video.sizes.length, 75);
  const shown = pictures(made);
  // The newest column is at the right.
  const isBright = (picture: Buffer) => {
    for (let y = 580; y < 720; y++) if (Math.max(...colourAt(picture, 1_275, y)) > 120) return true;
    return false;
  };
  const first = shown.findIndex(isBright);
  assert.ok(Math.abs(first / 25 - 1.5) <= 0.12, `the tone shows after ${first / 25} s`);
  assert.ok(shown.slice(first + 3).every(isBright));
  assert.ok(colourAt(shown[70]!, 640, 280)[0]! > 240, 'the cover stays above it');
  made.video.randomAccess.forEach((flag, i) => {
    assert.equal(flag, i % 25 === 0 ? 1 : 0);
  });
});

test('a spectrum of silence is the picture that stands', needs, () => {
  ffmpeg('-f', 'lavfi', '-i', 'anullsrc=r=48000', '-t', '1', '-c:a', 'flac', at('silence.flac'));
  assert.equal(spool(at('silence.flac'), null, { spectrum: true }).video.duration, TICKS_PER_SECOND);
});
