/**
 * The one clock of a server. Everything below the top is passed the time; only this module reads a clock.
 *
 * What is on the air is a function of the wall clock, so a step of the system clock would be a step in every station.
 * This clock therefore runs on the monotonic clock and is slewed towards the wall clock. Its parameters lie in shared
 * memory, so all threads of the server read the same clock.
 */
import { Millis } from '../base/units.js';

/** The system's two clocks in milliseconds: since the Unix epoch, and from an arbitrary origin but never stepped. */
export interface ClockSource {
  wall(): Millis;
  monotonic(): Millis;
}

export const systemClocks: ClockSource = { wall: wallTime, monotonic: monotonicTime };

/** Readings of both clocks, of which the best is taken: the thread may be suspended between the two. */
const READINGS = 3;

/**
 * Each thread may count `performance.now()` from its own origin; `process.hrtime()` has one origin for all. A pause
 * between the two readings makes their difference too large.
 */
const threadOffset = Math.min(...Array.from({ length: READINGS }, () => -performance.now() + hrtimeMillis()));

function hrtimeMillis(): Millis {
  const [seconds, nanoseconds] = process.hrtime();
  return Millis(seconds * 1000 + nanoseconds / 1e6);
}

/** Monotonic time, equal in all threads within some microseconds. Allocates nothing. */
function monotonicTime(): Millis {
  return Millis(performance.now() + threadOffset);
}

/** `Date.now()` has whole milliseconds: it is exact when read as one begins. Takes at most 1 ms. */
function wallTime(): Millis {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return Millis(now);
}

/** Largest slew: no player notices 0.1%. */
const SLEW_RATE = 0.001;
/** Period of adjustments. A small offset is gone by the next one, without overshooting. */
export const ADJUSTMENT_PERIOD = Millis(10_000);

/**
 * The clock is a line: time = base + (monotonic − origin) × rate. It is stored twice; the parity of a counter selects
 * the copy that is complete while the other is written.
 */
const LINE = { origin: 0, base: 1, rate: 2, length: 3 } as const;
const COUNTER_BYTES = 8;

/** Time since the Unix epoch that never jumps and never runs backwards, in any thread. */
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
      const time = Millis(lines[at + LINE.base]! + (monotonic - lines[at + LINE.origin]!) * lines[at + LINE.rate]!);
      // Overwritten meanwhile: this thread was suspended from one adjustment to the next but one.
      if (Atomics.load(this.counter, 0) === count) return time;
    }
  }
}

/** Wall clock minus monotonic clock. A pause between the two readings makes it too small. */
const wallOffset = ({ wall, monotonic }: ClockSource): Millis =>
  Millis(Math.max(...Array.from({ length: READINGS }, () => wall() - monotonic())));

/**
 * The owner of the clock. Responsible for: following the system clock, however far it was stepped, by running 0.1%
 * faster or slower.
 */
export class SlewingClock extends Clock {
  #offset = Millis(0);

  constructor(source: ClockSource = systemClocks) {
    super(new SharedArrayBuffer(COUNTER_BYTES + 2 * LINE.length * 8), source);
    const monotonic = source.monotonic();
    this.lines.set([monotonic, monotonic + wallOffset(source), 1], LINE.length);
    Atomics.store(this.counter, 0, 1);
  }

  /** Compares this clock with the system's and sets its rate. Call it every ADJUSTMENT_PERIOD. */
  adjust(): void {
    const offset = wallOffset(this.source);
    const monotonic = this.source.monotonic();
    const time = this.timeAt(monotonic);
    this.#offset = Millis(monotonic + offset - time);
    const slew = Math.max(-SLEW_RATE, Math.min(SLEW_RATE, this.#offset / ADJUSTMENT_PERIOD));
    const count = Atomics.load(this.counter, 0) + 1;
    this.lines.set([monotonic, time, 1 + slew], (count & 1) * LINE.length);
    Atomics.store(this.counter, 0, count);
  }

  /** Offset of the system clock from this one at the last adjustment; far from 0 only after a step. */
  get offset(): Millis {
    return this.#offset;
  }
}
