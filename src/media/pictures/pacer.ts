/** Pictures at any times become pictures at a constant rate. */
import { TICKS_PER_SECOND, type Ticks90k } from '../../base/units.js';
import { quotient } from '../ratio.js';
import type { Ratio } from '../settings.js';

/** Most slots by which a picture may begin late so that the one before it is shown too. */
const MOST_LATE = 0.75;

/**
 * Counts how often each picture is repeated. A picture begins at the slot nearest to its time and stays until the next one
 * begins; where two share a slot, the second one waits for the next slot unless that is too late. Slots count from 0; the
 * first picture has time 0.
 */
export class Pacer {
  /** The first slot without a picture. */
  next = 0;
  /** Pictures put in. */
  pictures = 0;
  /** Pictures that got no slot. */
  dropped = 0;
  readonly #slotsPerTick: number;

  constructor(rate: Ratio) {
    this.#slotsPerTick = quotient(rate) / TICKS_PER_SECOND;
  }

  /** Slots of the previous picture, where the next one has `time`. */
  until(time: Ticks90k): number {
    const count = this.#advance(time * this.#slotsPerTick, 0);
    this.pictures++;
    return count;
  }

  /** Slots of the last picture, where all end at `time`: 0 where it came too late for any. */
  untilEnd(time: Ticks90k): number {
    return this.#advance(time * this.#slotsPerTick, 1);
  }

  /** `position`: in slots. */
  #advance(position: number, least: number): number {
    let slot = Math.max(least, Math.floor(position + 0.5));
    if (this.pictures > 0 && slot <= this.next) {
      if (this.next + 1 - position <= MOST_LATE) slot = this.next + 1;
      else this.dropped++;
    }
    const count = Math.max(0, slot - this.next);
    this.next += count;
    return count;
  }
}
