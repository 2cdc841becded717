/**
 * Missing packets in, NACKs out: which packets to request, when, and how often. No sockets, no timers, no clock.
 *
 * A missing packet may only be late, so its first NACK waits as long as packets were late before. A NACK without an
 * answer within the timeout (RFC 6298, section 2) is repeated, each time after a longer wait and for more copies: the
 * time left gets shorter, and few packets get that far.
 */
import { Millis, PacketNumber } from '../base/units.js';

export interface NackGeneratorOptions {
  /** How long a missing packet is waited for. */
  deadline: Millis;
  /** Latest arrival of a block's parity after the block. */
  parityDelay?: Millis;
}

export interface NackRequest {
  /** Ascending. */
  packets: PacketNumber[];
  /** How many copies of each packet to request, with as many copies of the NACK: it is lost as often. */
  copies: number;
}

/** A packet that was found missing. */
interface Missing {
  readonly n: PacketNumber;
  readonly foundAt: Millis;
  attempts: number;
  askedAt: Millis;
  /** When the next NACK is due. */
  nextAt: Millis;
  /** Parity may still recover it: `nextAt` is the end of waiting for that. */
  waitsForParity: boolean;
  /** A repair has come; kept to measure how late the original is. */
  isFilled: boolean;
}

/** Copies of a packet that the server sends at most. */
const MOST_COPIES = 4;
const BACK_OFF = 1.5;
/** Longest wait before a NACK is repeated: a recorder asks for a minute, and its server may be back at any time. */
const LONGEST_REPEAT = Millis(2_000);
/** A longer deadline does not make the first NACK wait longer than this one does. */
const LONGEST_DEADLINE = Millis(3_000);
/** Added to the timeout: granularity of timers, and the server's wait for NACKs of others. */
const GRANULARITY = Millis(5);
/** Below this the granularity makes a timeout meaningless. */
const LEAST_TIMEOUT = Millis(10);
/** Assumed until a round trip is measured. */
const FIRST_ROUND_TRIP = Millis(20);
/** Shares of the deadline that the first NACK can wait: for late packets, and for parity. */
const LONGEST_REORDERING = 1 / 4;
const LONGEST_PARITY = 2 / 5;
/** Margin over the latest late packet, and the period after which late packets no longer count. */
const REORDERING_MARGIN = 1.25;
const REORDERING_MEMORY = Millis(30_000);
/** NACKs due within this time share a datagram. */
const TOGETHER = Millis(1);
/** Packets requested at once at most, the pause before the next ones, and missing packets kept at most. */
const MOST_AT_ONCE = 256;
const PAUSE = Millis(10);
const NEVER = Millis(Number.POSITIVE_INFINITY);
const MOST_MISSING = 8192;

/**
 * Responsible for:
 * - measuring how late packets are that are not lost, and the round trip of NACKs
 * - when each missing packet is requested, until its deadline
 */
export class NackGenerator {
  /** Can be changed at any time. */
  deadline: Millis;
  /** Packets of a block of parity, which gets the chance to recover missing packets first; 0: no parity. */
  block = 0;
  readonly #parityDelay: Millis;
  /** By number, in the order in which they were found missing. */
  readonly #missing = new Map<PacketNumber, Missing>();
  #open = 0;
  #wakeAt = NEVER;
  /** RFC 6298: smoothed round trip and its variation; null before the first. */
  #roundTrip: Millis | null = null;
  #variation = Millis(0);
  /** How late the latest packet was in this period and in the one before. */
  #latest: [now: Millis, before: Millis] = [Millis(0), Millis(0)];
  #latestSince = Millis(Number.NEGATIVE_INFINITY);
  #highest = PacketNumber(-1);

  constructor({ deadline, parityDelay = Millis(0) }: NackGeneratorOptions) {
    if (!(deadline >= 0)) throw new RangeError(`deadline is ${deadline}, not 0 or more milliseconds`);
    this.deadline = deadline;
    this.#parityDelay = parityDelay;
  }

  /** When to call `due`; infinite until a packet is found missing. */
  get wakeAt(): Millis {
    return this.#wakeAt;
  }

  /** Missing packets whose deadline has not passed. */
  get missing(): number {
    return this.#open;
  }

  /** Whether no missing packets are known. */
  get isIdle(): boolean {
    return this.#missing.size === 0;
  }

  /** How long the first NACK waits, in case the packet is only late. */
  get reorderingWait(): Millis {
    const latest = Math.max(...this.#latest);
    return latest === 0
      ? Millis(0)
      : Millis(Math.min(this.#patience * LONGEST_REORDERING, latest * REORDERING_MARGIN + TOGETHER));
  }

  /** The time that shares are taken of. */
  get #patience(): Millis {
    return Millis(Math.min(this.deadline, LONGEST_DEADLINE));
  }

  /** How long an answer is waited for before the NACK is repeated. */
  get timeout(): Millis {
    const roundTrip = this.#roundTrip ?? FIRST_ROUND_TRIP;
    return Millis(Math.max(LEAST_TIMEOUT, roundTrip + 4 * this.#variation + GRANULARITY));
  }

  /** Takes a measured round trip, of a NACK or of another request. */
  addRoundTrip(roundTrip: Millis): void {
    if (this.#roundTrip === null) {
      this.#roundTrip = roundTrip;
      this.#variation = Millis(roundTrip / 2);
      return;
    }
    this.#variation = Millis(this.#variation + (Math.abs(this.#roundTrip - roundTrip) - this.#variation) / 4);
    this.#roundTrip = Millis(this.#roundTrip + (roundTrip - this.#roundTrip) / 8);
  }

  /** Packets `from` to `to` − 1 are missing: later ones have come. */
  addMissing(from: PacketNumber, to: PacketNumber, now: Millis): void {
    this.#forgetLate(now);
    const waitsForParity = this.block > 0;
    const nextAt = Millis(now + Math.max(this.reorderingWait, waitsForParity ? this.#patience * LONGEST_PARITY : 0));
    for (let n = from; n < to && this.#missing.size < MOST_MISSING; n++) {
      if (this.#missing.has(n)) continue;
      const askedAt = Millis(0);
      const packet = { n, foundAt: now, attempts: 0, askedAt, nextAt, waitsForParity, isFilled: false };
      this.#missing.set(n, packet);
      this.#open++;
    }
    this.#wakeAt = Millis(Math.min(this.#wakeAt, nextAt));
  }

  /** The original of packet `n` came, after a later one. */
  addOriginal(n: PacketNumber, now: Millis): void {
    const packet = this.#missing.get(n);
    if (packet === undefined) return;
    this.#missing.delete(n);
    if (!packet.isFilled) this.#open--;
    const late = now - packet.foundAt;
    if (late > this.#patience) return;
    this.#forgetLate(now);
    this.#latest[0] = Millis(Math.max(this.#latest[0], late));
  }

  /** A retransmission of packet `n` to us alone came. Returns whether the packet was missing. */
  addAnswer(n: PacketNumber, now: Millis): boolean {
    const packet = this.#missing.get(n);
    if (packet === undefined || packet.isFilled) return false;
    if (packet.attempts === 0) {
      this.addOriginal(n, now); // it was not requested: a flow brought it
      return false;
    }
    // Which of several NACKs was answered is unknown (Karn's algorithm).
    if (packet.attempts === 1) this.addRoundTrip(Millis(now - packet.askedAt));
    this.fill(n);
    return true;
  }

  /** Packet `n` was repaired. Returns whether it was missing. */
  fill(n: PacketNumber): boolean {
    const packet = this.#missing.get(n);
    if (packet === undefined || packet.isFilled) return false;
    packet.isFilled = true;
    this.#open--;
    return true;
  }

  /** Packets `from` to `to` − 1 come another way. */
  forget(from: PacketNumber, to: PacketNumber): void {
    for (const { n, isFilled } of this.#missing.values()) {
      if (n < from || n >= to) continue;
      this.#missing.delete(n);
      if (!isFilled) this.#open--;
    }
  }

  /** The stream continues elsewhere. Measurements are kept. */
  clear(): void {
    this.#missing.clear();
    this.#open = 0;
    this.#wakeAt = NEVER;
  }

  /** `n` is the highest number received: parity of the blocks before it has come or is about to. */
  setHighest(n: PacketNumber, now: Millis): void {
    const { block } = this;
    if (block === 0 || this.#open === 0 || Math.floor(n / block) === Math.floor(this.#highest / block)) return;
    this.#highest = n;
    for (const packet of this.#missing.values()) {
      if (!packet.waitsForParity || Math.floor(n / block) <= Math.floor(packet.n / block)) continue;
      packet.waitsForParity = false;
      packet.nextAt = Millis(
        Math.min(packet.nextAt, Math.max(packet.foundAt + this.reorderingWait, now + this.#parityDelay)),
      );
      this.#wakeAt = Millis(Math.min(this.#wakeAt, packet.nextAt));
    }
  }

  /** The NACKs due now, one for each number of copies. Has to be called at `wakeAt`; allocates nothing before that. */
  due(now: Millis): NackRequest[] {
    if (now < this.#wakeAt) return [];
    const requests: NackRequest[] = [];
    let requested = 0;
    let wakeAt: number = NEVER;
    for (const packet of this.#missing.values()) {
      const left = packet.foundAt + this.deadline - now;
      if (left <= 0) {
        this.#missing.delete(packet.n);
        if (!packet.isFilled) this.#open--;
        continue;
      }
      if (packet.isFilled) continue;
      if (packet.nextAt <= now + TOGETHER && left >= (this.#roundTrip ?? 0)) {
        if (requested === MOST_AT_ONCE) {
          wakeAt = Math.min(wakeAt, now + PAUSE);
          continue;
        }
        requested++;
        this.#request(packet, now, requests);
      }
      if (packet.nextAt > now) wakeAt = Math.min(wakeAt, packet.nextAt);
      wakeAt = Math.min(wakeAt, packet.foundAt + this.deadline);
    }
    this.#wakeAt = Millis(wakeAt);
    for (const { packets } of requests) packets.sort((a, b) => a - b);
    return requests;
  }

  #forgetLate(now: Millis): void {
    const age = now - this.#latestSince;
    if (age < REORDERING_MEMORY) return;
    this.#latest = [Millis(0), age < 2 * REORDERING_MEMORY ? this.#latest[0] : Millis(0)];
    this.#latestSince = now;
  }

  #request(packet: Missing, now: Millis, requests: NackRequest[]): void {
    packet.attempts++;
    packet.askedAt = now;
    packet.nextAt = Millis(now + Math.min(LONGEST_REPEAT, this.timeout * BACK_OFF ** (packet.attempts - 1)));
    packet.waitsForParity = false;
    const copies = Math.min(MOST_COPIES, packet.attempts);
    const same = requests.find((each) => each.copies === copies);
    if (same === undefined) requests.push({ packets: [packet.n], copies });
    else same.packets.push(packet.n);
  }
}
