/** Cuts a received stream into the same chunks as its server does. */

import type { Ticks90k } from '../base/units.js';
import { chunkWindowOf } from '../contract/timing.js';
import type { Cursor, StreamBuffer, StreamUnit } from '../receiver/stream-buffer.js';
import type { StationFormat } from '../wire/station-format.js';
import type { Chunk } from './source.js';

/** Most bytes read from the buffer at once. */
const READ_BYTES = 256 * 1024;

/**
 * Responsible for:
 * - reading a buffer from a random access point on, and copying: the buffer reuses its memory
 * - joining the units of one CHUNK_TIME; a chunk is complete when the next one starts
 */
export class Chunker {
  readonly #format: StationFormat;
  readonly #push: (chunk: Chunk) => void;
  #pending: { time: Ticks90k; randomAccess: boolean; parts: Buffer[] } | null = null;

  constructor(format: StationFormat, push: (chunk: Chunk) => void) {
    this.#format = format;
    this.#push = push;
  }

  /**
   * Reads at the cursor, at most READ_BYTES, so that other work gets its turn. Returns false where the buffer no longer
   * holds the cursor's position.
   */
  take(buffer: StreamBuffer, cursor: Cursor): boolean {
    const units = buffer.read(cursor, READ_BYTES);
    for (const unit of units ?? []) this.#add(unit);
    return units !== null;
  }

  #add({ time, data, randomAccess }: StreamUnit): void {
    if (this.#format === 'jpeg') {
      this.#push({ time, data: Buffer.from(data), randomAccess });
      return;
    }
    const pending = this.#pending;
    if (pending && (randomAccess || chunkWindowOf(time) !== chunkWindowOf(pending.time))) {
      this.#pending = null;
      this.#push({ time: pending.time, data: Buffer.concat(pending.parts), randomAccess: pending.randomAccess });
    }
    this.#pending ??= { time, randomAccess, parts: [] };
    this.#pending.parts.push(Buffer.from(data));
  }
}
