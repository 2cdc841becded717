/** Which of x265's settings are those of x264 that were asked for. */
import { availableParallelism } from 'node:os';
import { MOST_THREADS } from '../codec-threads.js';
import { quotient } from '../ratio.js';
import type { PictureKind } from './x264.js';

/**
 * Pixels a second that one processor decodes and encodes, from the best preset to the quickest, which has 27 million: of Big Buck
 * Bunny, in proportion to the 42 million that x264 has with `veryfast`.
 */
const SPEEDS: readonly (readonly [string, pixels: number])[] = [
  ['medium', 10e6],
  ['fast', 13e6],
  ['superfast', 18e6],
];
const QUICKEST = 'ultrafast';

/** How much faster than it plays a film has to be encoded. */
const LEAST_SPEED = 2;

/** The best preset with which this machine needs at most half as long to encode pictures as they are shown. */
export function x265PresetFor(
  { width, height, frameRate }: PictureKind,
  processors: number = availableParallelism(),
): string {
  const needed = width * height * quotient(frameRate) * LEAST_SPEED;
  const used = Math.min(processors, MOST_THREADS);
  return SPEEDS.find(([, speed]) => speed * used >= needed)?.[0] ?? QUICKEST;
}

/** x265's constant rate factors are higher by this for the same SSIM: 25 of `veryfast` is what 21 is of x264's. */
const HIGHER = 4;

/** x265's constant rate factor for the quality that x264 has with `crf`. */
export const x265Crf = (crf: number): number => crf + HIGHER;
