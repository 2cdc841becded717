/** The limits of H.264 that receivers keep to: level 5.2, ITU-T H.264, table A-1. */

/** MaxFS and MaxMBPS: macroblocks of 16 × 16 pixels in a picture, and in a second. */
const MOST_MACROBLOCKS = 36_864;
const MOST_MACROBLOCKS_PER_SECOND = 2_073_600;
/** A.3.1: a side has at most √(8 · MaxFS) macroblocks. */
const LONGEST_SIDE = Math.floor(Math.sqrt(8 * MOST_MACROBLOCKS));

/** Whether pictures of that size, and at that rate where it is given, are within level 5.2. */
export function isWithinLevel({ width, height }: { width: number; height: number }, rate = 0): boolean {
  const columns = Math.ceil(width / 16);
  const rows = Math.ceil(height / 16);
  return (
    Math.max(columns, rows) <= LONGEST_SIDE &&
    columns * rows <= MOST_MACROBLOCKS &&
    columns * rows * rate <= MOST_MACROBLOCKS_PER_SECOND
  );
}
