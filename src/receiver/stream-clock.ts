/**
 * The time of a stream: its packets carry the time at which they are due, 90 kHz ticks modulo 2^32, and leave within
 * milliseconds of it. So a packet of the group has about the time of the server's clock, or it is not a packet of now.
 */
import {
  type Millis,
  millisToTicks,
  RTP_TIME_MODULUS,
  TICKS_PER_SECOND,
  Ticks90k,
  unwrap,
  wrappedDistance,
} from '../base/units.js';
import type { ServerClock } from '../clock/server-clock.js';

/** A packet leaves up to 4.9 ms early; the rest is for the clocks of two servers of a station, which can differ. */
const MOST_AHEAD = Ticks90k(TICKS_PER_SECOND);
/** Packets wait in sockets while the process, or the machine, does not run. */
const MOST_BEHIND = Ticks90k(60 * TICKS_PER_SECOND);
/** Share of a packet's difference by which a clock without a server follows it. */
const FOLLOW = 1 / 16;

/** What `timeOf` returns for a time stamp that no packet of now has. */
export const IMPLAUSIBLE = Ticks90k(Number.NaN);

/**
 * Responsible for:
 * - the time on the server's clock, or where no server has answered, the time that the stream's packets imply
 * - unwrapping time stamps, and refusing those of other times
 */
export class StreamClock {
  readonly #server: ServerClock;
  /** Stream time minus local time without a server; null before the first packet. */
  #offset: number | null = null;
  #now: Ticks90k | null = null;
  /** How far that can be behind: half of a slow answer's round trip. */
  #error = Ticks90k(0);
  /** Whether the server's clock counts: not after the stream went on at another time without it. */
  #trustsServer = true;

  constructor(server: ServerClock) {
    this.#server = server;
  }

  /** Stream time of the last `setTime`; null while unknown. */
  get now(): Ticks90k | null {
    return this.#now;
  }

  /** The latest that the stream's time can be; null while unknown. */
  get latest(): Ticks90k | null {
    return this.#now === null ? null : Ticks90k(this.#now + this.#error);
  }

  /** Datagrams that arrived at local time `now` follow. */
  setTime(now: Millis): void {
    const time = this.#trustsServer ? this.#server.at(now) : null;
    this.#error = time === null ? Ticks90k(0) : millisToTicks(this.#server.errorAt(now));
    if (time !== null) this.#now = millisToTicks(time);
    else this.#now = this.#offset === null ? null : Ticks90k(Math.round(millisToTicks(now) + this.#offset));
  }

  /** The unwrapped time of a time stamp of now, or IMPLAUSIBLE. */
  timeOf(timestamp: number): Ticks90k {
    const now = this.#now;
    if (now === null) return Ticks90k(timestamp);
    const ahead = wrappedDistance(now, timestamp, RTP_TIME_MODULUS);
    return ahead > MOST_AHEAD + this.#error || ahead < -MOST_BEHIND ? IMPLAUSIBLE : Ticks90k(now + ahead);
  }

  /** A packet of this time is the stream's, and came at local time `now`. */
  follow(time: Ticks90k, now: Millis): void {
    if (this.#trustsServer && this.#server.offset !== null) return;
    const offset = time - millisToTicks(now);
    this.#offset = this.#offset === null ? offset : this.#offset + (offset - this.#offset) * FOLLOW;
    this.#now ??= time;
  }

  /** The stream goes on, without its server, with this time stamp at local time `now`. Returns its time. */
  goOn(timestamp: number, now: Millis): Ticks90k {
    const time = Ticks90k(unwrap(timestamp, this.#now ?? timestamp, RTP_TIME_MODULUS));
    this.#trustsServer = false;
    this.#offset = time - millisToTicks(now);
    this.#now = time;
    return time;
  }

  /** The server has answered. */
  trustServer(): void {
    this.#trustsServer = true;
  }
}
