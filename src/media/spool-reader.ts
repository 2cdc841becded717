/** Reads a spooled elementary stream from its beginning, in large steps. Throws the system's errors. */
import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK = 4 << 20;

export class SpoolReader {
  readonly #descriptor: number;
  readonly #chunk = Buffer.allocUnsafe(CHUNK);
  #start = 0;
  #end = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
  }

  /** Copies the next `length` bytes to `offset` of `out`. Throws when the file ends before. */
  read(out: Buffer, offset: number, length: number): void {
    let done = 0;
    while (done < length) {
      if (this.#start === this.#end) {
        this.#start = 0;
        this.#end = readSync(this.#descriptor, this.#chunk, 0, CHUNK, null);
        if (this.#end === 0) throw new Error(`spool ended ${length - done} bytes early`);
      }
      const take = Math.min(length - done, this.#end - this.#start);
      this.#chunk.copy(out, offset + done, this.#start, this.#start + take);
      this.#start += take;
      done += take;
    }
  }

  skip(length: number): void {
    let left = length;
    while (left > 0) {
      const take = Math.min(left, CHUNK);
      this.read(Buffer.allocUnsafe(take), 0, take);
      left -= take;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
