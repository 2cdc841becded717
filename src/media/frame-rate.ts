/** How many pictures a second a file has: its header's word, or what its packets show. */
import { TICKS_PER_MILLI, TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';
import { MediaInput } from './input.js';
import { isNearly, ratioOf, tidyFrameRate } from './ratio.js';
import type { Ratio } from './settings.js';

/** Enough to tell 24 from 23.976 by time stamps in milliseconds. */
const MOST_PICTURES = 300;
const LEAST_PICTURES = 24;
/** Time stamps in milliseconds stray by half of one; those of some recorders by more. */
const STRAY: Ticks90k = 1.5 * TICKS_PER_MILLI;

/** Null where nothing tells. */
export function frameRateOf({ video, source }: MediaInput): Ratio | null {
  const average = ratioOf(video.avgFrameRate);
  const base = ratioOf(video.rFrameRate);
  const frames = Number(video.nbFrames);
  if (average && base && isMeant({ average, base, frames })) return tidyFrameRate(base);
  const measured = measureFrameRate(source);
  if (measured) return measured;
  return average ?? base;
}

/** 0.5 %: a gap in the file. */
const GAP = 0.005;

/**
 * Whether the `base` that all times are multiples of is the frame rate, although the `average` differs a little:
 * that suffers from gaps, and in a file of few `frames` from a last one that is given no duration.
 */
export function isMeant(options: { average: Ratio; base: Ratio; frames: number }): boolean {
  const { average, base, frames } = options;
  return isNearly(average, base, Math.max(GAP, frames > 0 ? 1.5 / frames : 0));
}

/** The constant rate of the file's first pictures; null when they come at none. */
function measureFrameRate(source: string): Ratio | null {
  const times: Ticks90k[] = [];
  const input = new MediaInput(source);
  try {
    input.skipAudio();
    input.forEachPacket(({ isVideo, pts }) => {
      if (isVideo && pts !== null) times.push(pts);
      return times.length < MOST_PICTURES;
    });
  } finally {
    input.close();
  }
  return constantRate(times);
}

/** `times` in decoding order; of the last ones some that are shown before may be missing, so these do not count. */
export function constantRate(times: Ticks90k[]): Ratio | null {
  const shown = times.toSorted((a, b) => a - b).slice(0, -REORDERED);
  if (shown.length < LEAST_PICTURES) return null;
  const [first, last] = [shown[0], shown[shown.length - 1]];
  const interval = (last - first) / (shown.length - 1);
  if (interval <= 0) return null;
  const isConstant = shown.every((time, i) => Math.abs(time - first - i * interval) <= STRAY);
  if (!isConstant) return null;
  return tidyFrameRate([Math.round((TICKS_PER_SECOND / interval) * 1e6), 1e6]);
}

/** Pictures that may be decoded after one that is shown later. */
const REORDERED = 16;
