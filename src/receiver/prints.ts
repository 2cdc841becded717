/** Whether two copies of a packet are the same, without keeping the first. No socket, no clock. */
import type { PacketNumber } from '../base/units.js';
import type { RtpFields } from '../wire/rtp.js';

/** Bytes of a payload that are compared. Two versions of a packet of compressed pictures differ nearly everywhere. */
const SAMPLES = 16;
/** FNV-1a, 32 bits. */
const BASIS = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

/**
 * Responsible for: a print of 32 bits for each packet of a window: time stamp, marker, length, and bytes at places that
 * are chosen at random, so that nobody can forge around them.
 */
export class Prints {
  readonly #kept: Int32Array;
  /** Places of the samples: as shares of a payload, and in one of the length before. */
  readonly #shares: readonly number[];
  readonly #places = new Uint16Array(SAMPLES);
  #length = -1;

  /** @param window a power of two @param random numbers from 0 to 1 */
  constructor(window: number, random: () => number) {
    this.#kept = new Int32Array(window);
    this.#shares = Array.from({ length: SAMPLES }, random);
  }

  /** The print of a packet whose payload is in the buffer. */
  of({ timestamp, marker, start, end }: RtpFields, buffer: Buffer): number {
    const length = end - start;
    if (length !== this.#length) this.#place(length);
    let print = Math.imul(BASIS ^ (timestamp | 0), PRIME) ^ (marker ? length : ~length);
    for (let i = 0; i < SAMPLES; i++) print = Math.imul(print ^ buffer[start + this.#places[i]!]!, PRIME);
    return print | 0;
  }

  keep(n: PacketNumber, print: number): void {
    this.#kept[n & (this.#kept.length - 1)] = print; // exact for every n: the window's bits are among the low 32
  }

  /** Whether the print kept last for packet `n`, or for another a window away, is this one. */
  isKept(n: PacketNumber, print: number): boolean {
    return this.#kept[n & (this.#kept.length - 1)] === print;
  }

  #place(length: number): void {
    this.#length = length;
    for (let i = 0; i < SAMPLES; i++) this.#places[i] = Math.floor(this.#shares[i]! * length);
  }
}
