/** When a silent group is joined again. No sockets, no clock. */
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import type { StationInfo } from '../wire/station-info.js';

/**
 * Silence of a group after which its server is asked whether the station is on the air, and if so the group is joined again: a
 * switch or this host may have lost the membership, and nothing else shows that. Afterwards twice the time each.
 */
const FIRST_WAIT = Millis(5_000);
const LONGEST_WAIT = Millis(60_000);

/**
 * States of a group:
 *
 *              FIRST_WAIT without a packet
 *     ┌─────────┐ ───────────────► ┌───────┐
 *     │ waiting │      ask         │ asked │─┐ no answer, or off the air:
 *     └─────────┘ ◄─────────────── └───────┘ │ ask after twice the time
 *               on the air: join again    ▲──┘
 */
export class SilentGroup {
  /** The last packet, or the last time that the group was joined. */
  #since = Millis(Number.NEGATIVE_INFINITY);
  #wait = FIRST_WAIT;
  #askedAt: Millis | null = null;

  /**
   * Returns what is to be done now. `quietSince` is when the last packet came, or the group was first joined; `onAirAt` when
   * the server last said that it sends the station, null before.
   */
  look(quietSince: Millis, onAirAt: Millis | null, now: Millis): 'ask' | 'join' | null {
    if (quietSince > this.#since) {
      this.#since = quietSince;
      this.#wait = FIRST_WAIT;
      this.#askedAt = null;
    }
    if (this.#askedAt !== null && onAirAt !== null && onAirAt >= this.#askedAt) {
      this.#since = now;
      this.#askedAt = null;
      this.#double();
      return 'join';
    }
    if (now - (this.#askedAt ?? this.#since) < this.#wait) return null;
    if (this.#askedAt !== null) this.#double();
    this.#askedAt = now;
    return 'ask';
  }

  #double(): void {
    this.#wait = Millis(Math.min(LONGEST_WAIT, 2 * this.#wait));
  }
}

export const silenceProblem = ({ name, group, port }: Pick<StationInfo, 'name' | 'group' | 'port'>): Problem =>
  new Problem(
    'network',
    `Nothing of ${name} arrives from ${group}:${port} although its server sends it: the group is joined again`,
    `If this comes back every few minutes, enable an IGMP querier on the switch; if nothing ever arrives, let UDP port ${port} through the firewall.`,
  );
