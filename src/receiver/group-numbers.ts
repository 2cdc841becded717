/** Absolute numbers of a group's packets, which carry the last 16 bits of theirs. No clock. */

import { Millis, PacketNumber, SEQUENCE_MODULUS, unwrap } from '../base/units.js';
import type { StationInfo } from '../wire/station-info.js';
import { TS_GROUP_LENGTH } from '../wire/ts.js';

/** After this time without a packet, the packets that would have come are counted in. */
const SILENCE = Millis(1_000);

/** Packets a second of a station, on average. JPEG pictures fill theirs about as well as transport streams do. */
export const packetRate = ({ bitrate }: Pick<StationInfo, 'bitrate'>): number => bitrate / 8 / TS_GROUP_LENGTH;

export class GroupNumbers {
  #highest: PacketNumber | null = null;
  /** When that packet came or was announced, and when the group's last packet came. */
  #lastAt = Millis(0);
  #arrivedAt: Millis | null = null;

  /** `rate` in packets a second. */
  readonly #rate: number;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** The highest number so far; null before the first. */
  get highest(): PacketNumber | null {
    return this.#highest;
  }

  /** Whether the group sent anything within the last two seconds. */
  isActive(now: Millis): boolean {
    return this.#arrivedAt !== null && now - this.#arrivedAt < 2 * SILENCE;
  }

  /** The server is about to send packet `next`. */
  anchor(next: PacketNumber, now: Millis): void {
    this.#highest = next;
    this.#lastAt = now;
  }

  /** The number of a packet that came at `now`. */
  take(sequenceNumber: number, now: Millis): PacketNumber {
    const quiet = now - this.#lastAt;
    const highest = this.#highest ?? sequenceNumber;
    const near = quiet < SILENCE ? highest : highest + Math.round((quiet / 1000) * this.#rate);
    const n = PacketNumber(unwrap(sequenceNumber, near, SEQUENCE_MODULUS));
    if (this.#highest === null || n > this.#highest || quiet >= SILENCE) this.#highest = n;
    this.#lastAt = now;
    this.#arrivedAt = now;
    return n;
  }
}
