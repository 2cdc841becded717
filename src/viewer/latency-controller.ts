/** Playback speed that brings the picture near the one on the air. No timer, no clock. */
import { Millis } from '../base/units.js';

/** Distance at which the picture is near: at less, the next picture may come late. */
export const NEAR = Millis(250);
/** Fastest speed: with the pitch kept, 5% is neither heard nor seen. */
export const FASTEST = 1.05;
/** Distance beyond `near` at which a picture that was near plays faster again: clocks drift, measurements vary. */
const APART = Millis(250);
/** Least media ahead of the picture: with less, playing faster would make the player stall. */
export const LEAST_BUFFERED = Millis(150);

export interface Playing {
  /** How far the picture is behind the one on the air. */
  distance: Millis;
  /** Media that the player holds ahead of its picture; null if unknown. */
  buffered: Millis | null;
}

/**
 * Responsible for:
 * - one higher speed until the picture is near, then the normal one, without oscillating
 * - staying further behind where packets do not come in time for that
 */
export class LatencyController {
  #isFaster = false;
  /** The distance to reach. */
  #near = NEAR;

  /** Playback has begun elsewhere. */
  reset(): void {
    this.#isFaster = false;
    this.#near = NEAR;
  }

  /** The speed for now, 1 or FASTEST. Has to be called a few times a second. */
  speed({ distance, buffered }: Playing): number {
    if (buffered !== null && buffered < LEAST_BUFFERED) {
      if (this.#isFaster) this.#near = Millis(Math.max(this.#near, distance + APART));
      this.#isFaster = false;
    } else if (this.#isFaster) {
      this.#isFaster = distance > this.#near;
    } else {
      this.#isFaster = distance > this.#near + APART;
    }
    return this.#isFaster ? FASTEST : 1;
  }

  /** Keeps the distance: returns 1. */
  stay(): number {
    this.#isFaster = false;
    return 1;
  }
}
