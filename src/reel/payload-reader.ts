/** Reading payloads from reels into packet buffers. */
import { readSync } from 'node:fs';
import { EndOfFileError, ScatterReader } from '../system/file.js';
import { Errno, type Libc } from '../system/libc.js';
import { SystemCallError } from '../system/udp-socket.js';

/** Most payloads of one call of `read`. */
export const MOST_PAYLOADS = 64;

/** Packets in memory: each has a slot in one buffer. */
export interface PacketSlots {
  readonly buffer: Buffer;
  /** Byte offset and length of each slot. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint16Array;
}

export interface PayloadReader {
  /** Whether `read` may wait for the disk. */
  readonly waits: boolean;
  /**
   * Reads consecutive payloads of the file, from byte `position` on, into slots `first` to `first + count − 1`, behind
   * the first `header` bytes of each. Returns how many it has read: fewer than `count` where a reader that does not wait
   * found the others not in memory. Throws when the file cannot be read, or ends before.
   */
  read(descriptor: number, position: number, slots: PacketSlots, first: number, count: number, header: number): number;
}

/** Waits for the disk where the payloads are not in memory. Works on all systems. */
export class WaitingReader implements PayloadReader {
  readonly waits = true;
  #block = Buffer.alloc(0);

  read(descriptor: number, position: number, slots: PacketSlots, first: number, count: number, header: number): number {
    let length = 0;
    for (let i = first; i < first + count; i++) length += slots.lengths[i]! - header;
    if (this.#block.length < length) this.#block = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const read = readSync(descriptor, this.#block, filled, length - filled, position + filled);
      if (read === 0) throw new EndOfFileError({ end: position + filled, wanted: position + length });
      filled += read;
    }
    copyPayloads(this.#block, 0, slots, { first, count, header });
    return count;
  }
}

/** Copies consecutive payloads, from `block[from]` on, to their slots. */
export function copyPayloads(
  block: Buffer,
  from: number,
  slots: PacketSlots,
  { first, count, header }: { first: number; count: number; header: number },
): void {
  let at = from;
  for (let i = first; i < first + count; i++) {
    const length = slots.lengths[i]! - header;
    block.copy(slots.buffer, slots.offsets[i]! + header, at, at + length);
    at += length;
  }
}

/** Reads only payloads in memory, where Linux and the file system support that; elsewhere it becomes a waiting reader. */
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

  read(descriptor: number, position: number, slots: PacketSlots, first: number, count: number, header: number): number {
    if (this.waits || slots.buffer !== this.#buffer) {
      return this.#waiting.read(descriptor, position, slots, first, count, header);
    }
    for (let i = 0; i < count; i++) {
      this.#scatter.set(i, slots.offsets[first + i]! + header, slots.lengths[first + i]! - header);
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
    while (whole < count && read >= slots.lengths[first + whole]! - header) {
      read -= slots.lengths[first + whole]! - header;
      whole++;
    }
    // Part of a packet was read: the rest is not in memory, or the file ends.
    if (whole === 0 && this.#scatter.read(descriptor, end, 1) === 0) {
      throw new EndOfFileError({ end, wanted: position + slots.lengths[first]! - header });
    }
    return whole;
  }
}
