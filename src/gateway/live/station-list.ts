/** What all pages are told of the stations: one message, made once for all of them. */
import type { Timers } from '../../base/timers.js';
import type { Millis } from '../../base/units.js';
import type { LiveStation, ServerMessage } from '../../contract/live.js';
import type { Catalogue, StationSource } from '../source.js';

/** Changes often come together. */
const LEAST_PAUSE: Millis = 250;
/** For each station: the more there are the longer the message, and the more changes. */
const PAUSE_PER_STATION: Millis = 10;

/**
 * It is in charge of:
 * - the `stations` message, and telling when there is another, but not too often
 * - the time that pages are told
 */
export class StationList {
  readonly #catalogue: Catalogue;
  readonly #timers: Timers;
  readonly #listeners = new Set<() => void>();
  readonly #endListening: () => void;
  #message: Buffer | null = null;
  /** Looked for once, not at every ping; undefined where there is none. */
  #first: StationSource | undefined | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor({ catalogue, timers }: { catalogue: Catalogue; timers: Timers }) {
    this.#catalogue = catalogue;
    this.#timers = timers;
    this.#endListening = catalogue.onChange(() => this.#changed());
  }

  /** JSON in UTF-8; nobody writes to it. */
  get message(): Buffer {
    if (this.#message === null) {
      const stations = this.#catalogue.stations.map(
        ({ info, oldest, itemFrom }): LiveStation => ({ ...info, oldest, itemFrom }),
      );
      this.#message = Buffer.from(JSON.stringify({ type: 'stations', stations } satisfies ServerMessage));
    }
    return this.#message;
  }

  /** The clock of the stations' server (Unix epoch); null while there is no station. */
  now(): Millis | null {
    if (this.#first === null) this.#first = this.#catalogue.stations[0];
    return this.#first?.now() ?? null;
  }

  /** Until the returned function is called. */
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
    this.#first = null;
    if (this.#cancelTimer !== null) return;
    const pause = Math.max(LEAST_PAUSE, PAUSE_PER_STATION * this.#catalogue.stations.length);
    this.#cancelTimer = this.#timers.after(pause, () => {
      this.#cancelTimer = null;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
