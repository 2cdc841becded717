/** When a receiver sends a report, and its content: the more receivers, the more rarely each (RFC 3550, section 6.2). */

import { Millis, type PacketNumber } from '../base/units.js';
import type { FeedbackReport } from '../wire/feedback.js';
import type { ReceiverStats } from './receiver-stats.js';

const LEAST_INTERVAL = Millis(5_000);
/** Share of the station's rate for all reports: 5%, of which receivers have three quarters. */
const SHARE = 0.05 * 0.75;
/** Size of one with its headers. */
const REPORT_BITS = 8 * 160;

/** The fields of a report that the RTP receiver does not know. */
export interface Position {
  highest: PacketNumber;
  buffer: Millis;
  delay: Millis;
}

export class ReportSchedule {
  #members = 1;
  #dueAt: Millis;
  #expected = 0;
  #lost = 0;

  /** @param random numbers from 0 to 1, so that receivers do not report all at once */
  readonly #bitrate: number;
  readonly #random: () => number;

  constructor(bitrate: number, random: () => number, now: Millis) {
    this.#bitrate = bitrate;
    this.#random = random;

    this.#dueAt = Millis(now + this.interval * (0.5 + random()));
  }

  /** The mean time between two reports. */
  get interval(): Millis {
    return Millis(
      Math.max(LEAST_INTERVAL, (1000 * this.#members * REPORT_BITS) / (SHARE * Math.max(1, this.#bitrate))),
    );
  }

  /** Number of receivers of the station. */
  set members(count: number) {
    this.#members = count;
  }

  /** When the next is due. */
  get dueAt(): Millis {
    return this.#dueAt;
  }

  /** The report if it is due, null otherwise. */
  take(reception: () => ReceiverStats, position: () => Position, now: Millis): FeedbackReport | null {
    if (now < this.#dueAt) return null;
    this.#dueAt = Millis(now + this.interval * (0.5 + this.#random()));
    const { received, lost: unrepaired, lostBeforeRepair: lost, jitter } = reception();
    const expected = received + unrepaired;
    const expectedSince = expected - this.#expected;
    const fractionLost = expectedSince > 0 ? Math.min(1, (lost - this.#lost) / expectedSince) : 0;
    this.#expected = expected;
    this.#lost = lost;
    return { received, lost, unrepaired, fractionLost, jitter, ...position() };
  }
}
