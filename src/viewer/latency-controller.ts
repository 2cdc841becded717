/** How fast the picture plays, so that it comes near to what is on the air. No timer, no clock. */
import type { Millis } from '../base/units.js';

/** So far behind is near enough: closer, and the next picture may not be there in time. */
export const NEAR: Millis = 250;
/** Pitch is kept, and nobody hears or sees 5%. */
export const FASTEST = 1.05;
/** Once near, so much further away before it plays faster again: clocks run apart, and measuring is not exact. */
const APART: Millis = 250;
/** The player holds less than this ahead of its picture: playing faster would make it stop. */
export const LEAST_BUFFERED: Millis = 150;

export interface Playing {
  /** How far the picture is behind the one on the air. */
  distance: Millis;
  /** What the player holds ahead of its picture; null where it does not tell. */
  buffered: Millis | null;
}

/**
 * It is in charge of:
 * - one speed until the picture is near, then none: no speeding up and slowing down in turn
 * - where what is sent does not come in time for that, staying as far behind as it takes
 */
export class LatencyController {
  #isFaster = false;
  /** How near the picture is to come. */
  #near = NEAR;

  /** Another picture was begun with. */
  reset(): void {
    this.#isFaster = false;
    this.#near = NEAR;
  }

  /** How fast to play, 1 to FASTEST, as it stands now; to be asked a few times a second. */
  speed({ distance, buffered }: Playing): number {
    if (buffered !== null && buffered < LEAST_BUFFERED) {
      if (this.#isFaster) this.#near = Math.max(this.#near, distance + APART);
      this.#isFaster = false;
    } else if (this.#isFaster) {
      this.#isFaster = distance > this.#near;
    } else {
      this.#isFaster = distance > this.#near + APART;
    }
    return this.#isFaster ? FASTEST : 1;
  }

  /** The picture is to stay as far behind as it is. */
  stay(): number {
    this.#isFaster = false;
    return 1;
  }
}
