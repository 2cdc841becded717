/** Opening paths that a user names: a pipe, a device or a socket in the place of a file would block for ever. */
import { createHash } from 'node:crypto';
import { close, constants, fstat, open, read, readFile } from 'node:fs';
import { promisify } from 'node:util';
import { systemPath } from './path-bytes.js';

/** A path leads to a folder, a pipe, a device or a socket. */
export class IrregularFileError extends Error {
  constructor(path: string) {
    super(`${path}: is not a file`);
    this.name = 'IrregularFileError';
  }
}

/** Opening a pipe waits for its writer without this flag; for files it means nothing. Windows has none. */
const NO_WAIT = constants.O_NONBLOCK ?? 0;

/**
 * Opens a file for reading; the descriptor is plain, so that all threads can use it. What is opened is looked at, not the path:
 * nothing can take its place in between. Rejects with the system's error, or an IrregularFileError.
 */
export async function openRegular(path: string): Promise<number> {
  const descriptor = await new Promise<number>((resolve, reject) => {
    open(systemPath(path), constants.O_RDONLY | NO_WAIT, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  try {
    if ((await promisify(fstat)(descriptor)).isFile()) return descriptor;
    throw new IrregularFileError(path);
  } catch (error) {
    await promisify(close)(descriptor);
    throw error;
  }
}

/** Reads a small file as a whole. Rejects as `openRegular` does, and with a RangeError where it has more than `most` bytes. */
export async function readRegular(path: string, most: number): Promise<Buffer> {
  const descriptor = await openRegular(path);
  try {
    const { size } = await promisify(fstat)(descriptor);
    if (size > most) throw new RangeError(`${path}: has ${size} bytes, more than ${most}`);
    return await promisify(readFile)(descriptor);
  } finally {
    await promisify(close)(descriptor);
  }
}

/** SHA-256 of a file's content, in hexadecimal digits. Rejects as `openRegular` does, and with the reason of `signal`. */
export async function hashRegular(path: string, signal?: AbortSignal): Promise<string> {
  const digest = createHash('sha256');
  const descriptor = await openRegular(path);
  try {
    // One buffer for all of it: a stream leaves one behind for each part, and collecting those takes as long as half the hash.
    const buffer = Buffer.allocUnsafeSlow(1 << 20);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await promisify(read)(descriptor, buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      digest.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await promisify(close)(descriptor);
  }
  return digest.digest('hex');
}
