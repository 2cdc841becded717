/**
 * The one clock of a server. Everything below the top is handed the time; only this module reads it.
 *
 * What is on the air is a function of the wall clock, so a step of the system's clock would be a step in every
 * station. This clock therefore runs on the monotonic clock and is drawn towards the wall clock slowly.
 */
import type { Millis } from '../wire/time.js';

/** The two clocks of the system, milliseconds: since the Unix epoch, and from any beginning but never stepped. */
export interface ClockSource {
  wall(): Millis;
  monotonic(): Millis;
}

export const systemClocks: ClockSource = { wall: () => Date.now(), monotonic: () => performance.now() };

/** While drawn towards the wall clock, this clock runs at most 0.1% faster or slower: no player notices. */
const SLEW_RATE = 0.001;
/** `Date.now()` has a resolution of 1 ms: smaller offsets are no offsets. */
const TOLERANCE: Millis = 2;

/**
 * It is in charge of:
 * - a time since the Unix epoch that never jumps and never runs backwards
 * - following the system's clock, however far that was stepped, by running 0.1% faster or slower
 */
export class SlewingClock {
  readonly #source: ClockSource;
  #time: Millis;
  #monotonic: Millis;
  /** Wall clock − this clock when last looked at. */
  #offset: Millis = 0;

  constructor(source: ClockSource = systemClocks) {
    this.#source = source;
    this.#time = source.wall();
    this.#monotonic = source.monotonic();
  }

  /** Milliseconds since the Unix epoch, with a fraction. */
  now(): Millis {
    const monotonic = this.#source.monotonic();
    const passed = monotonic - this.#monotonic;
    const wanted = Math.abs(this.#offset) > TOLERANCE ? this.#offset : 0;
    const most = passed * SLEW_RATE;
    this.#monotonic = monotonic;
    this.#time += passed + Math.max(-most, Math.min(most, wanted));
    this.#offset = this.#source.wall() - this.#time;
    return this.#time;
  }

  /** How far the system's clock is ahead of this one; other than about 0 only after a step. */
  get offset(): Millis {
    return this.#offset;
  }
}
