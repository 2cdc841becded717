/** An elementary stream on its way to the disk: many small pieces, few large writes. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { storeProblem } from '../reel/store.js';

const BUFFER_LENGTH = 4 << 20;

/** What bytes can be appended to. */
export interface ByteSink {
  append(data: Buffer, start?: number, end?: number): void;
}

/** For bytes whose number alone matters. */
export const nowhere: ByteSink = { append: () => undefined };

export class SpoolFile implements ByteSink {
  readonly path: string;
  /** Bytes appended since the file was opened. */
  bytes = 0;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_LENGTH);
  #file: number | null;
  #filled = 0;

  /** Replaces what was at `path`. Throws a Problem of code `store` when it cannot be written, as does `append`. */
  constructor(path: string) {
    this.path = path;
    this.#file = this.#orProblem(() => openSync(path, 'w'));
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

  /** Writes what is left. */
  finish(): void {
    this.#flush();
    this.discard();
  }

  /** Closes the file without writing what is left. */
  discard(): void {
    if (this.#file === null) return;
    closeSync(this.#file);
    this.#file = null;
  }

  #flush(): void {
    const file = this.#file;
    if (file === null) throw new Error(`${this.path} is closed`);
    this.#orProblem(() => {
      for (let done = 0; done < this.#filled; ) {
        done += writeSync(file, this.#buffer, done, this.#filled - done);
      }
    });
    this.#filled = 0;
  }

  #orProblem<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw storeProblem(error, dirname(this.path));
    }
  }
}
