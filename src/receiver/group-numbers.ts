/**
 * Absolute numbers of a group's packets, which carry the last 16 bits of theirs, and which of them are believed: anybody
 * can send to a group, so one packet with a distant number must not move anything. No clock.
 */

import { type Millis, PacketNumber, SEQUENCE_MODULUS, TICKS_PER_SECOND, Ticks90k, unwrap } from '../base/units.js';
import type { StationInfo } from '../wire/station-info.js';
import { TS_GROUP_LENGTH } from '../wire/ts.js';

/** After this time without a packet, the packets that would have come are counted in. */
const SILENCE = Ticks90k(TICKS_PER_SECOND);
/** A group that sent something within this time is on the air, ms. */
const ACTIVE = 2_000;
/**
 * How far packets can be ahead of the line at once: a network loses, and playout skips, up to a quarter of a second without
 * anything to show for it, at any rate a few packets. For what is lost in a longer time, the time itself counts.
 */
const STEP_SECONDS = 0.25;
const LEAST_STEP = 64;
/** Items of a station differ in rate; a server's answers show those that differ more. */
const MOST_TIMES_RATE = 4;
/** A packet's time stamp may say that it is this much past the present: no more time than that has gone by for others. */
const AHEAD = Ticks90k(0.1 * TICKS_PER_SECOND);
/** How far the time of a packet may contradict its number, for servers whose clocks differ. */
const CONTRADICTION = Ticks90k(TICKS_PER_SECOND);
/** Least time between two answers of a server from which the station's present rate is computed: packets leave every 9 ms. */
const RATE_PERIOD = Ticks90k(0.1 * TICKS_PER_SECOND);

/** Packets a second of a station, on average. JPEG pictures fill theirs about as well as transport streams do. */
export const packetRate = ({ bitrate }: Pick<StationInfo, 'bitrate'>): number => bitrate / 8 / TS_GROUP_LENGTH;

/**
 * The line: the highest number that is believed, and its time. A packet is believed if as many can have been sent since.
 *
 * Responsible for:
 * - unwrapping numbers near the line
 * - moving the line with packets that are believed, and to where a server says that the station is
 */
export class GroupNumbers {
  /** The number, as far as it can be told, of the packet that was last not believed. */
  doubted = PacketNumber(-1);
  #highest: PacketNumber | null = null;
  /** Time of that packet. */
  #time = Ticks90k(0);
  /** When the group's last packet came. */
  #arrivedAt: Millis | null = null;
  /** Packets by which the line can move at once. */
  #credit = 0;
  /** The last position that a server gave, and when it came. */
  #anchored: { next: PacketNumber; at: Millis } | null = null;
  /** An earlier position, from which the rate is measured. */
  #measured: { next: PacketNumber; time: Ticks90k } | null = null;
  /** Packets a second: on average, and at present where a server has shown more. */
  readonly #average: number;
  #rate: number;

  /** `rate` in packets a second. */
  constructor(rate: number) {
    this.#average = rate;
    this.#rate = rate;
    this.#credit = this.#step;
  }

  /** The highest number so far; null before the first. */
  get highest(): PacketNumber | null {
    return this.#highest;
  }

  /** Whether the group sent anything within the last two seconds. */
  isActive(now: Millis): boolean {
    return this.#arrivedAt !== null && now - this.#arrivedAt < ACTIVE;
  }

  /** When the group's last packet came; null before the first. */
  get arrivedAt(): Millis | null {
    return this.#arrivedAt;
  }

  /** The packet that a server was about to send when it answered, and when that came; null without an answer. */
  get anchored(): { readonly next: PacketNumber; readonly at: Millis } | null {
    return this.#anchored;
  }

  /** The server is about to send packet `next`; its clock is at `time`. */
  anchor(next: PacketNumber, time: Ticks90k, now: Millis): void {
    const before = this.#measured;
    const elapsed = before === null ? 0 : time - before.time;
    if (before !== null && elapsed >= RATE_PERIOD) {
      this.#rate = Math.max(this.#average, ((next - before.next) / elapsed) * TICKS_PER_SECOND);
    }
    if (before === null || elapsed >= RATE_PERIOD || elapsed < 0) this.#measured = { next, time };
    this.#anchored = { next, at: now };
    this.#moveTo(next, time);
  }

  /** The group goes on with this packet: nothing else has come for a while. */
  jump(n: PacketNumber, time: Ticks90k): void {
    this.#anchored = null;
    this.#measured = null;
    this.#moveTo(n, time);
  }

  /**
   * The number of a packet of that time (NaN: an implausible one), which came at local time `now`, when the stream's time
   * is `present` at the latest; −1 if it is not believed.
   */
  take(sequenceNumber: number, time: Ticks90k, present: Ticks90k, now: Millis): PacketNumber {
    const highest = this.#highest;
    if (highest === null) {
      this.#moveTo(PacketNumber(sequenceNumber), time);
      this.#arrivedAt = now;
      return PacketNumber(sequenceNumber);
    }
    if (Number.isNaN(time)) {
      this.doubted = PacketNumber(unwrap(sequenceNumber, highest, SEQUENCE_MODULUS));
      return PacketNumber(-1);
    }
    const until = Math.min(time, present + AHEAD);
    const elapsed = Math.max(0, until - this.#time);
    const near = elapsed < SILENCE ? highest : highest + Math.round((elapsed / TICKS_PER_SECOND) * this.#rate);
    const n = PacketNumber(unwrap(sequenceNumber, near, SEQUENCE_MODULUS));
    const step = n - highest;
    const late = time - this.#time;
    const contradicts = step > 0 ? late < -CONTRADICTION : late > CONTRADICTION;
    const credit = this.#credit + (elapsed / TICKS_PER_SECOND) * this.#rate * MOST_TIMES_RATE;
    if (n < 0 || contradicts || step > credit) {
      this.doubted = n;
      return PacketNumber(-1);
    }
    if (step > 0) {
      this.#highest = n;
      this.#time = Ticks90k(Math.max(this.#time, until));
      this.#credit = Math.min(this.#step, credit - step);
    }
    this.#arrivedAt = now;
    return n;
  }

  /** Whether packet `n`, which has come another way than by the group, can have this time. */
  agrees(n: PacketNumber, time: Ticks90k): boolean {
    return this.#highest === null || n > this.#highest || time <= this.#time + CONTRADICTION;
  }

  get #step(): number {
    return Math.max(LEAST_STEP, this.#rate * STEP_SECONDS);
  }

  #moveTo(n: PacketNumber, time: Ticks90k): void {
    this.#highest = n;
    this.#time = time;
    this.#credit = this.#step;
  }
}
