/** How it goes, once a second for those who look, every five seconds otherwise: computed once for all of them. */

import type { Millis } from '../../base/units.js';
import type { GatewayStats, History } from '../../contract/api.js';
import type { GatewayContext } from '../context.js';
import { Checks } from './checks.js';
import { HistoryStore, SAMPLE_PERIOD } from './history.js';
import { type ProcessLoad, processLoad } from './process-load.js';
import { type Reading, Readings } from './reading.js';

export const LOOK_PERIOD: Millis = 1_000;

/**
 * It is in charge of:
 * - reading the counters, seldom while nobody looks
 * - the history, the checks, and telling those who look
 */
export class Monitor {
  readonly #context: GatewayContext;
  readonly #load: ProcessLoad;
  readonly #samples: Readings;
  readonly #history = new HistoryStore();
  readonly #checks = new Checks();
  readonly #listeners = new Set<() => void>();
  #looks: Readings | null = null;
  #stats: GatewayStats;
  #stopSampling: () => void;
  #stopLooking: (() => void) | null = null;

  constructor(context: GatewayContext, load: ProcessLoad = processLoad) {
    this.#context = context;
    this.#load = load;
    this.#samples = new Readings(context, load);
    this.#stats = this.#checked(this.#samples.next());
    this.#stopSampling = context.timers.after(SAMPLE_PERIOD, () => this.#sample());
  }

  /** At most SAMPLE_PERIOD old. */
  get stats(): GatewayStats {
    return this.#stats;
  }

  /** Of a station, or with null of the server; undefined where there is no such station. */
  history(station: string | null): History | undefined {
    return this.#history.of(station);
  }

  /** Calls `listener` every LOOK_PERIOD, until the returned function is called. */
  look(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#looks === null) {
      this.#looks = new Readings(this.#context, this.#load);
      this.#looks.next();
      this.#lookLater();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stopLooking?.();
      this.#looks = null;
    };
  }

  close(): void {
    this.#stopSampling();
    this.#stopLooking?.();
    this.#listeners.clear();
  }

  #sample(): void {
    const reading = this.#samples.next();
    this.#history.add(reading);
    if (this.#looks === null) this.#stats = this.#checked(reading);
    this.#stopSampling = this.#context.timers.after(SAMPLE_PERIOD, () => this.#sample());
  }

  #lookLater(): void {
    this.#stopLooking = this.#context.timers.after(LOOK_PERIOD, () => {
      if (this.#looks === null) return;
      this.#stats = this.#checked(this.#looks.next());
      this.#lookLater();
      for (const listener of this.#listeners) listener();
    });
  }

  #checked(reading: Reading): GatewayStats {
    const checks = this.#checks.next(reading);
    return { server: { ...reading.server, checks }, stations: [...reading.stations] };
  }
}
