/** The frame rate of a file, from its header or measured from its packets. */
import { TICKS_PER_MILLI, TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { isNearly, quotient, ratioOf, tidyFrameRate, usualRates } from '../ratio.js';
import type { Ratio } from '../settings.js';
import { MediaInput } from './input.js';

/** Most pictures that are measured: enough to distinguish 24 from 23.976 by time stamps in milliseconds. */
const MOST_PICTURES = 300;
const LEAST_PICTURES = 24;
/** Largest error of a time stamp: those in milliseconds have half of one, those of some recorders more. */
const STRAY = Ticks90k(1.5 * TICKS_PER_MILLI);

/** Null where the file gives no indication. */
export function frameRateOf({ video, source }: MediaInput): Ratio | null {
  const average = ratioOf(video.avgFrameRate);
  const base = ratioOf(video.rFrameRate);
  const frames = Number(video.nbFrames);
  if (average && base && isMeant({ average, base, frames })) return tidyFrameRate(base);
  const measured = measureFrameRate(source);
  if (measured) return measured;
  return average && base ? steadyRate(average, base) : (average ?? base);
}

/** Most by which pauses lower the average of the rate of which all times are multiples. */
const PAUSES = 1.5;
/** Highest rate at which pictures are encoded: a higher one is that of a clock. */
const HIGHEST = 60;
/** Share by which a usual rate may be higher than an average. */
const NEAR = 0.1;

/** The constant rate that suits a file of variable rate best: a station's other films have it as well. */
export function steadyRate(average: Ratio, base: Ratio): Ratio {
  const [mean, most] = [quotient(average), quotient(base)];
  if (most >= mean && most <= Math.min(HIGHEST, mean * PAUSES)) return tidyFrameRate(base);
  const higher = usualRates.filter((rate) => quotient(rate) >= mean && quotient(rate) <= mean * (1 + NEAR));
  const [nearest] = higher.sort((a, b) => quotient(a) - quotient(b));
  return nearest ?? average;
}

/** Difference of average and base that gaps in a file cause. */
const GAP = 0.005;

/**
 * Whether `base`, of which all times are multiples, is the frame rate although `average` differs a little: gaps lower
 * the average, and so does a last frame without duration in a file of few `frames`.
 */
export function isMeant(options: { average: Ratio; base: Ratio; frames: number }): boolean {
  const { average, base, frames } = options;
  return isNearly(average, base, Math.max(GAP, frames > 0 ? 1.5 / frames : 0));
}

/** The constant rate of the file's first pictures; null where it varies. */
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

/** `times` in decoding order. The last REORDERED ones do not count: pictures shown before them may be missing. */
export function constantRate(times: Ticks90k[]): Ratio | null {
  const shown = times.toSorted((a, b) => a - b).slice(0, -REORDERED);
  if (shown.length < LEAST_PICTURES) return null;
  const first = shown[0]!;
  const interval = (shown.at(-1)! - first) / (shown.length - 1);
  if (interval <= 0) return null;
  const isConstant = shown.every((time, i) => Math.abs(time - first - i * interval) <= STRAY);
  if (!isConstant) return null;
  return tidyFrameRate([Math.round((TICKS_PER_SECOND / interval) * 1e6), 1e6]);
}

/** Most pictures that are decoded after one that is shown later. */
const REORDERED = 16;
