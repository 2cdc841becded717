/** Removes jumps from the time stamps of broadcasts and of recordings cut together. */
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';

/** Longest pause between two packets of a stream; a longer step is a jump of the clock. */
const JUMP = Ticks90k(10 * TICKS_PER_SECOND);

/** Remembers the expected next time of each stream of a file. */
export class Timeline {
  #shift: Ticks90k = Ticks90k(0);
  readonly #next = new Map<number, Ticks90k>();

  /** The shift to add to the times of a packet of `stream` that is decoded at `time` and lasts for `duration`. */
  shift(stream: number, time: Ticks90k, duration: Ticks90k): Ticks90k {
    const expected = this.#next.get(stream);
    if (expected !== undefined && Math.abs(time + this.#shift - expected) > JUMP)
      this.#shift = Ticks90k(expected - time);
    this.#next.set(stream, Ticks90k(time + this.#shift + duration));
    return this.#shift;
  }
}
