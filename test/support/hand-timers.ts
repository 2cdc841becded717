/** Timers that a test turns by hand. */
import type { Timers } from '../../src/base/timers.js';
import { Millis } from '../../src/base/units.js';

export class HandTimers implements Timers {
  #now = Millis(0);
  #waiting: { at: Millis; run: () => void }[] = [];

  now(): Millis {
    return this.#now;
  }

  after(delay: Millis, run: () => void): () => void {
    const entry = { at: Millis(this.#now + delay), run };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((each) => each !== entry);
    };
  }

  /** The number of timers that are set. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Moves the clock forward and runs the timers that come due, in order. */
  advance(by: number): void {
    const end = Millis(this.#now + by);
    for (;;) {
      const next = this.#waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((each) => each !== next);
      if (next.at > this.#now) this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}
