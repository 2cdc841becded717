/** How late packets left, counted in steps of 10 µs: fixed memory, nothing allocated per packet. */
import type { Millis } from '../wire/time.js';

const STEPS_PER_MILLI = 100;

export class Lateness {
  readonly #counts: Uint32Array;
  #total = 0;

  /** `most` is the highest value told apart; what is above counts as it. */
  constructor(most: Millis) {
    this.#counts = new Uint32Array(Math.ceil(most * STEPS_PER_MILLI) + 1);
  }

  record(value: Millis): void {
    const step = Math.floor(value * STEPS_PER_MILLI);
    this.#counts[step < 0 ? 0 : Math.min(step, this.#counts.length - 1)]++;
    this.#total++;
  }

  /** The value that `share` (0 to 1) of the recorded ones do not exceed; 0 where none is recorded. */
  quantile(share: number): Millis {
    let left = Math.ceil(share * this.#total);
    for (let step = 0; step < this.#counts.length; step++) {
      left -= this.#counts[step];
      if (left <= 0) return step / STEPS_PER_MILLI;
    }
    return 0;
  }
}
