import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { clicksOf, clicksSource } from '../../../test/support/clicks.js';
import { type Edit, withEdits } from '../../../test/support/edit-lists.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { numberedPictures, numbersFrom, onAir, shownOf, withoutRepeats } from '../../../test/support/shown-pictures.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';

const folder = sharedFolder();
const skip = without('ffmpeg');

const SECONDS = 6;

/** Numbered pictures, a key picture each second, and a click every quarter of a second from 0.1 s on. */
function film(name: string, bPictures: number): string {
  const path = join(folder, name);
  const inputs = ['-f', 'lavfi', '-i', numberedPictures(25), '-f', 'lavfi', '-i', clicksSource(SECONDS, 0.1)];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-bf', `${bPictures}`];
  ffmpeg('-y', ...inputs, '-t', `${SECONDS}`, ...video, '-c:a', 'aac', path);
  return path;
}

/** Every click of the source that is to be heard, in seconds from the first picture on; 0.1 s, 0.35 s … of the film. */
const clicksBetween = (from: number, to: number, at: number): number[] =>
  numbersFrom(0, SECONDS * 4 - 1)
    .map((i) => 0.1 + i / 4)
    .filter((click) => click >= from && click < to)
    .map((click) => click - from + at);

function assertClicks(path: string, expected: number[]): void {
  const clicks = clicksOf(path);
  assert.equal(clicks.length, expected.length, `${clicks} instead of ${expected}`);
  clicks.forEach((click, i) => {
    assert.ok(Math.abs(click - expected[i]!) < 0.025, `${click} instead of ${expected[i]}`);
  });
}

for (const bPictures of [0, 2]) {
  const what = bPictures > 0 ? 'with B-pictures' : 'without B-pictures';
  test(`a film trimmed between key pictures, ${what}, begins with the first picture to be shown`, { skip }, () => {
    const trimmed = join(folder, `trimmed-${bPictures}.mp4`);
    ffmpeg('-ss', '1.68', '-i', film(`whole-${bPictures}.mp4`, bPictures), '-t', '3', '-c', 'copy', trimmed);
    const player = shownOf(trimmed);
    assert.equal(player.numbers[0], 42);
    const { numbers, manifest, path, duration, poster } = onAir(trimmed, folder);
    assert.deepEqual(withoutRepeats(numbers), player.numbers);
    assert.ok(Math.abs(duration - player.times.at(-1)! - player.last) < 1e-6, `${duration}`);
    assert.equal(manifest.properties.reason, 'a cut between key pictures');
    assert.ok(poster !== null && player.numbers.includes(shownOf(poster).numbers[0]!));
    assertClicks(path, clicksBetween(1.68, 1.68 + duration, 0));
  });
}

/** Presentation begins that much later than decoding where there are two B-pictures in a row, in milliseconds. */
const REORDERING = 80;

interface Case {
  what: string;
  bPictures: number;
  video: Edit[];
  audio: Edit[];
  numbers: number[];
  duration: number;
  clicks: number[];
  copied: boolean;
}

const cases: Case[] = [
  {
    what: 'a film trimmed at key pictures is copied without what was cut off',
    bPictures: 0,
    video: [{ duration: 2_000, from: 1_000 }],
    audio: [{ duration: 2_000, from: 1_000 }],
    numbers: numbersFrom(25, 74),
    duration: 2,
    clicks: clicksBetween(1, 3, 0),
    copied: true,
  },
  {
    what: 'two parts of a film are played one after the other',
    bPictures: 2,
    video: [
      { duration: 1_000, from: 400 + REORDERING },
      { duration: 1_200, from: 3_000 + REORDERING },
    ],
    audio: [
      { duration: 1_000, from: 400 },
      { duration: 1_200, from: 3_000 },
    ],
    numbers: [...numbersFrom(10, 34), ...numbersFrom(75, 104)],
    duration: 2.2,
    clicks: [...clicksBetween(0.4, 1.4, 0), ...clicksBetween(3, 4.2, 1)],
    copied: false,
  },
  {
    what: 'a part that is played twice is on the air twice',
    bPictures: 0,
    video: [
      { duration: 1_000, from: 2_000 },
      { duration: 1_000, from: 2_000 },
    ],
    audio: [{ duration: 2_000, from: 0 }],
    numbers: [...numbersFrom(50, 74), ...numbersFrom(50, 74)],
    duration: 2,
    clicks: clicksBetween(0, 2, 0),
    copied: true,
  },
  {
    what: 'sound and pictures are cut by lists of their own',
    bPictures: 2,
    video: [{ duration: 3_000, from: 600 + REORDERING }],
    audio: [
      { duration: 1_000, from: null },
      { duration: 1_500, from: 2_000 },
    ],
    numbers: numbersFrom(15, 89),
    duration: 3,
    clicks: clicksBetween(2, 3.5, 1),
    copied: false,
  },
];

for (const { what, bPictures, video, audio, numbers, duration, clicks, copied } of cases) {
  test(what, { skip }, () => {
    const path = join(folder, `${what.replaceAll(' ', '-')}.mp4`);
    withEdits(film('film.mp4', bPictures), path, [video, audio]);
    assert.deepEqual(shownOf(path).numbers, numbers, 'a player');
    const shown = onAir(path, folder);
    assert.deepEqual(shown.numbers, numbers);
    assert.equal(shown.duration, duration);
    assert.equal(shown.manifest.properties.video, copied ? 'copied' : 'encoded');
    assertClicks(shown.path, clicks);
    assert.ok(shown.poster !== null && numbers.includes(shownOf(shown.poster).numbers[0]!), 'the poster');
  });
}
