/** Pictures at any times become pictures at a constant rate. */
import { TICKS_PER_SECOND, type Ticks90k } from '../../base/units.js';
import { quotient } from '../ratio.js';
import type { Ratio } from '../settings.js';

/**
 * Counts how often each picture is repeated. A picture begins at the slot nearest to its time and stays until the next one
 * begins. Slots count from 0; the first picture has time 0.
 */
export class Pacer {
  /** The first slot without a picture. */
  next = 0;
  readonly #slotsPerTick: number;

  constructor(rate: Ratio) {
    this.#slotsPerTick = quotient(rate) / TICKS_PER_SECOND;
  }

  /** Slots of the previous picture, where the next one has `time`. */
  until(time: Ticks90k): number {
    return this.#advance(Math.floor(time * this.#slotsPerTick + 0.5));
  }

  /** Slots of the last picture, where all end at `time`: 0 where it came too late for any. */
  untilEnd(time: Ticks90k): number {
    return this.#advance(Math.max(1, Math.floor(time * this.#slotsPerTick + 0.5)));
  }

  #advance(slot: number): number {
    const count = Math.max(0, slot - this.next);
    this.next += count;
    return count;
  }
}
