/** What the times of pictures have to keep to, copied ones and those of hardware encoders alike. */
import { TICKS_PER_MILLI, TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import type { StationLayout } from '../settings.js';
import type { float64Table } from '../tables.js';
import { Unfit } from './unfit.js';

/** Longest time between decoding and presentation of a picture. */
export const MOST_REORDERING = Ticks90k(250 * TICKS_PER_MILLI);

/**
 * Responsible for: groups that are shown one after the other and not too long, and pictures that are not reordered further than the
 * station allows. Throws Unfit as soon as one is.
 */
export class GroupRules {
  /** Number of the picture with which the current group begins. */
  start = 0;
  readonly #pts: ReturnType<typeof float64Table>;
  /** Longest time from one random access point to the next. */
  readonly limit: Ticks90k;
  readonly #target: StationLayout | null;
  #latest = Ticks90k(-1);
  /** The latest picture of the groups before. */
  #latestBefore = Ticks90k(-1);
  /** Whether the group has a damaged picture, so that its length does not matter: it is encoded. */
  #isDamaged = false;

  /** `pts`: the times of the pictures so far, in decoding order. */
  constructor(
    pts: ReturnType<typeof float64Table>,
    { limit, target }: { limit: Ticks90k; target: StationLayout | null },
  ) {
    this.#pts = pts;
    this.limit = limit;
    this.#target = target;
  }

  /** Checks the next picture, before its time is added to the others. */
  take(time: Ticks90k, kind: { isRandomAccess: boolean; isLeading: boolean }): void {
    if (kind.isRandomAccess) this.#begin(time);
    else this.#goOn(time, kind.isLeading);
  }

  /** The same for a picture that is not copied. */
  takeDamaged(time: Ticks90k, isFirst: boolean): void {
    this.#isDamaged = true;
    if (!isFirst) this.#goOn(time, true);
  }

  /** Checks the last group, and that it ends in time for the next loop. */
  finish(end: Ticks90k): void {
    this.#checkReordering();
    this.#checkLength(end);
  }

  #begin(time: Ticks90k): void {
    if (this.#pts.length > 0) {
      if (time <= this.#latest) throw new Unfit('time stamps out of order');
      this.#checkLength(time);
      this.#checkReordering();
    }
    this.start = this.#pts.length;
    this.#isDamaged = false;
    this.#latestBefore = this.#latest;
    this.#latest = time;
  }

  /** Leading pictures are shown before the random access point that begins their group, and behind all groups before. */
  #goOn(time: Ticks90k, isLeading: boolean): void {
    const earliest = isLeading ? this.#latestBefore : this.#pts.at(this.start);
    if (time <= earliest) throw new Unfit('time stamps out of order');
    this.#checkLength(time);
    this.#latest = Ticks90k(Math.max(this.#latest, time));
  }

  #checkLength(end: Ticks90k): void {
    if (this.#isDamaged || end - this.#pts.at(this.start) <= this.limit) return;
    throw new Unfit(`key pictures more than ${this.limit / TICKS_PER_SECOND} s apart`);
  }

  /** Pictures of a group are shown before those of the next, so each group can be sorted by itself. */
  #checkReordering(): void {
    const decoded = this.#pts.view(this.start);
    const shown = decoded.slice().sort();
    for (const [i, time] of shown.entries()) {
      if (i > 0 && time === shown[i - 1]) throw new Unfit('two pictures at one time');
      const needed = time - decoded[i]!;
      if (needed > MOST_REORDERING) throw new Unfit('pictures reordered by more than 250 ms');
      if (needed > (this.#target?.reorderDelay ?? MOST_REORDERING)) {
        throw new Unfit('pictures reordered by more than those of the station');
      }
    }
  }
}
