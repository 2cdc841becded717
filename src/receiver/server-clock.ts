/** The server's clock, as far as its answers tell. */
import type { Millis } from '../wire/time.js';

/** The clocks of two machines run apart by less than this, unless one of them is being set. */
const DRIFT = 1e-4;

export class ServerClock {
  /** The server's time less ours, how wrong that may be, and since when. */
  #best: { offset: Millis; error: Millis; at: Millis } | null = null;

  /** An answer of which `roundTrip` is known came at `now`: the server's clock was at `serverTime` meanwhile. */
  add(serverTime: Millis, roundTrip: Millis, now: Millis): void {
    const error = roundTrip / 2;
    const best = this.#best;
    if (best !== null && best.error + (now - best.at) * DRIFT < error) return;
    this.#best = { offset: serverTime + error - now, error, at: now };
  }

  /** The server's time when ours is `now`; null before its first answer. */
  at(now: Millis): Millis | null {
    return this.#best === null ? null : now + this.#best.offset;
  }
}
