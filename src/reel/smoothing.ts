/**
 * Smoothed sending times: the packets of a large picture are spread over time instead of being sent at once.
 *
 * Each access unit may leave from its release on and must have left by its deadline. Between these two cumulative curves
 * the path of least variation is a taut string (Salehi, Zhang, Kurose, Towsley: "Supporting stored video:
 * reducing rate variability and end-to-end resource requirements through optimal smoothing", 1998): no other has a
 * lower peak.
 */
import { Ticks90k } from '../base/units.js';

/** The curves and windows are kept on a grid of 10 ms. */
export const GRID = Ticks90k(900);
/** The window in which the peak is measured: 100 ms. */
export const WINDOW = Ticks90k(9_000);

/** A piecewise linear curve: at `times[i]` ticks, `counts[i]` packets have left. Both rise from 0. */
export interface SendingCurve {
  times: Ticks90k[];
  counts: number[];
}

/** Cumulative packet counts at grid points 0, 1 … duration / GRID. */
export interface Bounds {
  /** Packets that must have left. Ends at the total. */
  lower: Float64Array;
  /** Packets that may have left. Never below `lower`; ends at the total. */
  upper: Float64Array;
}

/**
 * The taut string between the bounds, from (0, 0) to the total at `duration`. The last grid point stands for `duration`
 * itself, which need not be a multiple of GRID.
 */
export function tautString(bounds: Bounds, duration: Ticks90k): SendingCurve {
  const { lower, upper } = bounds;
  const last = lower.length - 1;
  const timeAt = (step: number) => Ticks90k(step === last ? duration : step * GRID);
  const curve: SendingCurve = { times: [Ticks90k(0)], counts: [0] };
  let step = 0;
  let count = 0;
  while (step < last) {
    // The funnel seen from (step, count): the steepest slope that stays below `upper`, the least above `lower`.
    let maximum = Number.POSITIVE_INFINITY;
    let minimum = Number.NEGATIVE_INFINITY;
    let maximumStep = step + 1;
    let minimumStep = step + 1;
    let next = -1;
    let nextCount = 0;
    for (let ahead = step + 1; ahead <= last; ahead++) {
      const span = timeAt(ahead) - timeAt(step);
      const up = (upper[ahead]! - count) / span;
      const low = (lower[ahead]! - count) / span;
      if (low > maximum) {
        next = maximumStep;
        nextCount = upper[maximumStep]!;
        break;
      }
      if (up < minimum) {
        next = minimumStep;
        nextCount = lower[minimumStep]!;
        break;
      }
      if (up <= maximum) {
        maximum = up;
        maximumStep = ahead;
      }
      if (low >= minimum) {
        minimum = low;
        minimumStep = ahead;
      }
    }
    if (next < 0) {
      next = last;
      nextCount = lower[last]!;
    }
    step = next;
    count = nextCount;
    curve.times.push(timeAt(step));
    curve.counts.push(count);
  }
  return curve;
}

/** Packets in the busiest 100 ms. The busiest window begins or ends at a corner of the curve. */
export function busiestWindow(curve: SendingCurve): number {
  const duration = curve.times.at(-1)!;
  const total = curve.counts.at(-1)!;
  if (duration <= WINDOW) return (total * WINDOW) / duration;
  const fromCorner = new CurveReader(curve);
  const toCorner = new CurveReader(curve);
  let most = 0;
  for (let i = 0; i < curve.times.length; i++) {
    const time = curve.times[i]!;
    const count = curve.counts[i]!;
    if (time + WINDOW <= duration) most = Math.max(most, fromCorner.countAt(time + WINDOW) - count);
    if (time >= WINDOW) most = Math.max(most, count - toCorner.countAt(time - WINDOW));
  }
  return most;
}

/** Reads a curve at rising times, ticks that may have a fraction. */
export class CurveReader {
  readonly #curve: SendingCurve;
  #at = 0;

  constructor(curve: SendingCurve) {
    this.#curve = curve;
  }

  countAt(time: number): number {
    const { times, counts } = this.#curve;
    while (this.#at + 2 < times.length && times[this.#at + 1]! <= time) this.#at++;
    const start = times[this.#at]!;
    const count = counts[this.#at]!;
    const share = (time - start) / (times[this.#at + 1]! - start);
    return count + share * (counts[this.#at + 1]! - count);
  }
}

/** Lowest rate, packets a tick, so that time stamps come often enough: 300 a second (451 kbit/s). */
const LEAST_RATE = 300 / 90_000;
/** Longest interval between packets: that of the lowest rate. Rounded corners make one interval 150 longer. */
export const LONGEST_INTERVAL = Ticks90k(300);
export const INTERVAL_ROUNDING = Ticks90k(150);
const GROUP = 7;

/**
 * Raises the quiet parts to a floor, to be filled with null packets, so that the busiest 100 ms carry at most twice
 * the average, counted in whole groups. The new curve has the corners of the old one, at whole packets; none of its
 * segments has fewer packets than before, and its total is a multiple of seven.
 */
export function raiseFloor(curve: SendingCurve): SendingCurve {
  const duration = curve.times.at(-1)!;
  const allowed = (floor: number) => {
    const raised = withFloor(curve, floor);
    const average = (raised.counts.at(-1)! / duration) * WINDOW;
    // A window may hold one group more than its share, depending on where it begins.
    return busiestWindow(raised) + GROUP <= 2 * average;
  };
  const floor = leastAllowed({ low: LEAST_RATE, high: Math.max(LEAST_RATE, busiestWindow(curve) / WINDOW), allowed });
  return withFloor(curve, floor);
}

/** The least allowed value from `low` to `high`, to 0.2%; `high` must be allowed. */
export function leastAllowed(options: { low: number; high: number; allowed(value: number): boolean }): number {
  const { low, high, allowed } = options;
  if (allowed(low)) return low;
  let refused = low;
  let least = high;
  while (least - refused > refused * 0.002) {
    const middle = (refused + least) / 2;
    if (allowed(middle)) least = middle;
    else refused = middle;
  }
  return least;
}

function withFloor(curve: SendingCurve, floor: number): SendingCurve {
  const raised: SendingCurve = { times: [Ticks90k(0)], counts: [0] };
  let exact = 0;
  let whole = 0;
  for (let i = 1; i < curve.times.length; i++) {
    const packets = curve.counts[i]! - curve.counts[i - 1]!;
    exact += Math.max(packets, floor * (curve.times[i]! - curve.times[i - 1]!));
    whole = Math.max(whole + packets, Math.round(exact));
    if (i === curve.times.length - 1) whole = Math.ceil(whole / GROUP) * GROUP;
    raised.times.push(curve.times[i]!);
    raised.counts.push(whole);
  }
  return raised;
}
