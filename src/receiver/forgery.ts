/** What is said where somebody else sends to a station's group. */
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import type { StationInfo } from '../wire/station-info.js';

type SentTo = Pick<StationInfo, 'name' | 'group' | 'port'>;

/** Packets came from an address that none of the station's servers has; they were dropped. */
export const strangerProblem = ({ name, group, port }: SentTo, address: string): Problem =>
  new Problem(
    'network',
    `${address} also sends to the group of ${name} (${group}:${port}), and is none of its servers: its packets are dropped`,
    'Find out what that machine sends, or give the station another group.',
  );

/** A packet came twice, with different content; the first was taken. */
export const conflictProblem = ({ name, group, port }: SentTo): Problem =>
  new Problem(
    'network',
    `${name} has packets in two versions: another machine sends to ${group}:${port} with the address of its server`,
    'What was received may be forged. Look for that machine at the switch.',
  );

/** Period of looking for signs of forgery. */
const WATCH_PERIOD = Millis(1_000);

/** Responsible for: reporting, once each, that others send to the group, and that there are two versions of a packet. */
export class ForgeryWatch {
  readonly #station: SentTo;
  #lookedAt = Millis(Number.NEGATIVE_INFINITY);
  #hasStranger = false;
  #hasConflict = false;

  constructor(station: SentTo) {
    this.#station = station;
  }

  isDue(now: Millis): boolean {
    return now - this.#lookedAt >= WATCH_PERIOD;
  }

  /** `stranger`: an address whose packets were dropped; `conflicting`: copies that differ. Returns what is new. */
  look({ stranger, conflicting }: { stranger: string | null; conflicting: number }, now: Millis): Problem[] {
    this.#lookedAt = now;
    const problems: Problem[] = [];
    if (stranger !== null && !this.#hasStranger) {
      this.#hasStranger = true;
      problems.push(strangerProblem(this.#station, stranger));
    }
    if (conflicting > 0 && !this.#hasConflict) {
      this.#hasConflict = true;
      problems.push(conflictProblem(this.#station));
    }
    return problems;
  }
}
