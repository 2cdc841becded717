import { messageOf } from '../base/problem.js';
import { Millis } from '../base/units.js';

/** Without an error for this long, a station has recovered: the next error is reported again. */
export const RECOVERY = Millis(10_000);

/** Codes of failed system calls ("EIO", and libuv's "EOF"), but none of Node.js's own ("ERR_OUT_OF_RANGE"). */
const SYSTEM_CODE = /^E[A-Z0-9]+$/;

/** The code of a failed system call. Throws every other error again: that is a fault of the program, not of a disk. */
function systemCodeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && SYSTEM_CODE.test(error.code)) {
    return error.code;
  }
  throw error;
}

export interface ReadError {
  code: string;
  message: string;
}

/** Decides which read errors of one station are reported: each code once, and again after the station has recovered. */
export class ReadErrors {
  /** When each code occurred last. */
  readonly #lastAt = new Map<string, Millis>();

  /** The error to report, or null for one that is known. Throws `error` where no system call failed. */
  take(error: unknown, now: Millis): ReadError | null {
    const code = systemCodeOf(error);
    return this.isNew(code, now) ? { code, message: messageOf(error) } : null;
  }

  /** Notes that `code` has occurred; true where that is to be reported. */
  isNew(code: string, now: Millis): boolean {
    const lastAt = this.#lastAt.get(code);
    this.#lastAt.set(code, now);
    return lastAt === undefined || now - lastAt >= RECOVERY;
  }
}
