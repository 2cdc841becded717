/** Bitmaps of Blu-ray discs in a reel: their place, size, colour and time, as FFmpeg draws them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { type PgsCue, type Rectangle, writePgs } from '../../../test/support/pgs.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { defaultMediaSettings, type MediaSettings } from '../../media/settings.js';
import { makeReel } from './make-reel.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };
const [WIDTH, HEIGHT] = [960, 540];
/** Of the film. */
const PICTURES = 75;

/** On a disc of 1920 × 1080. */
const disc = { width: 2 * WIDTH, height: 2 * HEIGHT };
const white = { x: 600, y: 900, width: 720, height: 100, from: 0.48, to: 1.2, colour: [235, 128, 128] };
const grey = { x: 1_200, y: 80, width: 400, height: 60, from: 1.6, to: 2.4, colour: [160, 128, 128], isForced: true };

before(() => {
  if (needs.skip) return;
  writePgs(at('cues.sup'), disc, [white, grey] as PgsCue[]);
  // FFmpeg has each input begin at 0.
  const film = ['-f', 'lavfi', '-i', 'color=c=0x101010:s=320x180:r=25:d=3', '-itsoffset', String(white.from)];
  film.push('-i', at('cues.sup'), '-map', '0', '-map', '1');
  ffmpeg(...film, '-c:v', 'libx264', '-g', '25', '-c:s', 'copy', '-metadata:s:s:0', 'language=ger', at('film.mkv'));
});

/** The packets of the film's reel, and its notes. */
function made(name: string, settings: Partial<MediaSettings>): { packets: string; notes: string[] } {
  mkdirSync(at(name));
  const options = { source: at('film.mkv'), folder: at(name), settings: { ...defaultMediaSettings, ...settings } };
  makeReel(options, () => undefined);
  const { properties } = JSON.parse(readFileSync(at(`${name}/reel.json`), 'utf8'));
  return { packets: at(`${name}/packets.ts`), notes: properties.notes };
}

interface Seen extends Rectangle {
  light: number;
}

/** What is lighter than the film, picture by picture: its bounds, and the brightness in its middle. */
function seen(packets: string, graph: string): (Seen | null)[] {
  const words = [
    '-v',
    'error',
    '-canvas_size',
    `${disc.width}x${disc.height}`,
    '-i',
    packets,
    '-filter_complex',
    graph,
  ];
  const bytes = execFileSync(
    'ffmpeg',
    [...words, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'gray', '-'],
    {
      maxBuffer: 1 << 28,
    },
  );
  return Array.from({ length: bytes.length / (WIDTH * HEIGHT) }, (_, i) => {
    const picture = bytes.subarray(i * WIDTH * HEIGHT, (i + 1) * WIDTH * HEIGHT);
    const lines: number[] = [];
    let [left, right] = [WIDTH, -1];
    for (let y = 0; y < HEIGHT; y++) {
      const line = picture.subarray(y * WIDTH, (y + 1) * WIDTH);
      const first = line.findIndex((value) => value > 90);
      if (first < 0) continue;
      lines.push(y);
      left = Math.min(left, first);
      right = Math.max(
        right,
        line.findLastIndex((value) => value > 90),
      );
    }
    if (lines.length === 0) return null;
    const [x, y, width, height] = [left, lines[0]!, right + 1 - left, lines.at(-1)! + 1 - lines[0]!];
    return { x, y, width, height, light: picture[(y + (height >> 1)) * WIDTH + x + (width >> 1)]! };
  });
}

/** Checks the place, on a picture of half the disc's size, within `most` of its pixels. */
function check(pictures: (Seen | null)[], most: number): void {
  assert.ok(pictures.length >= PICTURES);
  for (const [i, picture] of pictures.slice(0, PICTURES).entries()) {
    const cue = [white, grey].find(({ from, to }) => i >= Math.round(from * 25) && i < Math.round(to * 25));
    assert.equal(picture === null, cue === undefined, `picture ${i}`);
    if (!picture || !cue) continue;
    for (const side of ['x', 'y', 'width', 'height'] as const) {
      assert.ok(Math.abs(picture[side] - cue[side] / 2) <= most, `picture ${i}: ${side} ${picture[side]}`);
    }
    // In full range.
    const light = ((cue.colour[0]! - 16) * 255) / 219;
    assert.ok(Math.abs(picture.light - light) <= 6, `picture ${i}: ${picture.light} instead of ${light}`);
  }
}

const scaled = `scale=${WIDTH}:${HEIGHT}:flags=neighbor:out_range=pc`;

test(
  'bitmaps of a Blu-ray disc are carried at their place, in their size and colour and at their time, forced ones too',
  needs,
  () => {
    const { packets, notes } = made('carried', { subtitles: ['de'] });
    assert.deepEqual(notes, []);
    check(seen(packets, `[0:v]scale=${disc.width}:${disc.height}[v];[v][0:s:0]overlay,${scaled},format=gray`), 1);
  },
);

test('bitmaps of a Blu-ray disc are burned in at their place', needs, () => {
  const { packets } = made('burned', { subtitles: ['de'], burnSubtitles: true });
  // A pixel of the film is three of these.
  check(seen(packets, `[0:v]${scaled},format=gray`), 4);
});
