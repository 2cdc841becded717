/** A place in a station that plays in this process. */
import type { Timers } from '../base/timers.js';
import { type Millis, millisToTicks, type Ticks90k, ticksToMillis } from '../base/units.js';
import { CHUNK_TICKS, CHUNK_TIME, chunkWindowOf } from '../contract/timing.js';
import type { Chunk, StationReader } from './source.js';
import type { StationChunks } from './station-chunks.js';

/** What a reader needs of its station. */
export interface LocalStation {
  readonly chunks: StationChunks;
  now(): Millis;
  /** Where one begins who wants what is on the air. */
  liveStart(): Ticks90k;
  /** Calls `ready`, later, when the window can be read. */
  whenComplete(window: number, ready: () => void): void;
}

export interface LocalReaderOptions {
  station: LocalStation;
  /** When the random access point that it begins with leaves. */
  from: Ticks90k;
  timers: Timers;
  onClosed: () => void;
}

/** How much faster than the station its past is read, and what may be read at once. */
const SPEED = 10;
const AT_ONCE: Millis = 10_000;

/**
 * It is in charge of:
 * - the place, in windows of the station's time and chunks of a window
 * - reading ahead of nobody: what is in memory is given, what is not is waited for
 */
export class LocalReader implements StationReader {
  readonly #options: LocalReaderOptions;
  /** What is read next: the chunks of this window, but those that were read, and those from before the beginning. */
  #window = 0;
  #read = 0;
  #from: Ticks90k = 0;
  /** When and where it began: for how fast it may go. */
  #begun: { at: Millis; position: Millis } = { at: 0, position: 0 };
  #ended: Error | null = null;
  #isClosed = false;
  #wait: { ready: () => void } | null = null;

  constructor(options: LocalReaderOptions) {
    this.#options = options;
    this.#begin(options.from);
  }

  get position(): Millis {
    const next = this.#chunks()?.[this.#read];
    return ticksToMillis(next?.time ?? Math.max(this.#window * CHUNK_TICKS, this.#from));
  }

  get ended(): Error | null {
    return this.#ended;
  }

  read(maxBytes: number): readonly Chunk[] {
    const given: Chunk[] = [];
    let bytes = 0;
    while (!this.#isClosed && this.#ended === null && this.#mayGo()) {
      const chunks = this.#chunks();
      if (!chunks) break;
      for (; this.#read < chunks.length; this.#read++) {
        const chunk = chunks[this.#read];
        bytes += chunk.data.length;
        if (given.length > 0 && bytes > maxBytes) return given;
        given.push(chunk);
      }
      this.#window++;
      this.#read = 0;
    }
    return given;
  }

  wait(ready: () => void): void {
    if (this.#isClosed) return;
    const wait = { ready };
    this.#wait = wait;
    void this.#prepare().then(() => {
      if (this.#wait !== wait || this.#isClosed) return;
      this.#wait = null;
      ready();
    });
  }

  skipToLive(): boolean {
    const live = this.#options.station.liveStart();
    if (ticksToMillis(live) <= this.position) return false;
    this.#begin(live);
    return true;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wait = null;
    this.#options.onClosed();
  }

  /** There will be no more. */
  end(error: Error): void {
    this.#ended ??= error;
    const wait = this.#wait;
    this.#wait = null;
    wait?.ready();
  }

  #begin(from: Ticks90k): void {
    this.#window = chunkWindowOf(from);
    this.#from = from;
    this.#read = 0;
    this.#begun = { at: this.#options.timers.now(), position: ticksToMillis(from) };
  }

  /** Those of the window, if they are in memory; of the first one from the beginning on. */
  #chunks(): readonly Chunk[] | null {
    const chunks = this.#options.station.chunks.get(this.#window);
    if (this.#window !== chunkWindowOf(this.#from)) return chunks;
    return (
      chunks?.filter(({ time, randomAccess }) => time > this.#from || (time === this.#from && randomAccess)) ?? null
    );
  }

  /** Until when it may not be read on. */
  #mayGoAt(): Millis {
    const { at, position } = this.#begun;
    return at + (this.#window * CHUNK_TIME - position - AT_ONCE) / SPEED;
  }

  #mayGo(): boolean {
    return this.#options.timers.now() >= this.#mayGoAt();
  }

  /** Resolves when there is something to read, or it ended. */
  async #prepare(): Promise<void> {
    const { station, timers } = this.#options;
    const tooEarly = this.#mayGoAt() - timers.now();
    if (tooEarly > 0) await new Promise<void>((resolve) => timers.after(tooEarly, resolve));
    for (let window = this.#window; !this.#isClosed && this.#ended === null; window++) {
      if (station.chunks.completeAt(window) > millisToTicks(station.now())) {
        await new Promise<void>((resolve) => station.whenComplete(window, resolve));
      }
      try {
        const chunks = await station.chunks.load(window);
        if (chunks.length > 0) return;
      } catch (error) {
        this.#ended = error instanceof Error ? error : new Error(String(error));
      }
    }
  }
}
