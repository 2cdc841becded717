/** Limits on password attempts, of one network and of all together. No clock. */
import { networkOf, plainAddress } from '../../base/ip-network.js';
import { TokenBucket } from '../../base/token-bucket.js';
import { Millis } from '../../base/units.js';

/** Tokens are milliseconds: an attempt costs some, and time brings them back. */
const timeBucket = (capacity: Millis, now: Millis): TokenBucket => new TokenBucket({ rate: 1_000, capacity }, now);

/** One network may make 5 attempts at once, all together 60. */
const COST_FOR_ONE = Millis(30_000);
const MOST_OF_ONE = Millis(5 * COST_FOR_ONE);
const COST_FOR_ALL = Millis(1_000);
const MOST_OF_ALL = Millis(60 * COST_FOR_ALL);
/** Most networks of attempts, and addresses of logins, that are remembered. */
const MOST_COUNTED = 10_000;
const MOST_KNOWN = 1_000;

/**
 * Responsible for:
 * - the attempts of one network (of IPv6, a /64: one host can have all of its addresses), and of all strangers together
 * - addresses from which the operator has logged in, and no others of their networks: they have limits of their own, so that
 *   no number of strangers takes them away
 */
export class LoginThrottle {
  readonly #strangers = timeBucket(MOST_OF_ALL, Millis(0));
  readonly #known = timeBucket(MOST_OF_ALL, Millis(0));
  /** Of networks, and of known addresses. */
  readonly #buckets = new Map<string, TokenBucket>();
  /** Addresses of logins, the latest last. */
  readonly #knownAddresses = new Set<string>();

  /** Whether the operator has logged in from that address before. */
  isKnown(address: string): boolean {
    return this.#knownAddresses.has(plainAddress(address));
  }

  /** Counts one try of that IP address. Returns 0, or how long to wait where it may not try now. */
  take(address: string, now: Millis): Millis {
    const key = this.#keyOf(address);
    const all = this.#allOf(address);
    const bucket = this.#buckets.get(key) ?? timeBucket(MOST_OF_ONE, now);
    const wait = Millis(Math.max(bucket.waitFor(COST_FOR_ONE, now), all.waitFor(COST_FOR_ALL, now)));
    if (wait > 0) return wait;
    bucket.take(COST_FOR_ONE);
    all.take(COST_FOR_ALL);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket); // In order of their last try.
    this.#forget(now);
    return Millis(0);
  }

  /** The try was right: it does not count, and its address is known from now on. */
  succeeded(address: string): void {
    this.#buckets.get(this.#keyOf(address))?.giveBack(COST_FOR_ONE);
    this.#allOf(address).giveBack(COST_FOR_ALL);
    const plain = plainAddress(address);
    this.#knownAddresses.delete(plain);
    this.#knownAddresses.add(plain);
    const [oldest = ''] = this.#knownAddresses;
    if (this.#knownAddresses.size > MOST_KNOWN) this.#knownAddresses.delete(oldest);
  }

  #keyOf(address: string): string {
    return this.isKnown(address) ? plainAddress(address) : networkOf(address);
  }

  #allOf(address: string): TokenBucket {
    return this.isKnown(address) ? this.#known : this.#strangers;
  }

  #forget(now: Millis): void {
    for (const [key, bucket] of this.#buckets) {
      if (this.#buckets.size <= MOST_COUNTED && !bucket.isFull(now)) return;
      this.#buckets.delete(key);
    }
  }
}
