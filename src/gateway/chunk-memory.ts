/** A cache of chunks for all stations together; the oldest are evicted. */
import type { Chunk } from './source.js';

/** More than a second of a hundred stations of 5 Mbit/s. Evicted chunks are read again. */
const MOST_BYTES = 96 * 2 ** 20;

export class ChunkMemory {
  readonly #windows = new Map<string, { chunks: readonly Chunk[]; bytes: number }>();
  readonly #most: number;
  #bytes = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  get(key: string): readonly Chunk[] | null {
    return this.#windows.get(key)?.chunks ?? null;
  }

  set(key: string, chunks: readonly Chunk[]): void {
    const bytes = chunks.reduce((sum, { data }) => sum + data.length, 0);
    this.#bytes += bytes - (this.#windows.get(key)?.bytes ?? 0);
    this.#windows.set(key, { chunks, bytes });
    for (const [oldest, window] of this.#windows) {
      if (this.#bytes <= this.#most || oldest === key) break;
      this.#windows.delete(oldest);
      this.#bytes -= window.bytes;
    }
  }
}
