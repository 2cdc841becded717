/** Time for code that lives on sockets; passed in, so that tests turn it by hand. */
import { performance } from 'node:perf_hooks';
import { Millis } from './units.js';

export interface Timers {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): Millis;
  /** Runs once after `delay`, unless the function that it returns is called first. */
  after(delay: Millis, run: () => void): () => void;
}

export const systemTimers: Timers = {
  now: () => Millis(performance.now()),
  after: (delay, run) => {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
};
