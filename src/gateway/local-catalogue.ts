/** The stations of a server in this process, as its gateway reads them. */
import type { Timers } from '../base/timers.js';
import { Millis, millisToTicks } from '../base/units.js';
import type { Station, StationItem } from '../station/station.js';
import type { StationInfo } from '../wire/station-info.js';
import { ChunkMemory } from './chunk-memory.js';
import { LocalSource } from './local-source.js';
import type { Catalogue, StationSource } from './source.js';

/** A station on the air, as its server provides it. */
export interface LocalEntry {
  readonly station: Station;
  /** The description of now. `nowUntil` is when it changes next, unless `changed` is called before. */
  readonly info: () => StationInfo;
  /** The poster of an item, a JPEG file; null: it has none. */
  readonly poster: (item: StationItem) => Promise<Buffer | null>;
}

export interface LocalCatalogueOptions {
  /** The server's clock (Unix epoch). */
  now: () => Millis;
  timers: Timers;
  /** How far back stations may be read; undefined: to their epoch. */
  history?: Millis;
}

/** Longest delay of one timer: Node.js takes 2^31 − 1 ms at most. */
const LONGEST_DELAY = Millis(86_400_000);
/** A timer may fire up to a millisecond early. */
const TIMER_SLACK = Millis(1);

/**
 * Responsible for:
 * - the list of stations, in order of number
 * - notifying listeners of each change, also of what stations play: one timer, set to the earliest `nowUntil`
 */
export class LocalCatalogue implements Catalogue {
  readonly #options: LocalCatalogueOptions;
  readonly #memory = new ChunkMemory();
  readonly #sources = new Map<string, LocalSource>();
  readonly #listeners = new Set<() => void>();
  #sorted: readonly LocalSource[] | null = null;
  #cancelTimer: (() => void) | null = null;

  constructor(options: LocalCatalogueOptions) {
    this.#options = options;
  }

  get stations(): readonly StationSource[] {
    this.#sorted ??= [...this.#sources.values()].sort((a, b) => a.info.number - b.info.number);
    return this.#sorted;
  }

  find(id: string): StationSource | undefined {
    return this.#sources.get(id);
  }

  now(): Millis | null {
    return this.#sources.size > 0 ? this.#options.now() : null;
  }

  add({ station, info, poster }: LocalEntry): void {
    const { now, timers, history } = this.#options;
    const posterOfNow = () => poster(station.itemAt(millisToTicks(now())));
    const memory = this.#memory;
    const source = new LocalSource({ station, info, now, timers, memory, history, poster: posterOfNow });
    this.#sources.set(source.info.id, source);
    this.#sorted = null;
    this.#onChanged();
  }

  /** The station goes off the air: its readers end. Its reels may be closed once this has returned. */
  remove(id: string): void {
    this.#sources.get(id)?.close();
    if (!this.#sources.delete(id)) return;
    this.#sorted = null;
    this.#onChanged();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#schedule();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#unschedule();
    };
  }

  /** The station is described differently, or its timeline changed. */
  changed(id: string): void {
    this.#sources.get(id)?.describeAgain();
    this.#onChanged();
  }

  close(): void {
    this.#listeners.clear();
    this.#unschedule();
    for (const source of this.#sources.values()) source.close();
    this.#sources.clear();
    this.#sorted = null;
  }

  #onChanged(): void {
    this.#unschedule();
    this.#schedule();
    for (const listener of [...this.#listeners]) listener();
  }

  #unschedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  /** Sets the timer to the next change of what a station plays, while there are listeners. */
  #schedule(): void {
    if (this.#cancelTimer !== null || this.#listeners.size === 0) return;
    let until = Number.POSITIVE_INFINITY;
    for (const { info } of this.#sources.values()) until = Math.min(until, info.nowUntil ?? Number.POSITIVE_INFINITY);
    if (until === Number.POSITIVE_INFINITY) return;
    const { now, timers } = this.#options;
    const delay = Millis(Math.min(Math.max(0, until - now()) + TIMER_SLACK, LONGEST_DELAY));
    this.#cancelTimer = timers.after(delay, () => {
      this.#cancelTimer = null;
      const isDue = now() >= until;
      this.#schedule();
      if (isDue) for (const listener of [...this.#listeners]) listener();
    });
  }
}
