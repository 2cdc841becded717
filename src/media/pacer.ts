/** From pictures at any time to pictures at a constant rate. */
import { TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';
import { quotient } from './ratio.js';
import type { Ratio } from './settings.js';

/**
 * Says how often a picture is to be shown: a picture begins at the place nearest to its time and stays until the next
 * one begins. Places are counted from 0; the first picture has time 0.
 */
export class Pacer {
  /** The first place without a picture. */
  next = 0;
  readonly #placesPerTick: number;

  constructor(rate: Ratio) {
    this.#placesPerTick = quotient(rate) / TICKS_PER_SECOND;
  }

  /** How often the picture before is to be shown, now that one for `time` is there. */
  until(time: Ticks90k): number {
    return this.#advance(Math.floor(time * this.#placesPerTick + 0.5));
  }

  /** How often the last picture is to be shown when all end at `time`; it may have come too late for any place. */
  untilEnd(time: Ticks90k): number {
    return this.#advance(Math.max(1, Math.floor(time * this.#placesPerTick + 0.5)));
  }

  #advance(place: number): number {
    const count = Math.max(0, place - this.next);
    this.next += count;
    return count;
  }
}
