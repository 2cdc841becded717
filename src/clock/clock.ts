/**
 * The one clock of a server. Everything below the top is handed the time; only this module reads it.
 *
 * What is on the air is a function of the wall clock, so a step of the system's clock would be a step in every
 * station. This clock therefore runs on the monotonic clock and is drawn towards the wall clock slowly. All threads of
 * the server read it: it stands in memory that they share.
 */
import type { Millis } from '../base/units.js';

/** The two clocks of the system, milliseconds: since the Unix epoch, and from any beginning but never stepped. */
export interface ClockSource {
  wall(): Millis;
  monotonic(): Millis;
}

export const systemClocks: ClockSource = { wall: wallTime, monotonic: monotonicTime };

/** Readings of two clocks between which the thread may have been held up: the best of so many is taken. */
const READINGS = 3;

/**
 * Each thread may count `performance.now()` from a beginning of its own; `process.hrtime()` is the same in all. A
 * pause between the two makes their distance too large.
 */
const threadOffset = Math.min(...Array.from({ length: READINGS }, () => -performance.now() + hrtimeMillis()));

function hrtimeMillis(): Millis {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The same in every thread, to some microseconds; allocates nothing. */
function monotonicTime(): Millis {
  return performance.now() + threadOffset;
}

/** `Date.now()` has whole milliseconds: read when one begins, it is exact. Takes at most 1 ms. */
function wallTime(): Millis {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return now;
}

/** While drawn towards the wall clock, this clock runs at most 0.1% faster or slower: no player notices. */
const SLEW_RATE = 0.001;
/** How often the clock's owner adjusts it. A small offset is gone by the next time, without overshooting. */
export const ADJUSTMENT_PERIOD: Millis = 10_000;

/**
 * The clock is a line: time = base + (monotonic − origin) × rate. Two lines take turns, told by the parity of a counter,
 * so that one is whole while the other is written.
 */
const LINE = { origin: 0, base: 1, rate: 2, length: 3 } as const;
const COUNTER_BYTES = 8;

/** A time since the Unix epoch that never jumps and never runs backwards, in any thread. */
export class Clock {
  /** For `new Clock` in another thread. */
  readonly shared: SharedArrayBuffer;
  protected readonly counter: Int32Array;
  protected readonly lines: Float64Array;
  protected readonly source: ClockSource;

  constructor(shared: SharedArrayBuffer, source: ClockSource = systemClocks) {
    this.shared = shared;
    this.counter = new Int32Array(shared, 0, 1);
    this.lines = new Float64Array(shared, COUNTER_BYTES);
    this.source = source;
  }

  /** Milliseconds since the Unix epoch, with a fraction. */
  now(): Millis {
    return this.timeAt(this.source.monotonic());
  }

  protected timeAt(monotonic: Millis): Millis {
    for (;;) {
      const count = Atomics.load(this.counter, 0);
      const at = (count & 1) * LINE.length;
      const { lines } = this;
      const time = lines[at + LINE.base]! + (monotonic - lines[at + LINE.origin]!) * lines[at + LINE.rate]!;
      // Written meanwhile: this thread was held up for longer than an adjustment takes to follow another.
      if (Atomics.load(this.counter, 0) === count) return time;
    }
  }
}

/** The wall clock less the monotonic one. A pause between reading the two makes it too small. */
const wallOffset = ({ wall, monotonic }: ClockSource): Millis =>
  Math.max(...Array.from({ length: READINGS }, () => wall() - monotonic()));

/**
 * The clock's owner. It is in charge of:
 * - following the system's clock, however far that was stepped, by running 0.1% faster or slower
 */
export class SlewingClock extends Clock {
  #offset: Millis = 0;

  constructor(source: ClockSource = systemClocks) {
    super(new SharedArrayBuffer(COUNTER_BYTES + 2 * LINE.length * 8), source);
    const monotonic = source.monotonic();
    this.lines.set([monotonic, monotonic + wallOffset(source), 1], LINE.length);
    Atomics.store(this.counter, 0, 1);
  }

  /** Compares this clock with the system's and sets how fast it runs from now on. Called every ADJUSTMENT_PERIOD. */
  adjust(): void {
    const offset = wallOffset(this.source);
    const monotonic = this.source.monotonic();
    const time = this.timeAt(monotonic);
    this.#offset = monotonic + offset - time;
    const slew = Math.max(-SLEW_RATE, Math.min(SLEW_RATE, this.#offset / ADJUSTMENT_PERIOD));
    const count = Atomics.load(this.counter, 0) + 1;
    this.lines.set([monotonic, time, 1 + slew], (count & 1) * LINE.length);
    Atomics.store(this.counter, 0, count);
  }

  /** How far the system's clock was ahead of this one at the last adjustment; other than about 0 only after a step. */
  get offset(): Millis {
    return this.#offset;
  }
}
