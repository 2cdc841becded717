/** Reading files only as far as they are in memory, and having them brought there. */
import { Errno, type Libc } from './libc.js';
import { VECTOR_LENGTH } from './send-messages.js';
import { StructTable } from './struct-table.js';
import { SystemCallError } from './udp-socket.js';

const RWF_NOWAIT = 0x8;
const POSIX_FADV_WILLNEED = 3;

/** A file ended before the bytes that were to be read; `code` is that of libuv. */
export class EndOfFileError extends Error {
  readonly code = 'EOF';

  /** Reading was to go to byte `wanted`; the file ends at byte `end`, where that is known. */
  constructor({ wanted, end }: { wanted: number; end?: number }) {
    super(`the file ends${end === undefined ? '' : ` at ${end},`} before ${wanted}`);
  }
}

/** Reads into scattered pieces of one buffer. */
export class ScatterReader {
  readonly #libc: Libc;
  readonly #vectors: StructTable;
  readonly #dataAt: number;
  /** Kept, because the kernel writes at its address. */
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
   * Fills pieces 0 … `count` − 1 from `position` of the file on, unless that would mean waiting for the disk. Returns
   * the bytes read, or −errno: EAGAIN when nothing of it is in memory, EOPNOTSUPP when the file system cannot tell.
   */
  read(fd: number, position: number, count: number): number {
    const read = this.#libc.preadv2(fd, this.#vectors.address, count, position, RWF_NOWAIT);
    return read < 0 ? -this.#libc.errno() : read;
  }
}

/**
 * Asks the kernel to read a part of a file into its cache. May wait for the disk, but not for all of the part. Throws
 * SystemCallError.
 */
export function willNeed(libc: Libc, fd: number, position: number, length: number): void {
  const errno = libc.posix_fadvise(fd, position, length, POSIX_FADV_WILLNEED);
  // Advice that a file system does not take is no error: it is then read when it is needed.
  if (errno !== 0 && errno !== Errno.EINVAL) throw new SystemCallError('posix_fadvise', errno);
}
