/** The reports of a station's viewers as statistics. No clock. */

import { Millis, ticksToMillis } from '../base/units.js';
import type { Percentiles, ReceptionReports } from '../contract/server-view.js';
import type { FeedbackReport } from '../wire/feedback.js';

/** Time until a report is forgotten: after three of the longest intervals the viewer is gone. */
const LIFETIME = Millis(90_000);

interface Latest {
  at: Millis;
  report: FeedbackReport;
}

const totals = ['received', 'lost', 'unrepaired'] as const;

export class Reports {
  readonly #latest = new Map<string, Latest>();
  readonly #totals = { received: 0, lost: 0, unrepaired: 0 };

  /** Takes a report of the receiver with this key. */
  take(key: string, report: FeedbackReport, now: Millis): void {
    const before = this.#latest.get(key)?.report;
    for (const name of totals) {
      // A receiver counts from when it began. One that begins again under the same key counts from 0.
      const known = before !== undefined && report[name] >= before[name] ? before[name] : 0;
      this.#totals[name] += report[name] - known;
    }
    this.#latest.delete(key); // It goes to the end: the map is in order of time.
    this.#latest.set(key, { at: now, report });
  }

  stats(now: Millis): ReceptionReports {
    for (const [key, { at }] of this.#latest) {
      if (now - at < LIFETIME) break;
      this.#latest.delete(key);
    }
    const all = [...this.#latest.values()].map(({ report }) => report);
    return {
      receivers: all.length,
      ...this.#totals,
      loss: percentiles(all.map(({ fractionLost }) => fractionLost)),
      jitter: percentiles(all.map(({ jitter }) => ticksToMillis(jitter))),
      buffer: percentiles(all.map(({ buffer }) => buffer)),
      delay: percentiles(all.map(({ delay }) => delay)),
    };
  }
}

/** The nearest-rank percentiles; 0 without values. */
function percentiles(values: number[]): Percentiles {
  values.sort((a, b) => a - b);
  const rank = (share: number) => values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
  return { p50: rank(0.5), p95: rank(0.95) };
}
