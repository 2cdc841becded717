/** A recording: the units of a stream from a random access point on, for as long as its own time says. No clock. */

import { type Millis, millisToTicks, type Ticks90k, ticksToMillis } from '../base/units.js';
import type { StreamUnit } from '../receiver/stream-buffer.js';
import type { Container } from './container.js';

/** No picture is spread over more than this; a stream without sound would be waited for in vain. */
const LONGEST_TAIL: Millis = 1000;

/** Semaphore units into the pieces of a file, and knows when it is full. */
export class Recorder {
  #beginning: Ticks90k | null = null;
  #latest: Ticks90k = 0;
  #full = false;

  readonly #container: Container;
  readonly #duration: Millis | undefined;

  constructor(
    container: Container,
    /** Of the stream's time; undefined: until it is stopped. */
    duration: Millis | undefined,
  ) {
    this.#container = container;
    this.#duration = duration;
  }

  /** Whether the duration is over: nothing more is taken. */
  get isFull(): boolean {
    return this.#full;
  }

  /** The stream's time from the first unit to the last. */
  get recorded(): Millis {
    return this.#beginning === null ? 0 : ticksToMillis(this.#latest - this.#beginning);
  }

  /** The pieces of the next units; behind the duration, only what ends the pictures and sounds that were begun. */
  take(units: readonly StreamUnit[]): Buffer[] {
    const parts: Buffer[] = [];
    for (const unit of units) {
      if (this.#beginning === null) {
        this.#beginning = unit.time;
        parts.push(this.#container.header());
      }
      const elapsed = ticksToMillis(unit.time - this.#beginning);
      if (this.#duration !== undefined && elapsed >= this.#duration) {
        this.#latest = this.#beginning + millisToTicks(this.#duration);
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
