/** Absolute numbers of what comes from a group, whose packets carry the last 16 bits of theirs. No clock. */

import { type Millis, type PacketNumber, SEQUENCE_MODULUS, unwrap } from '../base/units.js';
import type { StationInfo } from '../wire/station-info.js';
import { TS_GROUP_LENGTH } from '../wire/ts.js';

/** After so long without a packet, how many there would have been is taken into account. */
const SILENCE: Millis = 1_000;

/** Packets of a station in a second, on average; pictures fill theirs about as well as transport streams do. */
export const packetRate = ({ bitrate }: Pick<StationInfo, 'bitrate'>): number => bitrate / 8 / TS_GROUP_LENGTH;

export class GroupNumbers {
  #highest: PacketNumber | null = null;
  /** When it was so, and when the group was heard last. */
  #lastAt: Millis = 0;
  #heardAt: Millis | null = null;

  /** `rate` in packets a second. */
  constructor(private readonly rate: number) {}

  /** The highest number so far; null before the first. */
  get highest(): PacketNumber | null {
    return this.#highest;
  }

  /** Whether something came from the group of late. */
  isHeard(now: Millis): boolean {
    return this.#heardAt !== null && now - this.#heardAt < 2 * SILENCE;
  }

  /** The server has said that `next` is about to leave. */
  place(next: PacketNumber, now: Millis): void {
    this.#highest = next;
    this.#lastAt = now;
  }

  /** The number of a packet that came at `now`. */
  take(sequenceNumber: number, now: Millis): PacketNumber {
    const quiet = now - this.#lastAt;
    const highest = this.#highest ?? sequenceNumber;
    const near = quiet < SILENCE ? highest : highest + Math.round((quiet / 1000) * this.rate);
    const n = unwrap(sequenceNumber, near, SEQUENCE_MODULUS);
    if (this.#highest === null || n > this.#highest || quiet >= SILENCE) this.#highest = n;
    this.#lastAt = now;
    this.#heardAt = now;
    return n;
  }
}
