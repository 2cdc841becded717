/** The timers of the page and its worker. */

import type { Timers } from '../../../../src/base/timers.js';
import { Millis } from '../../../../src/base/units.js';

/** `now`: milliseconds since the Unix epoch, by this machine's clock as of the page's opening; it never goes back. */
export const pageTimers: Timers = {
  now: () => Millis(performance.timeOrigin + performance.now()),
  after: (delay, run) => {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
};
