/** Closes the jumps in the time stamps of broadcasts and recordings cut together. */
import { TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';

/** A longer step between two packets of a stream is a jump of the clock, not a pause. */
const JUMP: Ticks90k = 10 * TICKS_PER_SECOND;

/** What remembers where each stream of a file would go on. */
export class Timeline {
  #shift: Ticks90k = 0;
  readonly #next = new Map<number, Ticks90k>();

  /** To be added to the times of a packet of `stream` that is decoded at `time` and lasts for `duration`. */
  shift(stream: number, time: Ticks90k, duration: Ticks90k): Ticks90k {
    const expected = this.#next.get(stream);
    if (expected !== undefined && Math.abs(time + this.#shift - expected) > JUMP) this.#shift = expected - time;
    this.#next.set(stream, time + this.#shift + duration);
    return this.#shift;
  }
}
