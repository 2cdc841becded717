/** A histogram of how late packets left, in steps of 0.1 ms: fixed memory, nothing allocated per packet. */
import { Millis } from '../base/units.js';

const STEPS_PER_MILLI = 10;
/** Lower limit of the histogram; packets may leave a few milliseconds before they are due. */
const LEAST = Millis(-10);
/** Upper limit of the histogram; later packets are dropped anyway. */
const MOST = Millis(210);
const STEPS = (MOST - LEAST) * STEPS_PER_MILLI + 1;

export class Lateness {
  static readonly BYTES = STEPS * 4;

  /** The packets of each step. */
  readonly #counts: Uint32Array;

  /** Over another histogram's `counts`. */
  static of({ buffer, byteOffset }: Uint32Array): Lateness {
    return new Lateness(buffer as ArrayBuffer, byteOffset);
  }

  /** In `memory`, which may be shared, from byte `offset` on, a multiple of 4. */
  constructor(memory: SharedArrayBuffer | ArrayBuffer = new ArrayBuffer(Lateness.BYTES), offset = 0) {
    this.#counts = new Uint32Array(memory, offset, STEPS);
  }

  get counts(): Uint32Array {
    return this.#counts;
  }

  /** Counts a packet that was late by `value`, or early by −`value`. */
  record(value: Millis): void {
    const step = Math.floor((value - LEAST) * STEPS_PER_MILLI);
    this.#counts[step < 0 ? 0 : step < STEPS ? step : STEPS - 1]!++;
  }

  /** Adds the packets of another histogram. */
  add(other: Lateness): void {
    for (let step = 0; step < STEPS; step++) this.#counts[step]! += other.#counts[step]!;
  }

  /** The packets counted since `before`, an earlier state of this one. */
  since(before: Lateness): Lateness {
    const after = new Lateness();
    for (let step = 0; step < STEPS; step++)
      after.#counts[step] = Math.max(0, this.#counts[step]! - before.#counts[step]!);
    return after;
  }

  /**
   * The value that `share` (0 to 1) of the packets counted since `before` do not exceed, rounded up to 0.1 ms; null without
   * packets. `before`, an earlier state of this one, becomes its present state. Allocates nothing.
   */
  quantileSince(before: Lateness, share: number): Millis | null {
    const now = this.#counts;
    const then = before.#counts;
    let total = 0;
    for (let step = 0; step < STEPS; step++) {
      // A station that begins again counts from 0.
      const more = Math.max(0, now[step]! - then[step]!);
      then[step] = more;
      total += more;
    }
    let left = Math.max(1, Math.ceil(share * total));
    let value: Millis | null = null;
    for (let step = 0; step < STEPS; step++) {
      left -= then[step]!;
      if (value === null && total > 0 && left <= 0)
        value = Millis((step + 1 + LEAST * STEPS_PER_MILLI) / STEPS_PER_MILLI);
    }
    then.set(now);
    return value;
  }

  get total(): number {
    let sum = 0;
    for (let step = 0; step < STEPS; step++) sum += this.#counts[step]!;
    return sum;
  }

  /** The value that `share` (0 to 1) of the packets do not exceed, rounded up to 0.1 ms; 0 without packets. */
  quantile(share: number): Millis {
    let left = Math.max(1, Math.ceil(share * this.total));
    for (let step = 0; step < STEPS; step++) {
      left -= this.#counts[step]!;
      if (left <= 0) return Millis((step + 1) / STEPS_PER_MILLI + LEAST);
    }
    return Millis(0);
  }
}
