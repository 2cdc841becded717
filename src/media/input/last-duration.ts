/** How long the picture shown last stands: the one time that packets and containers often have wrong. */
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';

/** Shortest time that a last picture stands, half a picture of 60 a second: muxers write less where they do not know. */
const LEAST = Ticks90k(TICKS_PER_SECOND / 120);
/** Longest time that stands in for an unknown one. */
const LONGEST_GUESS = Ticks90k(TICKS_PER_SECOND / 25);

export interface LastPicture {
  /** Times of all pictures, in the order in which they are shown. */
  shown: Float64Array;
  /** Whether pictures are decoded in another order. */
  isReordered: boolean;
  /** Of the packet of the picture shown last; 0 where it has none. */
  ownDuration: Ticks90k;
  /** Of all packets. */
  longestDuration: Ticks90k;
  /** When the pictures end according to the container, on the clock of `shown`; null where it does not know. */
  declaredEnd: Ticks90k | null;
}

/**
 * The duration of the last picture. That of a packet is the time to the packet decoded next, so it is wrong where
 * pictures are reordered and their rate varies; then the end that the container declares counts, where it is possible.
 */
export function lastDurationOf(last: LastPicture): Ticks90k {
  const { shown, isReordered, ownDuration, longestDuration, declaredEnd } = last;
  const { usual, longest } = intervalsOf(shown);
  const own = ownDuration > 0 ? ownDuration : usual;
  const declared = declaredEnd === null ? 0 : declaredEnd - (shown.at(-1) ?? 0);
  // A file that is cut off declares an end that is never reached.
  const least = Math.min(Math.max(LEAST, usual / 2), LONGEST_GUESS);
  const isPossible = declared >= least && declared <= Math.max(longest, longestDuration) + 1;
  // In order, the packet is right except where an edit list cuts the last picture short.
  const duration =
    isPossible && (isReordered || declared < own) ? declared : isReordered ? Math.min(own, longest || own) : own;
  if (duration >= LEAST) return Ticks90k(Math.round(duration));
  return Ticks90k(usual > 0 ? Math.min(Math.round(usual), LONGEST_GUESS) : LONGEST_GUESS);
}

/** The median and the longest time from one picture to the next; 0 for a single picture. */
function intervalsOf(shown: Float64Array): { usual: number; longest: number } {
  if (shown.length < 2) return { usual: 0, longest: 0 };
  const intervals = new Float64Array(shown.length - 1);
  for (let i = 1; i < shown.length; i++) intervals[i - 1] = shown[i]! - shown[i - 1]!;
  intervals.sort();
  return { usual: intervals[intervals.length >> 1]!, longest: intervals.at(-1)! };
}
