/** Puts packets in order by their absolute number, whatever path they came by. No socket, no timer, no clock. */
import type { Millis, PacketNumber } from '../wire/time.js';

export interface ReorderOptions {
  /** How long a missing packet is waited for once a later one is there. */
  deadline?: Millis;
  /** How many numbers are held or remembered, a power of two; a packet further off than that is a jump. */
  window?: number;
}

export interface ReceptionCounts {
  /** First copies of packets, those that came too late included. */
  received: number;
  /** Further copies of a packet. */
  duplicates: number;
  /** Came when their place had been given up; they are in `lost` as well. */
  late: number;
  /** Given up: the stream went on without them. */
  lost: number;
  /** Came after a packet with a higher number, and in time. */
  reordered: number;
  /** The numbers went on somewhere else altogether: the sender had been away, or began anew. */
  jumps: number;
}

interface Outlier<T> {
  n: PacketNumber;
  packet: T;
}

/**
 * It is in charge of:
 * - handing packets on in order, each once: the first copy wins
 * - waiting for a missing one until its deadline, then going on without it
 * - following a sender whose numbers jump, once two packets in a row agree on it
 * - counting
 */
export class ReorderBuffer<T> {
  readonly counts: ReceptionCounts = { received: 0, duplicates: 0, late: 0, lost: 0, reordered: 0, jumps: 0 };
  private readonly deadline: Millis;
  private readonly window: number;
  /** By n modulo the window: which number was last received there, its packet while it is held, and when it came. */
  private readonly numbers: Float64Array;
  private readonly packets: (T | undefined)[];
  private readonly arrivals: Float64Array;
  /** The next number to hand on; null before the first packet. */
  private next: PacketNumber | null = null;
  private highest: PacketNumber = -1;
  private held = 0;
  /** Since when the packet `next` has been missing with later ones there. */
  private gapSince: Millis | null = null;
  private outlier: Outlier<T> | null = null;

  constructor({ deadline = 100, window = 8192 }: ReorderOptions = {}) {
    if (!(deadline >= 0)) throw new RangeError(`deadline is ${deadline}, not 0 or more milliseconds`);
    if (!Number.isInteger(Math.log2(window))) throw new RangeError(`window is ${window}, not a power of two`);
    this.deadline = deadline;
    this.window = window;
    this.numbers = new Float64Array(window).fill(-1);
    this.arrivals = new Float64Array(window);
    this.packets = new Array<T | undefined>(window);
  }

  /** The highest number seen so far, −1 before the first. What wrapped sequence numbers are unwrapped against. */
  get highestNumber(): PacketNumber {
    return this.highest;
  }

  /** Whether packet `n` is the one to be handed on next: the caller then does so, and it is not inserted. */
  isNext(n: PacketNumber): boolean {
    if (this.next === null) this.begin(n);
    const slot = this.slot(n);
    if (n !== this.next || this.numbers[slot] === n) return false;
    this.counts.received++;
    this.numbers[slot] = n;
    this.outlier = null;
    if (n < this.highest) this.counts.reordered++;
    else this.highest = n;
    this.next = n + 1;
    this.gapSince = null;
    return true;
  }

  /** Takes a packet that arrived at `now`. What it makes ready is handed on by the next `deliver`. */
  insert(n: PacketNumber, packet: T, now: Millis): void {
    if (this.next === null) this.begin(n);
    const next = this.next ?? n;
    if (n <= next - this.window || n >= next + this.window) {
      this.insertOutlier(n, packet, now);
      return;
    }
    const slot = this.slot(n);
    if (this.numbers[slot] === n) {
      this.counts.duplicates++;
      return;
    }
    this.counts.received++;
    this.numbers[slot] = n;
    this.outlier = null;
    if (n < next) {
      this.counts.late++;
      return;
    }
    if (n < this.highest) this.counts.reordered++;
    else this.highest = n;
    this.packets[slot] = packet;
    this.arrivals[slot] = now;
    this.held++;
    if (n !== next && this.gapSince === null) this.gapSince = now;
  }

  /** Hands on every packet that is in order or no longer waits for an earlier one. */
  deliver(now: Millis, take: (n: PacketNumber, packet: T) => void): void {
    while (this.next !== null && this.held > 0) {
      const slot = this.slot(this.next);
      const packet = this.packets[slot];
      if (packet !== undefined && this.numbers[slot] === this.next) {
        this.packets[slot] = undefined;
        this.held--;
        this.next++;
        this.gapSince = null;
        take(this.next - 1, packet);
        continue;
      }
      this.gapSince ??= this.arrivals[this.slot(this.firstHeld(this.next))];
      if (now - this.gapSince < this.deadline) return;
      const first = this.firstHeld(this.next);
      this.counts.lost += first - this.next;
      this.next = first;
      this.gapSince = null;
    }
  }

  private slot(n: PacketNumber): number {
    return n & (this.window - 1); // the low 32 bits hold the window's whatever the size of n
  }

  private firstHeld(from: PacketNumber): PacketNumber {
    let n = from;
    while (this.packets[this.slot(n)] === undefined) n++;
    return n;
  }

  private begin(n: PacketNumber): void {
    this.next = n;
    this.highest = n;
  }

  /** One stray packet moves nothing; two in a row do. What is still held is then given up. */
  private insertOutlier(n: PacketNumber, packet: T, now: Millis): void {
    const before = this.outlier;
    if (before?.n === n) {
      this.counts.duplicates++;
      return;
    }
    if (before === null || n !== before.n + 1) {
      this.outlier = { n, packet };
      return;
    }
    this.counts.jumps++;
    this.counts.lost += this.held;
    this.packets.fill(undefined);
    this.numbers.fill(-1);
    this.held = 0;
    this.gapSince = null;
    this.outlier = null;
    this.begin(before.n);
    this.insert(before.n, before.packet, now);
    this.insert(n, packet, now);
  }
}
