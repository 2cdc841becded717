/** A received stream as chunks, cut where those of its server are. */

import type { Ticks90k } from '../base/units.js';
import { chunkWindowOf } from '../contract/timing.js';
import type { Cursor, StreamBuffer, StreamUnit } from '../receiver/stream-buffer.js';
import type { StationFormat } from '../wire/station-info.js';
import type { Chunk } from './source.js';

/** Read from the buffer at once. */
const READ_BYTES = 256 * 1024;

/**
 * It is in charge of:
 * - reading a buffer from a random access point on, copying what the buffer only lends
 * - putting the units of a CHUNK_TIME together; a chunk is whole when the next one begins
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
   * Takes what there is to read at the cursor, at most so much that others are not kept waiting. False where the cursor's
   * place is no longer held.
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
