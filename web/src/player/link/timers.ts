/** Time for what lives on the page: passed in, so that a test turns it by hand. */

export interface Timers {
  /** Milliseconds since the Unix epoch by this machine's clock as it was when the page was opened; never goes back. */
  now(): number;
  /** Runs once after `delay`, unless the function that it returns is called first. */
  after(delay: number, run: () => void): () => void;
}

export const pageTimers: Timers = {
  now: () => performance.timeOrigin + performance.now(),
  after: (delay, run) => {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
};
