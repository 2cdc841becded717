/** What the viewers of a station report, in stats. No clock. */

import { type Millis, ticksToMillis } from '../base/units.js';
import type { FeedbackReport } from '../wire/feedback.js';

/** A report is forgotten after three of the longest intervals: then nobody is there. */
const LIFETIME: Millis = 90_000;

/** Over the viewers who report. */
export interface Percentiles {
  p50: number;
  p95: number;
}

export interface StationReports {
  /** How many have reported lately. */
  receivers: number;
  /** Totals of all viewers since the server began: packets come, missing before repair, and after it. */
  received: number;
  lost: number;
  unrepaired: number;
  /** Share of the packets missing before repair, of late, 0 to 1. */
  loss: Percentiles;
  /** Milliseconds. */
  jitter: Percentiles;
  buffer: Percentiles;
  delay: Percentiles;
}

interface Latest {
  at: Millis;
  report: FeedbackReport;
}

const totals = ['received', 'lost', 'unrepaired'] as const;

export class Reports {
  readonly #latest = new Map<string, Latest>();
  readonly #totals = { received: 0, lost: 0, unrepaired: 0 };

  /** `key` tells one receiver from another. */
  take(key: string, report: FeedbackReport, now: Millis): void {
    const before = this.#latest.get(key)?.report;
    for (const name of totals) {
      // A receiver counts from when it began; one that begins anew under the same key counts from 0 again.
      const known = before !== undefined && report[name] >= before[name] ? before[name] : 0;
      this.#totals[name] += report[name] - known;
    }
    this.#latest.delete(key); // and back in at the end: the map is in order of time
    this.#latest.set(key, { at: now, report });
  }

  stats(now: Millis): StationReports {
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

/** The nearest-rank percentiles; 0 of nothing. */
function percentiles(values: number[]): Percentiles {
  values.sort((a, b) => a - b);
  const rank = (share: number) => values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;
  return { p50: rank(0.5), p95: rank(0.95) };
}
