/** The busiest second of pictures that are copied. */
import { TICKS_PER_SECOND, type Ticks90k } from '../../base/units.js';

const BITS = 8;

/** Responsible for the most bits within a second, of pictures in decoding order. */
export class PeakRate {
  readonly #times: number[] = [];
  readonly #sizes: number[] = [];
  #bytes = 0;
  #most = 0;

  /** Takes the next picture: the time at which it is shown, and its bytes. */
  add(time: Ticks90k, bytes: number): void {
    // In the order in which they are shown: few are decoded before others.
    let at = this.#times.length;
    while (at > 0 && this.#times[at - 1]! > time) at--;
    this.#times.splice(at, 0, time);
    this.#sizes.splice(at, 0, bytes);
    this.#bytes += bytes;
    while (this.#times[0]! <= this.#times.at(-1)! - TICKS_PER_SECOND) {
      this.#times.shift();
      this.#bytes -= this.#sizes.shift()!;
    }
    this.#most = Math.max(this.#most, this.#bytes);
  }

  /** bit/s, of pictures that last for `duration` and are then repeated. */
  of(duration: Ticks90k): number {
    return (this.#most * BITS * TICKS_PER_SECOND) / Math.min(TICKS_PER_SECOND, duration);
  }
}
