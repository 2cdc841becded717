/** Waiting times between attempts to connect: exponential backoff with jitter. */
import { Millis } from '../../../../src/base/units.js';

const FIRST = Millis(200);
const LONGEST = Millis(5_000);

export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  /** `random`: from 0 to 1, exclusive. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Time to wait: twice as long each time, the upper half of it random. */
  next(): Millis {
    const most = Math.min(LONGEST, FIRST * 2 ** this.#tries);
    this.#tries = Math.min(this.#tries + 1, 10);
    return Millis(most * (0.5 + 0.5 * this.#random()));
  }

  reset(): void {
    this.#tries = 0;
  }
}
