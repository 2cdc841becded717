/** Largest pictures that are decoded: a declared size costs memory before there is any picture. */
import { Problem } from '../../base/problem.js';

/** 8,192 × 8,192, twice as many as 8K television has: a frame takes 100 MB, and a decoder holds some twenty. */
export const MOST_PIXELS = 2 ** 26;
/** Of a photo, which is decoded once: 268 million, more than cameras have. */
export const MOST_STILL_PIXELS = 2 ** 28;

/** Throws a Problem of code `source` where pictures of this size are not decoded. */
export function checkPictureSize(source: string, options: { width: number; height: number; isStill: boolean }): void {
  const { width, height, isStill } = options;
  const most = isStill ? MOST_STILL_PIXELS : MOST_PIXELS;
  if (width * height <= most) return;
  const side = Math.sqrt(most);
  throw new Problem(
    'source',
    `${source}: its pictures of ${width} × ${height} pixels are too large (at most as many as in ${side} × ${side})`,
    'Convert it to a smaller picture with another program and try again.',
  );
}
