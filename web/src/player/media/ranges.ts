/** Buffered ranges of media time, in order. */

/** Seconds. */
export interface Range {
  start: number;
  end: number;
}

export function rangesOf(buffered: TimeRanges): Range[] {
  return Array.from({ length: buffered.length }, (_, i) => ({ start: buffered.start(i), end: buffered.end(i) }));
}

/** Longest gap between ranges that does not end the media ahead, seconds. */
const BRIDGED = 0.05;
/** Longest way from a stopped picture to the end of its range, seconds: players stop before the last media of a range. */
const EDGE = 0.25;

/** Seconds buffered ahead of `time` without a gap; 0 where `time` is not buffered. */
export function ahead(ranges: readonly Range[], time: number): number {
  let end = time;
  for (const range of ranges) if (range.start <= end + BRIDGED && range.end > end) end = range.end;
  return end - time;
}

export const holds = (ranges: readonly Range[], time: number): boolean =>
  ranges.some(({ start, end }) => start <= time && time < end);

/**
 * For a player that stopped at `time`: the end of the gap that it is in or at the edge of, however short the gap is; null
 * where there is no gap, or nothing after it.
 */
export function afterGap(ranges: readonly Range[], time: number): number | null {
  if (ranges.some(({ start, end }) => start <= time && time + EDGE < end)) return null;
  const next = ranges.find(({ start }) => start > time);
  return next ? next.start : null;
}

/** Media kept behind the picture for short seeks, and the least that is removed at once, seconds. */
const BEHIND = 30;
const LEAST_REMOVED = 10;

/** Media before the returned time can be removed; null while that is too little. */
export function removable(ranges: readonly Range[], time: number): number | null {
  const first = ranges[0];
  const end = time - BEHIND;
  return first && end - first.start >= LEAST_REMOVED ? end : null;
}
