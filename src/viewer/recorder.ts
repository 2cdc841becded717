/** A recording: the units of a stream from a random access point on, for a duration of the stream's own time. No clock. */

import { Millis, millisToTicks, Ticks90k, ticksToMillis } from '../base/units.js';
import type { StreamUnit } from '../receiver/stream-buffer.js';
import type { Container } from './container.js';

/** Longest wait for the end of pictures and sound after the duration: a stream without sound never ends them. */
const LONGEST_TAIL = Millis(1000);

/** Turns units into pieces of a file, and ends it after the duration. */
export class Recorder {
  #beginning: Ticks90k | null = null;
  #latest = Ticks90k(0);
  #full = false;

  readonly #container: Container;
  readonly #duration: Millis | undefined;

  constructor(
    container: Container,
    /** undefined: until it is stopped. */
    duration: Millis | undefined,
  ) {
    this.#container = container;
    this.#duration = duration;
  }

  /** Whether the duration is over and the recording complete. */
  get isFull(): boolean {
    return this.#full;
  }

  /** Time of the stream from the first unit to the last. */
  get recorded(): Millis {
    return this.#beginning === null ? Millis(0) : ticksToMillis(Ticks90k(this.#latest - this.#beginning));
  }

  /** The pieces of the next units; after the duration, only those that complete pictures and sound. */
  take(units: readonly StreamUnit[]): Buffer[] {
    const parts: Buffer[] = [];
    for (const unit of units) {
      if (this.#beginning === null) {
        this.#beginning = unit.time;
        parts.push(this.#container.header());
      }
      const elapsed = ticksToMillis(Ticks90k(unit.time - this.#beginning));
      if (this.#duration !== undefined && elapsed >= this.#duration) {
        this.#latest = Ticks90k(this.#beginning + millisToTicks(this.#duration));
        const rest = elapsed < this.#duration + LONGEST_TAIL ? this.#container.tail(unit) : null;
        if (rest === null) {
          this.#full = true;
          break;
        }
        parts.push(rest);
        continue;
      }
      this.#latest = unit.time;
      parts.push(this.#container.unit(unit));
    }
    return parts;
  }
}
