/** The stations found on the network, as a gateway reads them. */

import { fairShare } from '../base/fair-share.js';
import { messageOf } from '../base/problem.js';
import type { Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { type FoundStation, MOST_STATIONS } from '../discovery/find.js';
import type { ReceiverTuner } from './gateway-receiver.js';
import { Ids, Numbers } from './names.js';
import { NetworkSource } from './network-source.js';
import type { ReceiverLimit } from './receiver-limit.js';
import type { Catalogue, StationSource } from './source.js';

export interface NetworkCatalogueOptions {
  /** Finds all stations; those of the search before keep their keys. */
  find: (before: readonly FoundStation[]) => Promise<readonly FoundStation[]>;
  createTuner: () => ReceiverTuner;
  /** Undefined: any number of stations is received. */
  limit?: ReceiverLimit;
  timers: Timers;
  now: () => Millis;
  log: (line: string) => void;
}

/** Time between two searches, and the searches in a row after which a station that is not found is removed. */
const SEARCH_PERIOD = Millis(3_000);
const MOST_MISSED = 3;
/** How long the clock of the servers is taken to be where it was found last. */
const CLOCK_PERIOD = Millis(1_000);

interface Entry {
  readonly key: string;
  readonly source: NetworkSource;
  /** Searches in a row without it. */
  missed: number;
}

/**
 * Responsible for:
 * - repeated searches, and notifying listeners of their changes
 * - ids and numbers that are unique across servers
 * - at most MOST_STATIONS: new stations do not displace those that a search missed, unless their server has most of all
 * - one clock for all stations, which no single server determines
 */
export class NetworkCatalogue implements Catalogue {
  readonly #options: NetworkCatalogueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #byId = new Map<string, NetworkSource>();
  readonly #ids = new Ids();
  readonly #numbers = new Numbers();
  /** By number; null after a change. */
  #sorted: readonly NetworkSource[] | null = null;
  #found: readonly FoundStation[] = [];
  #clock: { offset: Millis; at: Millis } | null = null;
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
    this.#sorted ??= [...this.#byId.values()].sort((a, b) => a.info.number - b.info.number);
    return this.#sorted;
  }

  find(id: string): StationSource | undefined {
    return this.#byId.get(id);
  }

  /** The median of the servers' clocks, as far as they are known: most of them have to be wrong for it to be wrong. */
  now(): Millis {
    const { now, timers } = this.#options;
    const at = timers.now();
    if (this.#clock === null || at - this.#clock.at >= CLOCK_PERIOD) this.#clock = { offset: this.#offset(), at };
    return Millis(now() + this.#clock.offset);
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
      .find(this.#found)
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
    this.#found = found;
    let isChanged = false;
    const isNew = new Set(found);
    for (const one of found) {
      const entry = this.#entries.get(one.key);
      if (entry === undefined) continue;
      isNew.delete(one);
      entry.missed = -1; // counted below
      if (entry.source.update(one)) isChanged = true;
    }
    for (const entry of this.#entries.values()) {
      entry.missed = entry.source.isReceiving ? 0 : entry.missed + 1;
      if (entry.missed < MOST_MISSED) continue;
      this.#delete(entry);
      isChanged = true;
    }
    for (const one of isNew) this.#add(one);
    if (!isChanged && isNew.size === 0) return;
    this.#trim();
    for (const listener of [...this.#listeners]) listener();
  }

  #add(found: FoundStation): void {
    const { createTuner, limit, timers, now } = this.#options;
    const names = { id: this.#ids.take(found.info.id), number: this.#numbers.take(found.info.number) };
    const source = new NetworkSource({ found, createTuner, limit, timers, now }, names);
    this.#entries.set(found.key, { key: found.key, source, missed: 0 });
    this.#byId.set(names.id, source);
    this.#sorted = null;
  }

  #delete({ key, source }: Entry): void {
    const { id, number } = source.info;
    this.#entries.delete(key);
    this.#byId.delete(id);
    this.#ids.release(id);
    this.#numbers.release(number);
    this.#sorted = null;
    void source.close();
  }

  /** Beyond MOST_STATIONS, the servers with more stations than their share lose those that were missed, then the newest. */
  #trim(): void {
    let surplus = this.#entries.size - MOST_STATIONS;
    if (surplus <= 0) return;
    const counts = new Map<string, number>();
    for (const { source } of this.#entries.values()) counts.set(source.server, (counts.get(source.server) ?? 0) + 1);
    const share = fairShare(counts.values(), MOST_STATIONS);
    const newestFirst = [...this.#entries.values()].reverse();
    const missedFirst = [
      ...newestFirst.filter(({ missed }) => missed > 0),
      ...newestFirst.filter((e) => e.missed === 0),
    ];
    for (const entry of missedFirst) {
      const { server, isReceiving } = entry.source;
      const count = counts.get(server)!;
      if (surplus <= 0 || count <= share || isReceiving) continue;
      this.#delete(entry);
      counts.set(server, count - 1);
      surplus--;
    }
  }

  #offset(): Millis {
    const byServer = new Map<string, Millis>();
    for (const { source } of this.#entries.values()) {
      const { offset } = source;
      if (offset !== null) byServer.set(source.server, offset);
    }
    const offsets = [...byServer.values()].sort((a, b) => a - b);
    const middle = offsets.slice(Math.floor((offsets.length - 1) / 2), Math.floor(offsets.length / 2) + 1);
    // Of two in the middle, the one nearer to our own clock.
    return middle.reduce((near, each) => (Math.abs(each) < Math.abs(near) ? each : near), middle[0] ?? Millis(0));
  }

  #logOnce(trouble: string): void {
    if (trouble !== this.#trouble) this.#options.log(`The search for stations failed: ${trouble}.`);
    this.#trouble = trouble;
  }
}
