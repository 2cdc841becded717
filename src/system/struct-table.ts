/** Arrays of C structures that are passed to the kernel by address. */
import type { Libc } from './libc.js';

/**
 * A table of structures as 32-bit words: it is written for every message, and much faster than by Buffer's methods. An
 * index is that of a field's first word.
 */
export class StructTable {
  /** Address of the table. */
  readonly address: number;
  readonly bytes: Buffer;
  readonly words: Uint32Array;

  constructor(libc: Libc, bytes: number) {
    this.words = new Uint32Array(bytes / 4);
    this.bytes = Buffer.from(this.words.buffer);
    this.address = libc.address(this.bytes);
  }

  /** Sets a field of 64 bits to a whole number below 2^53. */
  setLong(index: number, value: number): void {
    // Storing into the array takes the number modulo 2^32, without its fraction.
    this.words[index] = value;
    this.words[index + 1] = value / 0x1_0000_0000;
  }
}
