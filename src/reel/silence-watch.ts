/** Whether a child that says nothing still works: its own reports, and what the system says that it reads. */
import type { Timers } from '../base/timers.js';
import type { Millis } from '../base/units.js';

/** Bytes that may be read without a report, in files of the source's length: one call of FFmpeg reads it once, and its index. */
const MOST_READINGS = 2;

/**
 * Responsible for calling `onSilence`, once, when the child has neither reported nor read for `limit`. FFmpeg may search a
 * damaged file of many gigabytes in one call, in which nothing can be reported.
 */
export class SilenceWatch {
  readonly #options: Options;
  #cancel: () => void;
  /** Bytes read at the last report, and when they were looked at last. */
  #atReport: number;
  #atLook: number;

  constructor(options: Options) {
    this.#options = options;
    this.#atReport = options.bytesRead() ?? 0;
    this.#atLook = this.#atReport;
    this.#cancel = this.#watch();
  }

  /** Takes a report of the child. */
  report(): void {
    this.#atReport = this.#options.bytesRead() ?? 0;
    this.#atLook = this.#atReport;
    this.#cancel();
    this.#cancel = this.#watch();
  }

  end(): void {
    this.#cancel();
  }

  #watch(): () => void {
    const { timers, limit } = this.#options;
    return timers.after(limit, () => this.#look());
  }

  #look(): void {
    const { bytesRead, sourceSize, onSilence } = this.#options;
    const bytes = bytesRead() ?? 0;
    const reads = bytes > this.#atLook && bytes - this.#atReport <= MOST_READINGS * sourceSize;
    this.#atLook = bytes;
    if (reads) this.#cancel = this.#watch();
    else onSilence();
  }
}

interface Options {
  timers: Timers;
  limit: Millis;
  /** Bytes of the file that the child works on; 0 where there is none. */
  sourceSize: number;
  /** What the child has read from files so far; null where that cannot be told. */
  bytesRead(): number | null;
  onSilence(): void;
}
