/** Ratios of whole numbers: frame rates, pixel shapes, aspect ratios. */
import type { Ratio } from './settings.js';

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** The same ratio in lowest terms; both must be positive integers. */
export function reduce([numerator, denominator]: Ratio): Ratio {
  const divisor = gcd(numerator, denominator);
  return [numerator / divisor, denominator / divisor];
}

export const quotient = ([numerator, denominator]: Ratio): number => numerator / denominator;

/** A ratio of a header in lowest terms; null where it has none. */
export function ratioOf(given: { num: number; den: number } | null | undefined): Ratio | null {
  return given && given.num > 0 && given.den > 0 ? reduce([given.num, given.den]) : null;
}

export const usualRates: readonly Ratio[] = [
  [24_000, 1_001],
  [24, 1],
  [25, 1],
  [30_000, 1_001],
  [30, 1],
  [48, 1],
  [50, 1],
  [60_000, 1_001],
  [60, 1],
  [12, 1],
  [15, 1],
  [10, 1],
];

/** Tolerance of measured averages. 24 and 24,000 / 1,001 differ by 0.1 %; most averages are within a tenth of that. */
const SAME_RATE = 0.0004;

/** Whether the two differ by less than the share `tolerance`. */
export const isNearly = (a: Ratio, b: Ratio, tolerance: number): boolean =>
  Math.abs(quotient(a) / quotient(b) - 1) < tolerance;

export const isSameRate = (a: Ratio, b: Ratio): boolean => isNearly(a, b, SAME_RATE);

/** The usual frame rate nearest to an average such as 23.9761, else the average with a denominator of 1,000. */
export function tidyFrameRate(rate: Ratio): Ratio {
  const usual = usualRates.find((candidate) => isSameRate(candidate, rate));
  return usual ?? (rate[1] <= 1_001 ? rate : reduce([Math.max(1, Math.round(quotient(rate) * 1_000)), 1_000]));
}

/** Range of the frame rates that are encoded. */
export const LEAST_RATE = 5;
export const GREATEST_RATE = 60;

/** Whether pictures are encoded at that rate. */
export const isEncodedRate = (rate: Ratio): boolean =>
  quotient(rate) >= LEAST_RATE && quotient(rate) <= GREATEST_RATE * (1 + SAME_RATE);

/** A frame rate that the encoder and every player support; the average where the source varies. */
export function encodedFrameRate(average: Ratio | null): Ratio {
  if (average === null) return [25, 1];
  const value = quotient(average);
  if (value < LEAST_RATE) return [LEAST_RATE, 1];
  if (value > GREATEST_RATE * (1 + SAME_RATE)) return [GREATEST_RATE, 1];
  return tidyFrameRate(average);
}

const usualAspects: Ratio[] = [
  [16, 9],
  [4, 3],
  [1, 1],
  [9, 16],
  [3, 4],
  [3, 2],
  [2, 3],
  [5, 4],
  [16, 10],
  [21, 9],
];

/** Tolerance of aspect ratios: rounding to whole macroblocks stays below it. */
const SAME_ASPECT = 0.01;

export const isSameAspect = (a: Ratio, b: Ratio): boolean => isNearly(a, b, SAME_ASPECT);

/** The picture's shape as displayed: "16:9", or "2.39:1" where it has no usual name. */
export function aspectName(options: { width: number; height: number; sampleAspectRatio: Ratio }): string {
  const { width, height, sampleAspectRatio } = options;
  const shape = (width * sampleAspectRatio[0]) / (height * sampleAspectRatio[1]);
  const usual = usualAspects.find((candidate) => isSameAspect(candidate, [shape, 1]));
  if (usual) return usual.join(':');
  return shape >= 1 ? `${shape.toFixed(2)}:1` : `1:${(1 / shape).toFixed(2)}`;
}
