/** Stats of server and stations: once a second while they are watched, every five seconds otherwise. */

import { Millis } from '../../base/units.js';
import type { GatewayStats, History } from '../../contract/api.js';
import type { GatewayContext } from '../context.js';
import { Checks } from './checks.js';
import { HistoryStore, SAMPLE_PERIOD } from './history.js';
import { type ProcessLoad, processLoad } from './process-load.js';
import { type Sample, Samples } from './samples.js';

export const WATCH_PERIOD = Millis(1_000);

/**
 * Responsible for:
 * - sampling the counters, less often without listeners
 * - the history, the checks and the listeners
 */
export class Monitor {
  readonly #context: GatewayContext;
  readonly #load: ProcessLoad;
  readonly #historySamples: Samples;
  readonly #history = new HistoryStore();
  readonly #checks = new Checks();
  readonly #listeners = new Set<() => void>();
  #watchSamples: Samples | null = null;
  #stats: GatewayStats;
  #stopSampling: () => void;
  #stopWatching: (() => void) | null = null;

  constructor(context: GatewayContext, load: ProcessLoad = processLoad) {
    this.#context = context;
    this.#load = load;
    this.#historySamples = new Samples(context, load);
    this.#stats = this.#checked(this.#historySamples.next());
    this.#stopSampling = context.timers.after(SAMPLE_PERIOD, () => this.#sample());
  }

  /** At most SAMPLE_PERIOD old. */
  get stats(): GatewayStats {
    return this.#stats;
  }

  /** The history of a station, or of the server (null); undefined: unknown station. */
  history(station: string | null): History | undefined {
    return this.#history.of(station);
  }

  /** Calls `listener` every WATCH_PERIOD, until the returned function is called. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#watchSamples === null) {
      this.#watchSamples = new Samples(this.#context, this.#load);
      this.#watchSamples.next();
      this.#watchLater();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stopWatching?.();
      this.#watchSamples = null;
    };
  }

  close(): void {
    this.#stopSampling();
    this.#stopWatching?.();
    this.#listeners.clear();
  }

  #sample(): void {
    const sample = this.#historySamples.next();
    this.#history.add(sample);
    if (this.#watchSamples === null) this.#stats = this.#checked(sample);
    this.#stopSampling = this.#context.timers.after(SAMPLE_PERIOD, () => this.#sample());
  }

  #watchLater(): void {
    this.#stopWatching = this.#context.timers.after(WATCH_PERIOD, () => {
      if (this.#watchSamples === null) return;
      this.#stats = this.#checked(this.#watchSamples.next());
      this.#watchLater();
      for (const listener of this.#listeners) listener();
    });
  }

  #checked(sample: Sample): GatewayStats {
    const checks = this.#checks.next(sample);
    return { server: { ...sample.server, checks }, stations: [...sample.stations] };
  }
}
