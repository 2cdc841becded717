/** The message `stations`, written once for all pages. */
import type { Timers } from '../../base/timers.js';
import { Millis } from '../../base/units.js';
import type { LiveStation, ServerMessage } from '../../contract/live.js';
import type { Catalogue } from '../source.js';

/** Least time between two notifications: changes often come together. */
const LEAST_PAUSE = Millis(250);
/** Additional time for each station: more stations make a longer message, and more changes. */
const PAUSE_PER_STATION = Millis(10);
/** Longest such time: strangers can fill the list, and pages still have to learn what changes. */
const LONGEST_PAUSE = Millis(10_000);

/**
 * Responsible for:
 * - the message `stations`, and a limited rate of notifications about changes
 */
export class StationList {
  readonly #catalogue: Catalogue;
  readonly #timers: Timers;
  readonly #listeners = new Set<() => void>();
  readonly #endListening: () => void;
  #message: Buffer | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor({ catalogue, timers }: { catalogue: Catalogue; timers: Timers }) {
    this.#catalogue = catalogue;
    this.#timers = timers;
    this.#endListening = catalogue.onChange(() => this.#changed());
  }

  /** JSON in UTF-8. Shared: not to be written to. */
  get message(): Buffer {
    if (this.#message === null) {
      const stations = this.#catalogue.stations.map(
        ({ info, oldest, itemFrom }): LiveStation => ({ ...info, oldest, itemFrom }),
      );
      this.#message = Buffer.from(JSON.stringify({ type: 'stations', stations } satisfies ServerMessage));
    }
    return this.#message;
  }

  /** Calls `listener` after changes, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): void {
    this.#endListening();
    this.#cancelTimer?.();
    this.#listeners.clear();
  }

  #changed(): void {
    this.#message = null;
    if (this.#cancelTimer !== null) return;
    const perStation = PAUSE_PER_STATION * this.#catalogue.stations.length;
    const pause = Millis(Math.min(Math.max(LEAST_PAUSE, perStation), LONGEST_PAUSE));
    this.#cancelTimer = this.#timers.after(pause, () => {
      this.#cancelTimer = null;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
