/** Waiting for descriptors: for a thread that has nothing else to do. */
import { readSync } from 'node:fs';
import { Errno, type Libc } from './libc.js';
import { StructTable } from './struct-table.js';
import { SystemCallError } from './udp-socket.js';

/** struct pollfd: fd 4, events 2, revents 2. */
const POLLFD_LENGTH = 8;
const POLLIN = 1;

const EFD_CLOEXEC = 0x80000;
const EFD_NONBLOCK = 0x800;

/** Waits until one of its descriptors has something to be read. */
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

  /** Waits for `timeout` milliseconds at most, which may have a fraction. Throws SystemCallError. */
  wait(timeout: number): void {
    const { words } = this.#descriptors;
    for (let i = 0; i < this.#count; i++) words[i * 2 + 1] = POLLIN;
    const seconds = Math.floor(timeout / 1000);
    this.#timeout.writeUInt32LE(seconds, 0);
    this.#timeout.writeUInt32LE(Math.floor((timeout - seconds * 1000) * 1e6), 8);
    const ready = this.#libc.ppoll(this.#descriptors.address, this.#count, this.#timeout, null);
    if (ready >= 0) return;
    // Nothing is ready, then.
    for (let i = 0; i < this.#count; i++) words[i * 2 + 1] = 0;
    const errno = this.#libc.errno();
    if (errno !== Errno.EINTR) throw new SystemCallError('ppoll', errno);
  }

  /** Whether descriptor `i` had something to be read, or an error to be told, when the last wait ended. */
  isReady(i: number): boolean {
    return this.#descriptors.words[i * 2 + 1]! >>> 16 !== 0;
  }
}

/** A descriptor that any thread of the process can ring: by writing 8 bytes, the first of them 1, to it. */
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

  /** Makes it not ready any more. To be called only when it is. */
  clear(): void {
    readSync(this.fd, this.#value);
  }

  close(): void {
    this.#libc.close(this.fd);
  }
}

/** What rings an EventDescriptor. */
export const RING: Buffer = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
