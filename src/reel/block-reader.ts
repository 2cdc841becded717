/** Reads a file here and there, and cheaply in order: one block of it is kept. */
import { closeSync, openSync, readSync } from 'node:fs';

export class BlockReader {
  readonly #path: string;
  readonly #block: Buffer;
  #descriptor: number;
  #start = 0;
  #end = 0;

  /** `blockLength` in bytes. Throws the system's error when the file cannot be opened. */
  constructor(path: string, blockLength: number) {
    this.#path = path;
    this.#block = Buffer.allocUnsafe(blockLength);
    this.#descriptor = openSync(path, 'r');
  }

  /** Copies `length` bytes at `position` of the file to `offset` of `out`; `length` is at most the block's. */
  read(position: number, length: number, out: Buffer, offset: number): void {
    if (position < this.#start || position + length > this.#end) this.#load(position, length);
    this.#block.copy(out, offset, position - this.#start, position - this.#start + length);
  }

  #load(position: number, length: number): void {
    this.#start = position;
    this.#end = position;
    while (this.#end < position + this.#block.length) {
      const filled = this.#end - position;
      const count = readSync(this.#descriptor, this.#block, filled, this.#block.length - filled, this.#end);
      if (count === 0) break;
      this.#end += count;
    }
    if (this.#end < position + length)
      throw new Error(`${this.#path} ends at ${this.#end}, before ${position + length}`);
  }

  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}
