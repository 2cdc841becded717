/** What a player holds: ranges of its media time, in order. */

/** Seconds. */
export interface Range {
  start: number;
  end: number;
}

export function rangesOf(buffered: TimeRanges): Range[] {
  return Array.from({ length: buffered.length }, (_, i) => ({ start: buffered.start(i), end: buffered.end(i) }));
}

/** Where a range ends a moment before the next begins, a player goes on by itself. */
const BRIDGED = 0.05;

/** How much lies ahead of `time` without a gap, seconds; 0 where `time` itself is missing. */
export function ahead(ranges: readonly Range[], time: number): number {
  let end = time;
  for (const range of ranges) if (range.start <= end + BRIDGED && range.end > end) end = range.end;
  return end - time;
}

export const holds = (ranges: readonly Range[], time: number): boolean =>
  ranges.some(({ start, end }) => start <= time && time < end);

/** Where it goes on after a gap that `time` is in, or at the edge of; null where nothing lies ahead, or there is no gap. */
export function afterGap(ranges: readonly Range[], time: number): number | null {
  if (ahead(ranges, time) > BRIDGED) return null;
  const next = ranges.find(({ start }) => start > time);
  return next ? next.start : null;
}

/** Seconds behind `time` that are kept, for going back a little; and what is let go of at once. */
const BEHIND = 30;
const LEAST_REMOVED = 10;

/** Up to where what lies behind `time` can go; null while that is not worth the work. */
export function removable(ranges: readonly Range[], time: number): number | null {
  const first = ranges[0];
  const end = time - BEHIND;
  return first && end - first.start >= LEAST_REMOVED ? end : null;
}
