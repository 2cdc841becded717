/** A reader of a station that plays in this process. */
import type { Timers } from '../base/timers.js';
import { Millis, millisToTicks, Ticks90k, ticksToMillis } from '../base/units.js';
import { CHUNK_TICKS, CHUNK_TIME, chunkWindowOf } from '../contract/timing.js';
import type { Chunk, StationReader } from './source.js';
import type { StationChunks } from './station-chunks.js';

/** The part of a station that its readers use. */
export interface LocalStation {
  readonly chunks: StationChunks;
  now(): Millis;
  /** Where a live reader starts. */
  liveStart(): Ticks90k;
  /** Calls `ready`, never before it returns, when all packets of the window have left. */
  whenComplete(window: number, ready: () => void): void;
}

export interface LocalReaderOptions {
  station: LocalStation;
  /** When its first random access point leaves. */
  from: Ticks90k;
  timers: Timers;
  onClosed: () => void;
}

/** Most times faster than the station that its past is read, after an initial AT_ONCE. */
const SPEED = 10;
const AT_ONCE = Millis(10_000);

/**
 * Responsible for:
 * - the position: a window of the station's time, and a chunk of the window
 * - reading chunks from the cache, and waiting for those that are not there yet
 */
export class LocalReader implements StationReader {
  readonly #options: LocalReaderOptions;
  /** Next to be read: the chunks of `window` without the first `read` ones, and none that leave before `from`. */
  #window = 0;
  #read = 0;
  #from: Ticks90k = Ticks90k(0);
  /** When and where it started: the base of the speed limit. */
  #begun: { at: Millis; position: Millis } = { at: Millis(0), position: Millis(0) };
  #ended: Error | null = null;
  #isClosed = false;
  #wait: { ready: () => void } | null = null;

  constructor(options: LocalReaderOptions) {
    this.#options = options;
    this.#begin(options.from);
  }

  get position(): Millis {
    const next = this.#chunks()?.[this.#read];
    return ticksToMillis(next?.time ?? Ticks90k(Math.max(this.#window * CHUNK_TICKS, this.#from)));
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
        const chunk = chunks[this.#read]!;
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

  /** Ends the reader. */
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

  /** The chunks of the window, if they are cached; of the first window those from `from` on. */
  #chunks(): readonly Chunk[] | null {
    const chunks = this.#options.station.chunks.get(this.#window);
    if (this.#window !== chunkWindowOf(this.#from)) return chunks;
    return (
      chunks?.filter(({ time, randomAccess }) => time > this.#from || (time === this.#from && randomAccess)) ?? null
    );
  }

  /** When the speed limit allows the next window. */
  #mayGoAt(): Millis {
    const { at, position } = this.#begun;
    return Millis(at + (this.#window * CHUNK_TIME - position - AT_ONCE) / SPEED);
  }

  #mayGo(): boolean {
    return this.#options.timers.now() >= this.#mayGoAt();
  }

  /** Resolves when there is something to read, or the reader has ended. */
  async #prepare(): Promise<void> {
    const { station, timers } = this.#options;
    const tooEarly = Millis(this.#mayGoAt() - timers.now());
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
