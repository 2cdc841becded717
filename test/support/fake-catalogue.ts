/** Stations of a gateway; the test provides their chunks. */

import { Millis, Ticks90k, ticksToMillis } from '../../src/base/units.js';
import type { Catalogue, Chunk, ReadStart, StationReader, StationSource } from '../../src/gateway/source.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { makeStation } from './stations.js';

export class FakeStation implements StationSource {
  info: StationInfo;
  oldest: Millis | null = null;
  itemFrom: Millis | null = null;
  /** JPEG file. */
  picture: Buffer | null = null;
  /** Starts of all readers so far. */
  readonly starts: ReadStart[] = [];
  /** Open readers. */
  readonly readers = new Set<FakeReader>();
  readonly chunks: Chunk[] = [];
  /** Set to have `read` reject. */
  refusal: Error | null = null;
  /** Set to have `read` wait for it. */
  opening: Promise<void> = Promise.resolve();
  readonly #now: () => Millis;

  constructor(info: Partial<StationInfo> = {}, now: () => Millis = () => Millis(0)) {
    this.info = makeStation(info.number ?? 1, info);
    this.#now = now;
  }

  now(): Millis {
    return this.#now();
  }

  /** Adds chunks that have just left. */
  put(...chunks: Chunk[]): void {
    this.chunks.push(...chunks);
    for (const reader of [...this.readers]) reader.wake();
  }

  /** It goes off the air. */
  end(why: Error): void {
    for (const reader of [...this.readers]) reader.end(why);
  }

  async read(start: ReadStart): Promise<StationReader> {
    this.starts.push(start);
    await this.opening;
    if (this.refusal) throw this.refusal;
    const isBefore = ({ time, randomAccess }: Chunk) =>
      randomAccess && (start.kind === 'live' || ticksToMillis(time) <= start.time);
    const reader = new FakeReader(this, Math.max(0, this.chunks.findLastIndex(isBefore)));
    this.readers.add(reader);
    return reader;
  }

  randomAccessPoints(_from?: Millis, _to?: Millis): Ticks90k[] | null {
    return null;
  }

  programmes(): [] {
    return [];
  }

  async poster(): Promise<Buffer | null> {
    return this.picture;
  }
}

class FakeReader implements StationReader {
  ended: Error | null = null;
  readonly #station: FakeStation;
  #next: number;
  #ready: (() => void) | null = null;

  constructor(station: FakeStation, next: number) {
    this.#station = station;
    this.#next = next;
  }

  get position(): Millis {
    const { chunks } = this.#station;
    const time = chunks[this.#next]?.time ?? (chunks.at(-1)?.time ?? 0) + 3_600;
    return ticksToMillis(Ticks90k(time));
  }

  read(maxBytes: number): readonly Chunk[] {
    const given: Chunk[] = [];
    let length = 0;
    for (;;) {
      const chunk = this.#station.chunks[this.#next];
      if (this.ended || !chunk || (given.length > 0 && length + chunk.data.length > maxBytes)) return given;
      given.push(chunk);
      length += chunk.data.length;
      this.#next++;
    }
  }

  wait(ready: () => void): void {
    this.#ready = ready;
    if (this.ended || this.#next < this.#station.chunks.length) queueMicrotask(() => this.wake());
  }

  skipToLive(): boolean {
    const newest = this.#station.chunks.findLastIndex(({ randomAccess }) => randomAccess);
    if (newest <= this.#next) return false;
    this.#next = newest;
    return true;
  }

  close(): void {
    this.#station.readers.delete(this);
    this.#ready = null;
  }

  wake(): void {
    const ready = this.#ready;
    this.#ready = null;
    ready?.();
  }

  end(why: Error): void {
    this.ended = why;
    this.wake();
  }
}

export class FakeCatalogue implements Catalogue {
  stations: FakeStation[];
  readonly listeners = new Set<() => void>();

  constructor(...stations: FakeStation[]) {
    this.stations = stations;
  }

  find(id: string): FakeStation | undefined {
    return this.stations.find(({ info }) => info.id === id);
  }

  now(): Millis | null {
    return this.stations[0]?.now() ?? null;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }
}
