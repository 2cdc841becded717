import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { Millis, TICKS_PER_SECOND } from '../../base/units.js';
import { idrPictureId } from '../h264/idr-picture-id.js';
import { defaultMediaSettings, type MediaSettings } from '../settings.js';
import type { FilmSpool } from '../spool.js';
import { spoolMedia } from '../spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

before(() => {
  if (needs.skip) return;
  const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=2'];
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-x264-params', 'open-gop=0:keyint=25'];
  for (const seconds of [1, 2, 2.3, 6]) {
    ffmpeg(...pictures, '-f', 'lavfi', '-i', `sine=d=${seconds}:r=48000`, ...x264, '-c:a', 'aac', at(`${seconds}.mp4`));
  }
});

function spool(source: string, settings: Partial<MediaSettings> = {}): FilmSpool {
  const result = spoolMedia({
    source,
    folder: mkdtempSync(at('spool-')),
    settings: { ...defaultMediaSettings, ...settings },
    onProgress: () => undefined,
  });
  assert.equal(result.format, 'h264');
  return result;
}

/** The elementary stream, as a file. */
function elementary({ video }: FilmSpool): string {
  const bytes = Buffer.alloc(video.sizes.reduce((sum, size) => sum + size, 0));
  const reader = video.open();
  let offset = 0;
  for (const size of video.sizes) {
    reader.read(bytes, offset, size);
    offset += size;
  }
  reader.close();
  const path = join(mkdtempSync(at('es-')), 'video.h264');
  writeFileSync(path, bytes);
  return path;
}

/** Pictures of 320 × 180, 8 bits, 4:2:0, and what FFmpeg says while it decodes them. */
function decoded(path: string): { pictures: Buffer[]; words: string } {
  const words = ['-v', 'warning', '-i', path, '-map', '0:v', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'];
  const { stdout, stderr } = spawnSync('ffmpeg', words, { maxBuffer: 1 << 28 });
  const size = (320 * 180 * 3) / 2;
  const pictures = Array.from({ length: stdout.length / size }, (_, i) => stdout.subarray(i * size, (i + 1) * size));
  return { pictures, words: stderr.toString() };
}

const meanDifference = (a: Buffer, b: Buffer): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;

const longestGroup = ({ video }: FilmSpool): number => {
  const times = [...video.pts].filter((_, i) => video.randomAccess[i] === 1);
  return Math.max(...[...times, video.duration].map((time, i) => (i === 0 ? 0 : time - times[i - 1]!)));
};

const ways: [how: string, settings: Partial<MediaSettings>][] = [
  ['copied', {}],
  ['encoded', { maxGop: Millis(500) }],
];

for (const [how, settings] of ways) {
  test(`the last of ${how} pictures stands until the sound ends`, needs, () => {
    const result = spool(at('6.mp4'), settings);
    const { properties, video, audio } = result;
    assert.deepEqual([properties.video, properties.audio, properties.notes], [how, 'copied', []]);
    assert.equal(video.duration, 6 * TICKS_PER_SECOND);
    assert.ok(audio.sizes.length * 1_920 >= 6 * TICKS_PER_SECOND);
    assert.ok(longestGroup(result) <= TICKS_PER_SECOND);
    const { pictures, words } = decoded(elementary(result));
    assert.equal(words, '');
    assert.equal(pictures.length, 150);
    const last = decoded(at('6.mp4')).pictures[49]!;
    for (const picture of pictures.slice(50)) assert.ok(meanDifference(picture, last) < 2);
  });
}

test('the picture that stands behind a single IDR picture has another number than that', needs, () => {
  const numbers = (name: string, seconds: number) => {
    const sound = ['-f', 'lavfi', '-i', 'sine=d=4:r=48000', '-c:a', 'aac'];
    const coding = ['-c:v', 'libx264', '-g', '1', '-bf', '0'];
    ffmpeg('-f', 'lavfi', '-i', `testsrc2=s=160x90:r=25:d=${seconds}`, ...sound, ...coding, at(name));
    const { video, properties } = spool(at(name));
    assert.equal(properties.video, 'copied');
    const reader = video.open();
    const ids = [...video.sizes].map((size) => {
      const unit = Buffer.alloc(size);
      reader.read(unit, 0, size);
      return idrPictureId(unit);
    });
    reader.close();
    return ids;
  };
  const one = numbers('one.mp4', 0.04);
  assert.deepEqual(one.slice(0, 4), [0, 1, null, null]);
  assert.equal(one[26], 1);
  assert.deepEqual(numbers('two.mp4', 0.08).slice(0, 4), [0, 1, 0, null]);
});

test('the last picture is shown for longer where the sound ends soon after it', needs, () => {
  const { video, properties } = spool(at('2.3.mp4'));
  assert.deepEqual([properties.video, properties.notes, video.sizes.length], ['copied', [], 50]);
  // 2.3 s, up to the end of a frame of AAC.
  assert.ok(video.duration >= 2.3 * TICKS_PER_SECOND && video.duration < 2.33 * TICKS_PER_SECOND);
});

test('pictures and sound that end together are copied, no longer than the pictures', needs, () => {
  const { video, properties } = spool(at('2.mp4'));
  assert.deepEqual([properties.video, properties.audio, properties.notes], ['copied', 'copied', []]);
  assert.deepEqual([video.sizes.length, video.duration], [50, 2 * TICKS_PER_SECOND]);
});

test('pictures longer than the sound are all shown', needs, () => {
  const { video, properties } = spool(at('1.mp4'));
  assert.deepEqual([properties.video, properties.audio, properties.notes], ['copied', 'copied', []]);
  assert.equal(video.duration, 2 * TICKS_PER_SECOND);
});

test('what only fills the last frame of sound is not played', needs, () => {
  const path = at('padded.mkv');
  const pictures = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=2'];
  // Opus has frames of 20 ms, and 6.5 ms in front of the sound: the last frame is nearly all padding.
  const sound = ['-f', 'lavfi', '-i', 'sine=d=2.494:r=48000', '-c:a', 'libopus'];
  ffmpeg(...pictures, ...sound, '-c:v', 'libx264', '-preset', 'ultrafast', path);
  const { duration } = spool(path).video;
  // Matroska puts the pictures 7 ms after the sound.
  assert.ok(Math.abs(duration / TICKS_PER_SECOND - 2.487) < 0.002, `${duration} ticks`);
});
