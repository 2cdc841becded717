/** Small pictures that carry their numbers, and what FFmpeg's player path shows of a file: which pictures, and when. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultMediaSettings, type MediaSettings } from '../../src/media/settings.js';
import { makeReel } from '../../src/reel/child/make-reel.js';
import type { ReelManifest } from '../../src/reel/manifest.js';
import { ReelFile } from '../../src/reel/reel.js';

/** Upright bars, white or black: the bits of a picture's number, the lowest at the left. */
const BITS = 8;
const SIZE = { width: 128, height: 96 };

/** A source of pictures 0 to 255 for FFmpeg's `lavfi`, at `rate` a second. */
export const numberedPictures = (rate: number | string): string =>
  `color=gray:s=${BITS}x6:r=${rate},format=gray,geq=lum='if(mod(floor(N/pow(2,X)),2),235,16)',` +
  `scale=${SIZE.width}:${SIZE.height}:flags=neighbor:in_range=tv:out_range=tv,setsar=1,format=yuv420p`;

export interface Shown {
  numbers: number[];
  /** Seconds from the first picture to each. */
  times: number[];
  /** Seconds that the last one stands. */
  last: number;
}

/** What is shown of `path`. Needs ffmpeg. */
export function shownOf(path: string): Shown {
  const words = ['-v', 'error', '-i', path, '-map', '0:v:0', '-vsync', 'passthrough'];
  const filter = `scale=${BITS}:1:flags=area,format=gray`;
  const { stdout } = spawnSync('ffmpeg', [...words, '-vf', filter, '-f', 'rawvideo', '-'], { maxBuffer: 1 << 28 });
  const numbers: number[] = [];
  for (let at = 0; at < stdout.length; at += BITS) {
    numbers.push(stdout.subarray(at, at + BITS).reduce((sum, luma, bit) => sum + (luma > 125 ? 2 ** bit : 0), 0));
  }
  const entries = 'frame=best_effort_timestamp_time,pkt_duration_time,duration_time';
  const probe = spawnSync(
    'ffprobe',
    ['-v', 'error', '-select_streams', 'v:0', '-show_entries', entries, '-of', 'json', path],
    { maxBuffer: 1 << 28 },
  );
  const { frames } = JSON.parse(String(probe.stdout)) as { frames: Record<string, string>[] };
  const times = frames.map((frame) => Number(frame.best_effort_timestamp_time));
  const last = frames.at(-1);
  return {
    numbers,
    times: times.map((time) => Math.round((time - times[0]!) * 1e6) / 1e6),
    last: Number(last?.pkt_duration_time ?? last?.duration_time),
  };
}

export interface OnAir extends Shown {
  manifest: Omit<ReelManifest, 'id'>;
  /** Seconds. */
  duration: number;
  /** The reel's packets, a transport stream. */
  path: string;
  /** Null for none. */
  poster: string | null;
}

/** Prepares `source` in a new folder within `folder`, and reads what is on the air. */
export function onAir(source: string, folder: string, settings: Partial<MediaSettings> = {}): OnAir {
  const reel = mkdtempSync(join(folder, 'reel-'));
  makeReel({ source, settings: { ...defaultMediaSettings, ...settings }, folder: reel }, () => undefined);
  const path = join(reel, ReelFile.packets.h264);
  const poster = join(reel, ReelFile.poster);
  const manifest = JSON.parse(readFileSync(join(reel, ReelFile.manifest), 'utf8'));
  assert.ok(manifest.duration > 0);
  return {
    ...shownOf(path),
    manifest,
    duration: manifest.duration / 90_000,
    path,
    poster: existsSync(poster) ? poster : null,
  };
}

/** The numbers from `first` to `last`, both included. */
export const numbersFrom = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** A list without repetitions one after another: the pictures shown, however long each stands. */
export const withoutRepeats = (numbers: number[]): number[] => numbers.filter((number, i) => number !== numbers[i - 1]);
