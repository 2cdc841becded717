/** Reads from files without waiting for the disk, and read-ahead. */
import { Errno, type Libc } from './libc.js';
import { VECTOR_LENGTH } from './send-messages.js';
import { StructTable } from './struct-table.js';
import { SystemCallError } from './udp-socket.js';

const RWF_NOWAIT = 0x8;
const POSIX_FADV_WILLNEED = 3;

/** A file ends before the bytes to be read; `code` is libuv's. */
export class EndOfFileError extends Error {
  readonly code = 'EOF';

  /** The read was to end at byte `wanted`; the file ends at byte `end`, if that is known. */
  constructor({ wanted, end }: { wanted: number; end?: number }) {
    super(`the file ends${end === undefined ? '' : ` at ${end},`} before ${wanted}`);
  }
}

/** Scatter reads into one buffer. */
export class ScatterReader {
  readonly #libc: Libc;
  readonly #vectors: StructTable;
  readonly #dataAt: number;
  /** Referenced here, because the kernel writes to its address. */
  readonly data: Buffer;

  /** At most `capacity` pieces at once; not more than 1,024 (UIO_MAXIOV). */
  constructor(libc: Libc, data: Buffer, capacity: number) {
    this.#libc = libc;
    this.data = data;
    this.#vectors = new StructTable(libc, capacity * VECTOR_LENGTH);
    this.#dataAt = libc.address(data);
  }

  /** Piece `index` goes to `offset` of the data and is `length` bytes long. */
  set(index: number, offset: number, length: number): void {
    const vector = (index * VECTOR_LENGTH) / 4;
    this.#vectors.setLong(vector, this.#dataAt + offset); // iov_base
    this.#vectors.words[vector + 2] = length; // iov_len
  }

  /**
   * Fills pieces 0 … `count` − 1 from `position` of the file on, without waiting for the disk. Returns the bytes read,
   * or −errno: EAGAIN when none of it is in the page cache, EOPNOTSUPP when the file system cannot tell.
   */
  read(fd: number, position: number, count: number): number {
    const read = this.#libc.preadv2(fd, this.#vectors.address, count, position, RWF_NOWAIT);
    return read < 0 ? -this.#libc.errno() : read;
  }
}

/**
 * Has the kernel read a part of a file into the page cache. May wait for the disk, but not for the whole part. Throws
 * SystemCallError.
 */
export function willNeed(libc: Libc, fd: number, position: number, length: number): void {
  const errno = libc.posix_fadvise(fd, position, length, POSIX_FADV_WILLNEED);
  // File systems may ignore the advice; the part is then read on use.
  if (errno !== 0 && errno !== Errno.EINVAL) throw new SystemCallError('posix_fadvise', errno);
}
