/**
 * Fair shares of something scarce, among addresses and among the sessions of each address. No clock.
 *
 * The rule is that of dynamic thresholds (Choudhury and Hahne, 1998): an address may have more while it has at most
 * MOST_OF_FREE times what is free, and a session while it has at most MOST_OF_FREE times what its address may still have.
 * One address alone gets four fifths, ten get four forty-firsts each: nobody's part is fixed, the part that remains free
 * is for those that have little, and a newcomer is refused only when nothing is left at all.
 */
import { TokenBucket, type TokenBucketOptions } from './token-bucket.js';
import type { Millis } from './units.js';

/** Limit of an address's share, and of a session's within it, as a multiple of what they leave free. */
const MOST_OF_FREE = 4;

/** One session: the key is its own, the address may be that of others too. No key is an address. */
export interface Party {
  readonly address: string;
  readonly key: string;
}

/** What each address and each session has. */
class Shares {
  readonly #held = new Map<string, number>();

  /** Whether a party may have more while `free` is left. */
  allows({ address, key }: Party, free: number): boolean {
    const ofAddress = MOST_OF_FREE * free - this.#heldBy(address);
    return ofAddress >= 0 && this.#heldBy(key) <= MOST_OF_FREE * ofAddress;
  }

  add({ address, key }: Party, amount: number): void {
    this.#set(address, this.#heldBy(address) + amount);
    this.#set(key, this.#heldBy(key) + amount);
  }

  clear(): void {
    if (this.#held.size > 0) this.#held.clear();
  }

  #heldBy(who: string): number {
    return this.#held.get(who) ?? 0;
  }

  #set(who: string, amount: number): void {
    if (amount === 0) this.#held.delete(who);
    else this.#held.set(who, amount);
  }
}

/** Shares of an amount that is taken and given back. */
export class FairHoldings {
  readonly #capacity: number;
  readonly #shares = new Shares();
  #total = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether `amount` can be taken with at least the share `reserve` of the capacity left. Takes nothing. */
  allows(party: Party, amount: number, reserve: number): boolean {
    const free = this.#capacity * (1 - reserve) - this.#total;
    return amount <= free && this.#shares.allows(party, free);
  }

  /** Takes an amount that `allows` confirmed. */
  take(party: Party, amount: number): void {
    this.#total += amount;
    this.#shares.add(party, amount);
  }

  giveBack(party: Party, amount: number): void {
    this.take(party, -amount);
  }
}

/** How long an amount that was taken counts for a share of a rate: as a bucket's capacity is that of a tenth of a second. */
const WINDOW = 100;

/** Shares of a rate, kept in a token bucket: a party that alone takes as much as it can gets the whole rate. */
export class FairRate {
  readonly #bucket: TokenBucket;
  readonly #shares = new Shares();
  #window = -1;

  constructor(options: TokenBucketOptions, now: Millis) {
    this.#bucket = new TokenBucket(options, now);
  }

  /** Whether `amount` can be taken with at least the share `reserve` of the capacity left. Takes nothing. */
  allows(party: Party, amount: number, reserve: number, now: Millis): boolean {
    const window = Math.floor(now / WINDOW);
    if (window !== this.#window) {
      this.#window = window;
      this.#shares.clear();
    }
    const free = this.#bucket.room(reserve, now);
    return amount <= free && this.#shares.allows(party, free);
  }

  /** Takes an amount that `allows` confirmed, or a debt that is refilled first. */
  take(party: Party, amount: number): void {
    this.#bucket.take(amount);
    this.#shares.add(party, amount);
  }
}
