/** Reads a file for its length and checksum. Runs in the child process; synchronous. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { fileProblem } from '../../base/file-problem.js';
import { IrregularFileError } from '../../base/regular-file.js';
import type { Measured } from '../verifications.js';

/** Bytes read at once. */
const STEP = 1 << 20;

/**
 * Reads at most `rate` bytes a second; `onProgress` gets the share read. Throws a Problem where the file cannot be read.
 */
export function measure(options: { path: string; rate: number }, onProgress: (done: number) => void): Measured {
  try {
    return measured(options, onProgress);
  } catch (error) {
    throw fileProblem(error, { code: 'store', path: options.path, access: 'read' });
  }
}

function measured({ path, rate }: { path: string; rate: number }, onProgress: (done: number) => void): Measured {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new IrregularFileError(path);
    const block = Buffer.allocUnsafe(STEP);
    const pause = new Int32Array(new SharedArrayBuffer(4));
    const began = performance.now();
    let bytes = 0;
    let checksum = 0;
    for (;;) {
      const read = readSync(file, block, 0, STEP, bytes);
      if (read === 0) return { bytes, checksum, inode: stats.ino, mtimeMs: stats.mtimeMs };
      checksum = crc32(block.subarray(0, read), checksum);
      bytes += read;
      onProgress(bytes / stats.size);
      const early = (bytes / rate) * 1_000 - (performance.now() - began);
      if (early > 0) Atomics.wait(pause, 0, 0, early);
    }
  } finally {
    closeSync(file);
  }
}
