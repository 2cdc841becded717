/** How much may be sent: bits that come in at a rate and wait, up to a tenth of a second's worth. No clock. */
import type { Millis } from './units.js';

/** A packet of any size fits, at any rate. */
const LEAST_CAPACITY = 64 * 1024 * 8;
const CAPACITY_TIME: Millis = 100;

export class TokenBucket {
  readonly #rate: number;
  readonly #capacity: number;
  #level: number;
  #at: Millis;

  /** `rate` in bit/s. Full at first. */
  constructor(rate: number, now: Millis) {
    this.#rate = rate;
    this.#capacity = Math.max(LEAST_CAPACITY, (rate * CAPACITY_TIME) / 1000);
    this.#level = this.#capacity;
    this.#at = now;
  }

  /** Whether `bits` can be taken with at least the share `reserve` of a full bucket left. Takes nothing. */
  has(bits: number, reserve: number, now: Millis): boolean {
    // The clock of whoever asks may be a moment behind.
    if (now > this.#at) {
      this.#level = Math.min(this.#capacity, this.#level + ((now - this.#at) * this.#rate) / 1000);
      this.#at = now;
    }
    return this.#level - bits >= reserve * this.#capacity;
  }

  take(bits: number): void {
    this.#level -= bits;
  }
}
