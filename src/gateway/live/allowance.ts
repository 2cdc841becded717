/** How often something may be done: so many times at once, and so many a second in the long run. */
import type { Millis } from '../../base/units.js';

export class Allowance {
  readonly #atOnce: number;
  readonly #perSecond: number;
  #left: number;
  #at: Millis;

  constructor({ atOnce, perSecond, now }: { atOnce: number; perSecond: number; now: Millis }) {
    this.#atOnce = atOnce;
    this.#perSecond = perSecond;
    this.#left = atOnce;
    this.#at = now;
  }

  /** Whether it may be done once more, which then counts. */
  take(now: Millis): boolean {
    this.#left = Math.min(this.#atOnce, this.#left + ((now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
