import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { numberedPictures, onAir, shownOf, withoutRepeats } from '../../../test/support/shown-pictures.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { analyseTs } from '../../../test/support/ts-analyser.js';

const folder = sharedFolder();
const skip = without('ffmpeg');

/** Numbered pictures at `rate`, of which FFmpeg's `select` keeps some. */
function film(name: string, options: { rate: string; seconds: number; select?: string; codec: string[] }): string {
  const { rate, seconds, select = '1', codec } = options;
  const path = join(folder, name);
  const pictures = `${numberedPictures(rate)},select='${select}'`;
  ffmpeg('-y', '-f', 'lavfi', '-i', pictures, '-t', String(seconds), '-vsync', 'vfr', ...codec, path);
  return path;
}

/** When each picture begins, in seconds from the first one; repeated pictures belong together. */
const begins = ({ numbers, times }: { numbers: number[]; times: number[] }): number[] =>
  times.filter((_, i) => numbers[i] !== numbers[i - 1]);

const phone = 'not(eq(mod(n,7),3)+eq(mod(n,23),5))';
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast'];

interface Case {
  what: string;
  name: string;
  options: Parameters<typeof film>[1];
  /** Seconds, where the file itself has it wrong. */
  duration?: number;
  rate: number;
}

const encoded: Case[] = [
  {
    what: 'a clip of a phone keeps every picture when it is encoded',
    name: 'phone.mkv',
    options: { rate: '30', seconds: 4, select: phone, codec: ['-c:v', 'mpeg4', '-q:v', '2', '-bf', '2'] },
    rate: 30,
  },
  {
    what: 'pictures far apart are shown when a player shows them',
    name: 'far.mp4',
    options: { rate: '1/3', seconds: 12, codec: [...x264, '-bf', '0'] },
    rate: 5,
  },
  {
    what: 'pictures far apart with B-pictures are shown when a player shows them',
    name: 'far-b.mp4',
    options: { rate: '1/3', seconds: 15, codec: ['-c:v', 'libx264', '-x264-params', 'b-adapt=0:bframes=2'] },
    rate: 5,
  },
  {
    what: 'a recording that stands for seconds and then moves keeps its times',
    name: 'screen.mp4',
    options: {
      rate: '25',
      seconds: 6,
      select: 'lt(n,1)+between(n,60,75)+gte(n,148)',
      codec: ['-c:v', 'libx264', '-x264-params', 'b-adapt=0:bframes=3'],
    },
    duration: 6,
    rate: 25,
  },
  {
    what: 'an animated GIF keeps the time of each picture',
    name: 'animation.gif',
    options: { rate: '10', seconds: 3, select: 'not(eq(mod(n,4),1))', codec: [] },
    rate: 10,
  },
  {
    what: 'an animated PNG keeps the time of each picture',
    name: 'animation.apng',
    options: { rate: '10', seconds: 3, select: 'not(eq(mod(n,4),1))', codec: ['-f', 'apng'] },
    rate: 10,
  },
];

for (const { what, name, options, duration, rate } of encoded) {
  test(what, { skip }, () => {
    const path = film(name, options);
    const player = shownOf(path);
    const shown = onAir(path, folder);
    const { properties } = shown.manifest;
    assert.equal(properties.video, 'encoded');
    assert.deepEqual(properties.frameRate, [rate, 1]);
    assert.deepEqual(withoutRepeats(shown.numbers), player.numbers);
    begins(shown).forEach((time, i) => {
      assert.ok(Math.abs(time - player.times[i]!) <= 0.02, `picture ${i} at ${time} instead of ${player.times[i]}`);
    });
    const end = duration ?? player.times.at(-1)! + player.last;
    assert.ok(Math.abs(shown.duration - end) <= 0.02, `${shown.duration} instead of ${end}`);
    assert.deepEqual(properties.notes, []);
  });
}

test('an animated WebP keeps its pictures and their time', { skip }, () => {
  const path = film('animation.webp', { rate: '10', seconds: 2, codec: ['-lossless', '1'] });
  const { numbers, duration } = onAir(path, folder);
  assert.deepEqual(
    numbers,
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.equal(duration, 2);
});

test('a variable rate that is copied keeps pictures, times and duration', { skip }, () => {
  const path = film('copied.mp4', { rate: '30', seconds: 4, select: phone, codec: [...x264, '-bf', '2'] });
  const player = shownOf(path);
  const { numbers, times, manifest, path: air } = onAir(path, folder);
  assert.equal(manifest.properties.video, 'copied');
  assert.deepEqual(numbers, player.numbers);
  times.forEach((time, i) => {
    assert.ok(Math.abs(time - player.times[i]!) < 0.001);
  });
  assert.equal(manifest.duration, 360_000);
  const { faults, leastLead, longestPcrGap } = analyseTs(readFileSync(air));
  assert.deepEqual(faults, []);
  assert.ok(leastLead > 0 && longestPcrGap <= 3_600, `${leastLead / 90} ms, ${longestPcrGap / 90} ms`);
});

test('pictures that come faster than 60 a second are left out evenly, with a note', { skip }, () => {
  const path = film('fast.mkv', { rate: '120', seconds: 1, codec: ['-c:v', 'mpeg4', '-q:v', '2'] });
  const { numbers, manifest } = onAir(path, folder);
  assert.deepEqual(
    numbers,
    Array.from({ length: 60 }, (_, i) => i * 2 + (numbers[0] ?? 0)),
  );
  assert.deepEqual(manifest.properties.notes, ['60 of 120 pictures are left out: they come faster than 60 a second']);
});

test('a header without a frame rate does not make 1,000 pictures a second', { skip }, () => {
  const path = film('recorder.mkv', { rate: '30', seconds: 4, select: phone, codec: [...x264, '-bf', '0'] });
  const unknown = join(folder, 'recorder-unknown.mkv');
  // A stream copy with times that are no multiples of anything.
  ffmpeg('-y', '-i', path, '-c', 'copy', '-bsf:v', 'setts=ts=PTS+mod(N*7\\,5)', unknown);
  const { manifest, numbers } = onAir(unknown, folder);
  const [pictures, seconds] = manifest.properties.frameRate;
  assert.equal(manifest.properties.video, 'copied');
  assert.ok(pictures / seconds > 20 && pictures / seconds <= 30.1, `${pictures}/${seconds}`);
  assert.equal(numbers.length, shownOf(path).numbers.length);
});
