/** An elementary stream written to disk: many small pieces, few large writes. */
import { closeSync, openSync, writeSync } from 'node:fs';

const BUFFER_LENGTH = 4 << 20;

/** Takes bytes one piece after another. */
export interface ByteSink {
  append(data: Buffer, start?: number, end?: number): void;
}

/** Drops the bytes, where only their number matters. */
export const nowhere: ByteSink = { append: () => undefined };

export class SpoolFile implements ByteSink {
  readonly path: string;
  /** Bytes appended since the file was opened. */
  bytes = 0;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_LENGTH);
  #file: number | null;
  #filled = 0;

  /** Replaces the file at `path`. Throws the system's error when it cannot be written, as do `append` and `finish`. */
  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'w');
  }

  append(data: Buffer, start = 0, end = data.length): void {
    for (let at = start; at < end; ) {
      if (this.#filled === BUFFER_LENGTH) this.#flush();
      const take = Math.min(end - at, BUFFER_LENGTH - this.#filled);
      data.copy(this.#buffer, this.#filled, at, at + take);
      this.#filled += take;
      at += take;
    }
    this.bytes += end - start;
  }

  /** Writes the buffered bytes and closes the file. */
  finish(): void {
    this.#flush();
    this.discard();
  }

  /** Closes the file without writing the buffered bytes. */
  discard(): void {
    if (this.#file === null) return;
    closeSync(this.#file);
    this.#file = null;
  }

  #flush(): void {
    const file = this.#file;
    if (file === null) throw new Error(`${this.path} is closed`);
    for (let done = 0; done < this.#filled; ) {
      done += writeSync(file, this.#buffer, done, this.#filled - done);
    }
    this.#filled = 0;
  }
}
