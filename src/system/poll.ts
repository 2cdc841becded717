/** Waits for descriptors, in a thread that has no event loop. */
import { readSync } from 'node:fs';
import { Errno, type Libc } from './libc.js';
import { StructTable } from './struct-table.js';
import { SystemCallError } from './udp-socket.js';

/** struct pollfd: fd 4, events 2, revents 2. */
const POLLFD_LENGTH = 8;
const POLLIN = 1;

const EFD_CLOEXEC = 0x80000;
const EFD_NONBLOCK = 0x800;

/** Waits until one of its descriptors is readable. */
export class Poller {
  readonly #libc: Libc;
  readonly #descriptors: StructTable;
  readonly #count: number;
  /** struct timespec: seconds 8, nanoseconds 8. */
  readonly #timeout = Buffer.alloc(16);

  constructor(libc: Libc, descriptors: readonly number[]) {
    this.#libc = libc;
    this.#count = descriptors.length;
    this.#descriptors = new StructTable(libc, Math.max(1, descriptors.length) * POLLFD_LENGTH);
    for (const [i, fd] of descriptors.entries()) this.#descriptors.words[i * 2] = fd;
  }

  /** Waits at most `timeout` milliseconds, which may have a fraction. Throws SystemCallError. */
  wait(timeout: number): void {
    const { words } = this.#descriptors;
    for (let i = 0; i < this.#count; i++) words[i * 2 + 1] = POLLIN;
    const seconds = Math.floor(timeout / 1000);
    this.#timeout.writeUInt32LE(seconds, 0);
    this.#timeout.writeUInt32LE(Math.floor((timeout - seconds * 1000) * 1e6), 8);
    const ready = this.#libc.ppoll(this.#descriptors.address, this.#count, this.#timeout, null);
    if (ready >= 0) return;
    // Interrupted: nothing is ready.
    for (let i = 0; i < this.#count; i++) words[i * 2 + 1] = 0;
    const errno = this.#libc.errno();
    if (errno !== Errno.EINTR) throw new SystemCallError('ppoll', errno);
  }

  /** Whether descriptor `i` was readable, or had an error, at the end of the last wait. */
  isReady(i: number): boolean {
    return this.#descriptors.words[i * 2 + 1]! >>> 16 !== 0;
  }
}

/** A descriptor that any thread of the process can signal, by writing 8 bytes to it, of which the first is 1. */
export class EventDescriptor {
  readonly #libc: Libc;
  readonly fd: number;
  readonly #value = Buffer.alloc(8);

  /** Throws SystemCallError. */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.fd = libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (this.fd < 0) throw new SystemCallError('eventfd', libc.errno());
  }

  /** Clears the signal. Call it only while signalled. */
  clear(): void {
    readSync(this.fd, this.#value);
  }

  close(): void {
    this.#libc.close(this.fd);
  }
}

/** The bytes that signal an EventDescriptor. */
export const RING: Buffer = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
