/** Interarrival jitter, RFC 3550 section 6.4.1 and appendix A.8. */
import { type Millis, millisToTicks, RTP_TIME_MODULUS, Ticks90k, wrappedDistance } from '../base/units.js';

export class Jitter {
  #transit: Ticks90k | null = null;
  #jitter = 0;

  get value(): Ticks90k {
    return Ticks90k(Math.round(this.#jitter));
  }

  /** A packet with this RTP timestamp, wrapped, came at `now`. */
  add(timestamp: number, now: Millis): void {
    const transit = Ticks90k(millisToTicks(now) - timestamp);
    // Timestamps wrap, so differences of transit times do.
    const change = this.#transit === null ? 0 : wrappedDistance(this.#transit, transit, RTP_TIME_MODULUS);
    this.#transit = transit;
    this.#jitter += (Math.abs(change) - this.#jitter) / 16;
  }
}
