/** The stations found on the network, as a gateway reads them. */

import { messageOf } from '../base/problem.js';
import type { Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { distinctId } from '../contract/station-id.js';
import type { FoundStation } from '../discovery/find.js';
import type { StationInfo } from '../wire/station-info.js';
import type { ReceiverTuner } from './gateway-receiver.js';
import { NetworkSource } from './network-source.js';
import type { Catalogue, StationSource } from './source.js';

export interface NetworkCatalogueOptions {
  /** Finds all stations. */
  find: () => Promise<readonly FoundStation[]>;
  createTuner: () => ReceiverTuner;
  timers: Timers;
  now: () => Millis;
  log: (line: string) => void;
}

/** Time between two searches, and the searches in a row after which a station that is not found is removed. */
const SEARCH_PERIOD = Millis(3_000);
const MOST_MISSED = 3;

interface Entry {
  source: NetworkSource;
  /** Searches in a row without it. */
  missed: number;
}

/**
 * Responsible for:
 * - repeated searches, and notifying listeners of their changes
 * - ids and numbers that are unique across servers
 */
export class NetworkCatalogue implements Catalogue {
  readonly #options: NetworkCatalogueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  #cancelSearch: () => void = () => undefined;
  #searching: Promise<void> = Promise.resolve();
  #trouble = '';
  #isClosed = false;

  constructor(options: NetworkCatalogueOptions) {
    this.#options = options;
  }

  /** Resolves after the first search; more follow. */
  async open(): Promise<void> {
    await this.#search();
  }

  get stations(): readonly StationSource[] {
    return [...this.#entries.values()].map(({ source }) => source).sort((a, b) => a.info.number - b.info.number);
  }

  find(id: string): StationSource | undefined {
    for (const { source } of this.#entries.values()) if (source.info.id === id) return source;
    return undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelSearch();
    this.#listeners.clear();
    await this.#searching;
    await Promise.all([...this.#entries.values()].map(({ source }) => source.close()));
  }

  #search(): Promise<void> {
    this.#searching = this.#options
      .find()
      .then(
        (found) => {
          this.#trouble = '';
          this.#take(found);
        },
        (error: unknown) => this.#logOnce(messageOf(error)),
      )
      .then(() => {
        if (!this.#isClosed) this.#cancelSearch = this.#options.timers.after(SEARCH_PERIOD, () => void this.#search());
      });
    return this.#searching;
  }

  #take(found: readonly FoundStation[]): void {
    const before = JSON.stringify(this.stations.map(({ info }) => info));
    const seen = new Set(found.map(({ key }) => key));
    for (const [key, entry] of this.#entries) {
      entry.missed = seen.has(key) || entry.source.isReceiving ? 0 : entry.missed + 1;
      if (entry.missed < MOST_MISSED) continue;
      this.#entries.delete(key);
      void entry.source.close();
    }
    for (const one of found) {
      const known = this.#entries.get(one.key);
      if (known) {
        const { id, number } = known.source.info;
        known.source.update(one, { ...one.info, id, number });
        continue;
      }
      const { createTuner, timers, now } = this.#options;
      const source = new NetworkSource({ found: one, createTuner, timers, now }, this.#described(one.info));
      this.#entries.set(one.key, { source, missed: 0 });
    }
    if (JSON.stringify(this.stations.map(({ info }) => info)) === before) return;
    for (const listener of [...this.#listeners]) listener();
  }

  /** `info` with an id and a number that no other station of this gateway has. */
  #described(info: StationInfo): StationInfo {
    const others = [...this.#entries.values()].map(({ source }) => source.info);
    const numbers = new Set(others.map(({ number }) => number));
    let { number } = info;
    while (numbers.has(number)) number++;
    return { ...info, number, id: distinctId(info.id, new Set(others.map(({ id }) => id))) };
  }

  #logOnce(trouble: string): void {
    if (trouble !== this.#trouble) this.#options.log(`The search for stations failed: ${trouble}.`);
    this.#trouble = trouble;
  }
}
