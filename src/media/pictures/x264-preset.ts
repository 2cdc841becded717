/** Which of x264's presets pictures are encoded with where none is asked for. */
import { availableParallelism } from 'node:os';
import { MOST_THREADS } from '../codec-threads.js';
import { quotient } from '../ratio.js';
import type { X264Preset } from '../settings.js';
import type { PictureKind } from './x264.js';

/**
 * Pixels a second that one processor decodes and encodes, from the best preset to the quickest: of Big Buck Bunny in 1080p, and with
 * `veryfast` 42 million. `fast` is hardly quicker than `medium`. An estimate is enough: where a machine has half the speed, it takes
 * the film's own length.
 */
const SPEEDS: readonly (readonly [X264Preset, pixels: number])[] = [
  ['medium', 20e6],
  ['faster', 29e6],
];
const QUICKEST: X264Preset = 'veryfast';

/** How much faster than it plays a film has to be encoded. */
const LEAST_SPEED = 2;

/**
 * The best preset with which this machine needs at most half as long to encode pictures as they are shown: a station is on the air
 * after half the length of its films at the latest, if the machine can do that at all.
 */
export function presetFor(
  { width, height, frameRate }: PictureKind,
  processors: number = availableParallelism(),
): X264Preset {
  const needed = width * height * quotient(frameRate) * LEAST_SPEED;
  const used = Math.min(processors, MOST_THREADS);
  return SPEEDS.find(([, speed]) => speed * used >= needed)?.[0] ?? QUICKEST;
}
