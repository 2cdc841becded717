/** Puts packets of all paths in order by their absolute number. No socket, no timer, no clock. */
import { Millis, PacketNumber } from '../base/units.js';

export interface ReorderOptions {
  /** How long a missing packet is waited for once a later one of its source has come. */
  deadline?: Millis;
  /** Numbers that are held or remembered, a power of two; a packet further away is a jump. */
  window?: number;
}

export interface ReceiverCounts {
  /** First copies of packets, late ones included. */
  received: number;
  /** Further copies of a packet. */
  duplicates: number;
  /** Came after they had been given up; counted in `lost` as well. */
  late: number;
  /** Given up: the stream continued without them. */
  lost: number;
  /** Came after a packet of their source with a higher number, and in time. */
  reordered: number;
  /** The numbers continued far away: the sender was interrupted, or restarted. */
  jumps: number;
}

/** The group and a flow send packets in the order of their numbers, so a number skipped is missing. Repairs do not. */
export type Source = 'group' | 'flow' | 'repair';

const NEVER = Millis(Number.POSITIVE_INFINITY);

const NOT_YET = Millis(Number.NEGATIVE_INFINITY);

/**
 * Responsible for:
 * - delivering packets in order, each once: the first copy wins
 * - reporting missing packets: those that a source has skipped
 * - waiting for a missing packet until its deadline, then continuing without it
 * - counting
 *
 * A source has skipped a number once it has sent a higher one. But a higher one can be forged: as long as the source goes
 * on below it, the numbers in between are still to come. So the deadline of a missing packet runs from the latest of: when
 * it was found missing, when the next packet that is held after it came, and when the last one before it came.
 */
export class ReorderBuffer<T> {
  readonly counts: ReceiverCounts = { received: 0, duplicates: 0, late: 0, lost: 0, reordered: 0, jumps: 0 };
  readonly window: number;
  /** Called for packets `from` to `to` − 1, found missing at `now`. */
  onMissing: (from: PacketNumber, to: PacketNumber, now: Millis) => void = () => undefined;
  /** Can be changed at any time. */
  deadline: Millis;
  /** By n modulo the window: the number received last in that slot, and its packet while it is held. */
  readonly #numbers: Float64Array;
  readonly #packets: (T | undefined)[];
  /**
   * By n modulo the window: the number found missing last in that slot. When it was found missing; once it has come, when
   * its source sent it, −∞ for a repair.
   */
  readonly #missing: Float64Array;
  readonly #since: Float64Array;
  /** The next number to deliver; null before the first packet. */
  #next: PacketNumber | null = null;
  #highest = PacketNumber(-1);
  /** The highest of each source; −1 before its first. */
  #passed = { group: -1, flow: -1 };
  #held = 0;
  /** Missing packets before this one are not waited for. */
  #givenUp = PacketNumber(-1);
  /** The first packet that came after the ones that were missing next when this was last looked for. */
  #gapEnd = PacketNumber(-1);
  /** The next packet that a source has sent after the gap at the head. */
  readonly #bound = { n: PacketNumber(-1), at: NOT_YET };
  /** When a source last sent a packet that was delivered, or can be. */
  #advancedAt = NOT_YET;

  constructor({ deadline = Millis(100), window = 8192 }: ReorderOptions = {}) {
    if (!(deadline >= 0)) throw new RangeError(`deadline is ${deadline}, not 0 or more milliseconds`);
    if (!Number.isInteger(Math.log2(window))) throw new RangeError(`window is ${window}, not a power of two`);
    this.deadline = deadline;
    this.window = window;
    this.#numbers = new Float64Array(window).fill(-1);
    this.#packets = new Array<T | undefined>(window);
    this.#missing = new Float64Array(window).fill(-1);
    this.#since = new Float64Array(window);
  }

  /** The highest number seen so far, −1 before the first. */
  get highestNumber(): PacketNumber {
    return this.#highest;
  }

  /** The number to deliver next; null before a packet of the group has come. */
  get next(): PacketNumber | null {
    return this.#next;
  }

  /** When the packet waited for is given up; infinite while none is missing. */
  get givesUpAt(): Millis {
    const next = this.#next;
    if (next === null) return NEVER;
    const slot = this.#slot(next);
    if (this.#missing[slot] !== next || this.#numbers[slot] === next) return NEVER;
    if (this.#bound.n <= next) this.#findBound(next);
    return Millis(Math.max(this.#since[slot]!, this.#bound.at, this.#advancedAt) + this.deadline);
  }

  /** The first packet held after those that are missing next; −1 while none is missing. */
  get gapEnd(): PacketNumber {
    const next = this.#next;
    if (next === null || !this.isMissing(next)) return PacketNumber(-1);
    if (this.#gapEnd <= next) {
      const end = Math.max(this.#passed.group, this.#passed.flow);
      let n = next + 1;
      while (n < end && !this.has(PacketNumber(n))) n++;
      this.#gapEnd = PacketNumber(n);
    }
    return this.#gapEnd;
  }

  /** Missing packets before `n` are waited for no longer. */
  giveUp(n: PacketNumber): void {
    this.#givenUp = n;
  }

  /** Packets `from` to `to` − 1 that are still missing count as found missing at `now`. */
  remind(from: PacketNumber, to: PacketNumber, now: Millis): void {
    for (let n = from; n < to; n++) if (this.isMissing(n)) this.#missing[this.#slot(n)] = -1;
    this.markMissing(from, to, now);
  }

  /** Continues with packet `n`, or with the next of the group. Drops the packets held. */
  begin(n: PacketNumber | null): void {
    this.#packets.fill(undefined);
    this.#numbers.fill(-1);
    this.#missing.fill(-1);
    this.#held = 0;
    this.#gapEnd = PacketNumber(-1);
    this.#bound.n = PacketNumber(-1);
    this.#advancedAt = NOT_YET;
    this.#passed = { group: -1, flow: -1 };
    this.#next = n;
    this.#highest = PacketNumber(n === null ? -1 : n - 1);
  }

  /** Continues with packet `n`, far away: those of the group that do not come from there on are missing. */
  jump(n: PacketNumber): void {
    this.counts.jumps++;
    this.counts.lost += this.#held;
    this.begin(n);
    this.#passed.group = n - 1;
  }

  /** A flow sends everything from packet `n` on. */
  flowFrom(n: PacketNumber): void {
    this.#passed.flow = n - 1;
  }

  /** Packets of the group are ignored for a while, and are not missing. */
  leaveGroup(): void {
    this.#passed.group = -1;
  }

  /** Whether packet `n` lies within the window around the next number. */
  isNear(n: PacketNumber): boolean {
    return this.#next !== null && n > this.#next - this.window && n < this.#next + this.window;
  }

  has(n: PacketNumber): boolean {
    return this.#numbers[this.#slot(n)] === n;
  }

  /** Whether packet `n` was skipped and is waited for. */
  isMissing(n: PacketNumber): boolean {
    const slot = this.#slot(n);
    return this.#next !== null && n >= this.#next && this.#missing[slot] === n && this.#numbers[slot] !== n;
  }

  /** Whether packet `n` is the next to deliver. It then counts as delivered: the caller delivers it itself. */
  takeNext(n: PacketNumber, now: Millis, source: Source = 'group'): boolean {
    if (this.#next === null) {
      if (source !== 'group') return false;
      this.#next = n;
    }
    const slot = this.#slot(n);
    if (n !== this.#next || this.#numbers[slot] === n) return false;
    this.counts.received++;
    this.#numbers[slot] = n;
    if (source !== 'repair') {
      if (n < this.#passed[source]) this.counts.reordered++;
      else this.#passed[source] = n;
      if (n > this.#highest) this.#highest = n;
      this.#advancedAt = now;
    }
    this.#next = PacketNumber(n + 1);
    return true;
  }

  /** Takes a packet that arrived at `now`. The next `deliver` delivers it if it is in order. */
  insert(n: PacketNumber, packet: T, now: Millis, source: Source = 'group'): void {
    if (this.#next === null && source === 'group') this.#next = n;
    const next = this.#next;
    if (next === null || !this.isNear(n)) return;
    if (this.has(n)) {
      this.repeat(n, now, source);
      return;
    }
    const slot = this.#slot(n);
    this.counts.received++;
    this.#numbers[slot] = n;
    this.#since[slot] = source === 'repair' ? NOT_YET : now;
    if (n < next) {
      this.counts.late++;
    } else {
      if (source !== 'repair') this.#arrived(n, now, source);
      this.#packets[slot] = packet;
      this.#held++;
    }
    this.#pass(n, now, source);
  }

  /** Takes a further copy of packet `n`, near the next number. */
  repeat(n: PacketNumber, now: Millis, source: Source): void {
    this.counts.duplicates++;
    this.#pass(n, now, source);
  }

  /** Of packets `from` to `to` − 1, those that have not come are missing as of `now`. */
  markMissing(from: PacketNumber, to: PacketNumber, now: Millis): void {
    let begin = PacketNumber(-1);
    const end = PacketNumber(Math.min(to, (this.#next ?? from) + this.window));
    for (let n = PacketNumber(Math.max(from, this.#next ?? from)); n < end; n++) {
      const slot = this.#slot(n);
      const isMissing = this.#numbers[slot] !== n && this.#missing[slot] !== n;
      if (isMissing) {
        this.#missing[slot] = n;
        this.#since[slot] = now;
        if (begin < 0) begin = n;
      } else if (begin >= 0) {
        this.onMissing(begin, n, now);
        begin = PacketNumber(-1);
      }
    }
    if (begin >= 0) this.onMissing(begin, end, now);
  }

  /** Delivers every packet that is in order or no longer waits for an earlier one. */
  deliver(now: Millis, take: (n: PacketNumber, packet: T) => void): void {
    while (this.#next !== null) {
      const n = this.#next;
      const slot = this.#slot(n);
      const packet = this.#packets[slot];
      if (packet !== undefined && this.#numbers[slot] === n) {
        this.#packets[slot] = undefined;
        this.#held--;
        this.#advancedAt = Millis(Math.max(this.#advancedAt, this.#since[slot]!));
        this.#next = PacketNumber(n + 1);
        take(n, packet);
        continue;
      }
      if (n >= this.#givenUp && now < this.givesUpAt) return;
      this.counts.lost++;
      this.#next = PacketNumber(n + 1);
    }
  }

  #slot(n: PacketNumber): number {
    return n & (this.window - 1); // exact for every n: the window's bits are among the low 32
  }

  /** A source that has sent packet `n` has skipped those before it. */
  #pass(n: PacketNumber, now: Millis, source: Source): void {
    if (source === 'repair' || n <= this.#passed[source]) return;
    const before = this.#passed[source];
    this.#passed[source] = n;
    // Packets sent before the group was joined are not missing: a flow brings them.
    if (before >= 0) this.markMissing(PacketNumber(before + 1), n, now);
  }

  #arrived(n: PacketNumber, now: Millis, source: 'group' | 'flow'): void {
    if (n < this.#passed[source]) this.counts.reordered++;
    if (n > this.#highest) this.#highest = n;
    if (n < this.#bound.n) {
      this.#bound.n = n;
      this.#bound.at = now;
    }
  }

  /** Finds the first packet held after `next` that came from a source in its order. */
  #findBound(next: PacketNumber): void {
    const end = Math.min(next + this.window, Math.max(this.#passed.group, this.#passed.flow) + 1);
    for (let n = PacketNumber(next + 1); n < end; n++) {
      const slot = this.#slot(n);
      if (this.#numbers[slot] !== n || this.#since[slot] === NOT_YET) continue;
      this.#bound.n = n;
      this.#bound.at = Millis(this.#since[slot]!);
      return;
    }
    // None: a flow has ended before it. What comes later does not change that.
    this.#bound.n = PacketNumber(end);
    this.#bound.at = NOT_YET;
  }
}
