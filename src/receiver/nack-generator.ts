/**
 * What a receiver asks for, when, and how often: missing packets in, requests out. No sockets, no timers, no clock.
 *
 * A packet that is missing may only be late, so the first request waits as long as packets were late before. An answer
 * that does not come in the time that answers take (RFC 6298, section 2) is asked for again, later each time, and in
 * more copies: the time left gets shorter, while few packets come to that.
 */
import type { Millis, PacketNumber } from '../base/units.js';

export interface RequestOptions {
  /** How long after it was found missing a packet is of use. */
  deadline: Millis;
  /** Parity of a block may come so much later than the block. */
  parityDelay?: Millis;
}

export interface PacketRequest {
  /** Ascending. */
  packets: PacketNumber[];
  /** How often each is to be sent, and the request itself too: it is as likely to get lost. */
  copies: number;
}

/** One that was found missing. */
interface Missing {
  readonly n: PacketNumber;
  readonly foundAt: Millis;
  attempts: number;
  askedAt: Millis;
  /** When to ask, the next time. */
  nextAt: Millis;
  /** Parity may still bring it back: `nextAt` is the latest that this is waited for. */
  waitsForParity: boolean;
  /** It is there; remembered to see when the original comes. */
  isFilled: boolean;
}

/** From the server's side: so many copies of a packet at most. */
const MOST_COPIES = 4;
const BACK_OFF = 1.5;
/** What timers and the server's waiting for others take, and the least wait that makes sense with them. */
const GRANULARITY: Millis = 5;
const LEAST_TIMEOUT: Millis = 10;
/** Taken for the round trip while none is known. */
const FIRST_ROUND_TRIP: Millis = 20;
/** Shares of the deadline that the first request may wait: for packets that are late, and for parity. */
const LONGEST_REORDERING = 1 / 4;
const LONGEST_PARITY = 2 / 5;
/** The next packet may be a little later than the latest yet; who was late so long ago no longer counts. */
const REORDERING_MARGIN = 1.25;
const REORDERING_MEMORY: Millis = 30_000;
/** What is due so soon is asked for in the same datagram. */
const TOGETHER: Millis = 1;
/** Most packets asked for at once, and when the next may be; most that are remembered. */
const MOST_AT_ONCE = 256;
const PAUSE: Millis = 10;
const MOST_MISSING = 8192;

/**
 * It is in charge of:
 * - measuring how late packets are that are not lost, and how long answers take
 * - when each missing packet is asked for, until its deadline
 */
export class RepairRequests {
  /** May be changed. */
  deadline: Millis;
  /** Packets of one block of parity, which is given the chance to bring back what is missing first; 0 without any. */
  block = 0;
  readonly #parityDelay: Millis;
  /** By number, in the order in which they were found. */
  readonly #missing = new Map<PacketNumber, Missing>();
  #open = 0;
  #wakeAt: Millis = Number.POSITIVE_INFINITY;
  /** RFC 6298: smoothed round trip and its variation; null before the first. */
  #roundTrip: Millis | null = null;
  #variation: Millis = 0;
  /** The latest of late packets in this stretch of time and in the one before. */
  #latest: [now: Millis, before: Millis] = [0, 0];
  #latestSince: Millis = Number.NEGATIVE_INFINITY;
  #highest: PacketNumber = -1;

  constructor({ deadline, parityDelay = 0 }: RequestOptions) {
    if (!(deadline >= 0)) throw new RangeError(`deadline is ${deadline}, not 0 or more milliseconds`);
    this.deadline = deadline;
    this.#parityDelay = parityDelay;
  }

  /** When to call `due`; infinite for not until something is found missing. */
  get wakeAt(): Millis {
    return this.#wakeAt;
  }

  /** How many are missing and may still come. */
  get missing(): number {
    return this.#open;
  }

  /** Whether nothing was found missing of late. */
  get isIdle(): boolean {
    return this.#missing.size === 0;
  }

  /** How long the first request for a packet waits, in case it is only late. */
  get reorderingWait(): Millis {
    const latest = Math.max(...this.#latest);
    return latest === 0 ? 0 : Math.min(this.deadline * LONGEST_REORDERING, latest * REORDERING_MARGIN + TOGETHER);
  }

  /** How long an answer is waited for. */
  get timeout(): Millis {
    const roundTrip = this.#roundTrip ?? FIRST_ROUND_TRIP;
    return Math.max(LEAST_TIMEOUT, roundTrip + 4 * this.#variation + GRANULARITY);
  }

  /** Takes a round trip that was measured, with a packet or with another request. */
  measured(roundTrip: Millis): void {
    if (this.#roundTrip === null) {
      this.#roundTrip = roundTrip;
      this.#variation = roundTrip / 2;
      return;
    }
    this.#variation += (Math.abs(this.#roundTrip - roundTrip) - this.#variation) / 4;
    this.#roundTrip += (roundTrip - this.#roundTrip) / 8;
  }

  /** Packets `from` to `to` − 1 have not come, and later ones have. */
  find(from: PacketNumber, to: PacketNumber, now: Millis): void {
    this.#forgetLate(now);
    const waitsForParity = this.block > 0;
    const nextAt = now + Math.max(this.reorderingWait, waitsForParity ? this.deadline * LONGEST_PARITY : 0);
    for (let n = from; n < to && this.#missing.size < MOST_MISSING; n++) {
      if (this.#missing.has(n)) continue;
      const one = { n, foundAt: now, attempts: 0, askedAt: 0, nextAt, waitsForParity, isFilled: false };
      this.#missing.set(n, one);
      this.#open++;
    }
    this.#wakeAt = Math.min(this.#wakeAt, nextAt);
  }

  /** Packet `n` came to everyone, later than a later one. */
  original(n: PacketNumber, now: Millis): void {
    const one = this.#missing.get(n);
    if (one === undefined) return;
    this.#missing.delete(n);
    if (!one.isFilled) this.#open--;
    const late = now - one.foundAt;
    if (late > this.deadline) return;
    this.#forgetLate(now);
    this.#latest[0] = Math.max(this.#latest[0], late);
  }

  /** Packet `n` was sent to us alone. Returns whether it was missing. */
  answered(n: PacketNumber, now: Millis): boolean {
    const one = this.#missing.get(n);
    if (one === undefined || one.isFilled) return false;
    if (one.attempts === 0) {
      this.original(n, now); // it was not asked for: a flow has brought it
      return false;
    }
    // Which of several requests was answered is not known (Karn).
    if (one.attempts === 1) this.measured(now - one.askedAt);
    this.fill(n);
    return true;
  }

  /** Packet `n` is there, from wherever. Returns whether it was missing. */
  fill(n: PacketNumber): boolean {
    const one = this.#missing.get(n);
    if (one === undefined || one.isFilled) return false;
    one.isFilled = true;
    this.#open--;
    return true;
  }

  /** Whoever wanted packets has gone on elsewhere. How long things take stays known. */
  clear(): void {
    this.#missing.clear();
    this.#open = 0;
    this.#wakeAt = Number.POSITIVE_INFINITY;
  }

  /** `n` is the highest number that came: parity of blocks before it has come as well, or soon will. */
  reached(n: PacketNumber, now: Millis): void {
    const { block } = this;
    if (block === 0 || this.#open === 0 || Math.floor(n / block) === Math.floor(this.#highest / block)) return;
    this.#highest = n;
    for (const one of this.#missing.values()) {
      if (!one.waitsForParity || Math.floor(n / block) <= Math.floor(one.n / block)) continue;
      one.waitsForParity = false;
      one.nextAt = Math.min(one.nextAt, Math.max(one.foundAt + this.reorderingWait, now + this.#parityDelay));
      this.#wakeAt = Math.min(this.#wakeAt, one.nextAt);
    }
  }

  /** What to ask for now: those of equal copies together. To be called at `wakeAt`; allocates nothing before that. */
  due(now: Millis): PacketRequest[] {
    if (now < this.#wakeAt) return [];
    const requests: PacketRequest[] = [];
    let asked = 0;
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const one of this.#missing.values()) {
      const left = one.foundAt + this.deadline - now;
      if (left <= 0) {
        this.#missing.delete(one.n);
        if (!one.isFilled) this.#open--;
        continue;
      }
      if (one.isFilled) continue;
      if (one.nextAt <= now + TOGETHER && left >= (this.#roundTrip ?? 0)) {
        if (asked === MOST_AT_ONCE) {
          wakeAt = Math.min(wakeAt, now + PAUSE);
          continue;
        }
        asked++;
        this.#ask(one, now, requests);
      }
      if (one.nextAt > now) wakeAt = Math.min(wakeAt, one.nextAt);
      wakeAt = Math.min(wakeAt, one.foundAt + this.deadline);
    }
    this.#wakeAt = wakeAt;
    for (const { packets } of requests) packets.sort((a, b) => a - b);
    return requests;
  }

  #forgetLate(now: Millis): void {
    const age = now - this.#latestSince;
    if (age < REORDERING_MEMORY) return;
    this.#latest = [0, age < 2 * REORDERING_MEMORY ? this.#latest[0] : 0];
    this.#latestSince = now;
  }

  #ask(one: Missing, now: Millis, requests: PacketRequest[]): void {
    one.attempts++;
    one.askedAt = now;
    one.nextAt = now + this.timeout * BACK_OFF ** (one.attempts - 1);
    one.waitsForParity = false;
    const copies = Math.min(MOST_COPIES, one.attempts);
    const same = requests.find((each) => each.copies === copies);
    if (same === undefined) requests.push({ packets: [one.n], copies });
    else same.packets.push(one.n);
  }
}
