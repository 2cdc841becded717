/** Reading payloads from reels to where packets are put together. */
import { readSync } from 'node:fs';
import { EndOfFileError, ScatterReader } from '../system/file.js';
import { Errno, type Libc } from '../system/libc.js';
import { SystemCallError } from '../system/udp-socket.js';

/** The most payloads in one reading. */
export const MOST_PAYLOADS = 64;

/** Packets in memory: each has its place in one buffer. */
export interface PacketSlots {
  readonly buffer: Buffer;
  /** Where each begins, and its length in bytes. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint16Array;
}

export interface PayloadReader {
  /** Whether reading may have to wait for the disk. */
  readonly waits: boolean;
  /**
   * Reads payloads that lie one after another in the file, from `position` on, into packets `first` to
   * `first + count − 1`, behind the first `header` bytes of each. Returns how many it could read: fewer when the others
   * are not in memory, and waiting is not this reader's way. Throws when the file cannot be read, or ends before.
   */
  read(descriptor: number, position: number, places: PacketSlots, first: number, count: number, header: number): number;
}

/** Reads at once what the system has in memory, and waits for the disk where it has not. Works everywhere. */
export class WaitingReader implements PayloadReader {
  readonly waits = true;
  #block = Buffer.alloc(0);

  read(
    descriptor: number,
    position: number,
    places: PacketSlots,
    first: number,
    count: number,
    header: number,
  ): number {
    let length = 0;
    for (let i = first; i < first + count; i++) length += places.lengths[i] - header;
    if (this.#block.length < length) this.#block = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const read = readSync(descriptor, this.#block, filled, length - filled, position + filled);
      if (read === 0) throw new EndOfFileError({ end: position + filled, wanted: position + length });
      filled += read;
    }
    copyPayloads(this.#block, 0, places, { first, count, header });
    return count;
  }
}

/** Copies payloads that lie one after another in memory, from `block[from]` on, to their places. */
export function copyPayloads(
  block: Buffer,
  from: number,
  places: PacketSlots,
  { first, count, header }: { first: number; count: number; header: number },
): void {
  let at = from;
  for (let i = first; i < first + count; i++) {
    const length = places.lengths[i] - header;
    block.copy(places.buffer, places.offsets[i] + header, at, at + length);
    at += length;
  }
}

/** Reads only what is in memory, on Linux and where the file system can tell; elsewhere it becomes a waiting reader. */
export class MemoryReader implements PayloadReader {
  waits = false;
  readonly #buffer: Buffer;
  readonly #scatter: ScatterReader;
  readonly #waiting = new WaitingReader();

  /** For packets in `buffer`. */
  constructor(libc: Libc, buffer: Buffer) {
    this.#buffer = buffer;
    this.#scatter = new ScatterReader(libc, buffer, MOST_PAYLOADS);
  }

  read(
    descriptor: number,
    position: number,
    places: PacketSlots,
    first: number,
    count: number,
    header: number,
  ): number {
    if (this.waits || places.buffer !== this.#buffer) {
      return this.#waiting.read(descriptor, position, places, first, count, header);
    }
    for (let i = 0; i < count; i++) {
      this.#scatter.set(i, places.offsets[first + i] + header, places.lengths[first + i] - header);
    }
    let read = this.#scatter.read(descriptor, position, count);
    if (read === -Errno.EOPNOTSUPP) {
      this.waits = true;
      return 0;
    }
    if (read === -Errno.EAGAIN) return 0;
    if (read < 0) throw new SystemCallError('preadv2', -read);
    const end = position + read;
    let whole = 0;
    while (whole < count && read >= places.lengths[first + whole] - header) {
      read -= places.lengths[first + whole] - header;
      whole++;
    }
    // Behind a part of a packet there is what is not in memory, or nothing any more.
    if (whole === 0 && this.#scatter.read(descriptor, end, 1) === 0) {
      throw new EndOfFileError({ end, wanted: position + places.lengths[first] - header });
    }
    return whole;
  }
}
