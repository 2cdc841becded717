/** The reports of a station's viewers as statistics that a few of them cannot move. No clock. */

import type { Party } from '../base/fair-shares.js';
import { Millis, type PacketNumber, ticksToMillis } from '../base/units.js';
import type { Percentiles, ReceptionReports } from '../contract/server-view.js';
import type { FeedbackReport } from '../wire/feedback.js';

/** Time until a report is forgotten: after three of the longest intervals the viewer is gone. */
const LIFETIME = Millis(90_000);
/** Share of the addresses that statistics leave out at each end, one at least of three: they may be wrong, or lie. */
const TRIMMED = 0.1;
const LEAST_TRIMMED = 3;

/** Greatest jitter that a receiver can measure, and greatest buffer that one can have. */
const MOST_JITTER = Millis(60_000);
const MOST_BUFFER = Millis(86_400_000);
/** How far a picture can be ahead of the station by the receiver's clock. */
const MOST_AHEAD = Millis(60_000);
/**
 * Time that a receiver's first report counts for: they come 7.5 s after it began, or more rarely where there are thousands.
 * One that has counted longer, on another server, adds nothing until its next report.
 */
const FIRST_SPAN = Millis(15_000);
/** Time that any report may count for more than has passed: it may have been under way. */
const SLACK = Millis(1_000);
/** Packets a millisecond that a flow brings, beside those of the group. */
const FLOW_RATE = 8;

interface Latest {
  readonly address: string;
  readonly at: Millis;
  readonly report: FeedbackReport;
}

const totals = ['received', 'lost', 'unrepaired'] as const;

export class Reports {
  /** By the client's key. */
  readonly #latest = new Map<string, Latest>();
  readonly #totals = { received: 0, lost: 0, unrepaired: 0 };

  /**
   * Takes a report of a receiver, of a station that sends `rate` packets a millisecond and will send `newest` soon. Ignores
   * one that no receiver can make.
   */
  take(
    { address, key }: Party,
    report: FeedbackReport,
    { newest, rate, now }: { newest: PacketNumber; rate: number; now: Millis },
  ): void {
    if (!isPlausible(report, newest)) return;
    const before = this.#latest.get(key);
    const span = SLACK + (before === undefined ? FIRST_SPAN : now - before.at);
    // A receiver counts from when it began. One that begins again under the same key counts from 0.
    const added = totals.map((name) => report[name] - (continues(report, before?.report) ? before!.report[name] : 0));
    const most = totals.map((name) => span * (name === 'received' ? rate + FLOW_RATE : 2 * rate));
    if (added.every((packets, i) => packets <= most[i]!)) {
      for (const [i, name] of totals.entries()) this.#totals[name] += added[i]!;
    }
    this.#latest.delete(key); // It goes to the end: the map is in order of time.
    this.#latest.set(key, { address, at: now, report });
  }

  /** Forgets the report of a client that has left, but not its totals. */
  leave(key: string): void {
    this.#latest.delete(key);
  }

  stats(now: Millis): ReceptionReports {
    for (const [key, { at }] of this.#latest) {
      if (now - at < LIFETIME) break;
      this.#latest.delete(key);
    }
    const byAddress = new Map<string, FeedbackReport[]>();
    for (const { address, report } of this.#latest.values()) {
      const reports = byAddress.get(address);
      if (reports === undefined) byAddress.set(address, [report]);
      else reports.push(report);
    }
    const over = (value: (report: FeedbackReport) => number) => percentiles(trimmed(byAddress, value));
    return {
      receivers: this.#latest.size,
      ...this.#totals,
      loss: over(({ fractionLost }) => fractionLost),
      jitter: over(({ jitter }) => ticksToMillis(jitter)),
      buffer: over(({ buffer }) => buffer),
      delay: over(({ delay }) => delay),
    };
  }
}

const isPlausible = ({ jitter, buffer, delay, highest }: FeedbackReport, newest: PacketNumber): boolean =>
  ticksToMillis(jitter) <= MOST_JITTER && buffer <= MOST_BUFFER && delay >= -MOST_AHEAD && highest <= newest;

const continues = (report: FeedbackReport, before: FeedbackReport | undefined): boolean =>
  before !== undefined && totals.every((name) => report[name] >= before[name]);

/** In ascending order, the median of each address, without the least and the greatest. */
function trimmed(
  byAddress: ReadonlyMap<string, readonly FeedbackReport[]>,
  value: (report: FeedbackReport) => number,
): number[] {
  const medians = Array.from(byAddress.values(), (reports) => {
    const first = reports[0]!;
    return reports.length === 1 ? value(first) : rank(ascending(reports.map(value)), 0.5);
  });
  const count = medians.length < LEAST_TRIMMED ? 0 : Math.max(1, Math.floor(medians.length * TRIMMED));
  return ascending(medians).slice(count, medians.length - count);
}

const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);

/** The nearest-rank percentile of ascending values; 0 without values. */
const rank = (values: readonly number[], share: number): number =>
  values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;

const percentiles = (values: readonly number[]): Percentiles => ({ p50: rank(values, 0.5), p95: rank(values, 0.95) });
