/** The stations of this process, as its gateway reads them. */
import type { Timers } from '../base/timers.js';
import { type Millis, millisToTicks } from '../base/units.js';
import type { Station, StationItem } from '../station/station.js';
import type { StationInfo } from '../wire/station-info.js';
import { ChunkMemory } from './chunk-memory.js';
import { LocalSource } from './local-source.js';
import type { Catalogue, StationSource } from './source.js';

/** A station on the air. */
export interface LocalEntry {
  station: Station;
  /** As it is described now. */
  info: () => StationInfo;
  /** A picture of an item, a JPEG file; null where there is none. */
  poster: (item: StationItem) => Promise<Buffer | null>;
}

/** How often it is looked whether something else is playing, while somebody wants to know. */
const LOOK: Millis = 1_000;

/** It is in charge of: which stations there are, and telling when they change, or what they play. */
export class LocalCatalogue implements Catalogue {
  readonly #options: { now: () => Millis; timers: Timers; history?: Millis };
  readonly #memory = new ChunkMemory();
  readonly #sources = new Map<string, LocalSource>();
  readonly #listeners = new Set<() => void>();
  #playing = '';
  #cancelLook: (() => void) | null = null;

  constructor(options: { now: () => Millis; timers: Timers; history?: Millis }) {
    this.#options = options;
  }

  get stations(): readonly StationSource[] {
    return [...this.#sources.values()].sort((a, b) => a.info.number - b.info.number);
  }

  find(id: string): StationSource | undefined {
    return this.#sources.get(id);
  }

  add({ station, info, poster }: LocalEntry): void {
    const { now, timers, history } = this.#options;
    const picture = () => poster(station.itemAt(millisToTicks(now())));
    const memory = this.#memory;
    this.#sources.set(info().id, new LocalSource({ station, info, now, timers, memory, history, poster: picture }));
    this.changed();
  }

  /** The station is off the air: who reads it is told. Its reels may be closed once this has returned. */
  remove(id: string): void {
    this.#sources.get(id)?.close();
    if (this.#sources.delete(id)) this.changed();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#lookLater();
    return () => this.#listeners.delete(listener);
  }

  /** A station is described otherwise. */
  changed(): void {
    this.#playing = this.#nowPlaying();
    for (const listener of [...this.#listeners]) listener();
  }

  close(): void {
    this.#listeners.clear();
    this.#cancelLook?.();
    for (const source of this.#sources.values()) source.close();
    this.#sources.clear();
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#options.timers.after(LOOK, () => {
      this.#cancelLook = null;
      if (this.#listeners.size === 0) return;
      if (this.#nowPlaying() !== this.#playing) this.changed();
      this.#lookLater();
    });
  }

  #nowPlaying(): string {
    return JSON.stringify([...this.#sources.values()].map(({ info }) => [info.nowPlaying, info.nowUntil, info.next]));
  }
}
