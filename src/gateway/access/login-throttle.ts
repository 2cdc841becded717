/** Limits on password attempts, of one address and of all together. No clock. */
import { networkOf } from '../../base/ip-network.js';
import { TokenBucket } from '../../base/token-bucket.js';
import { Millis } from '../../base/units.js';

/** Tokens are milliseconds: an attempt costs some, and time brings them back. */
const timeBucket = (capacity: Millis, now: Millis): TokenBucket => new TokenBucket({ rate: 1_000, capacity }, now);

/** One address may make 5 attempts at once, all together 60. */
const COST_FOR_ADDRESS = Millis(30_000);
const MOST_OF_ADDRESS = Millis(5 * COST_FOR_ADDRESS);
const COST_FOR_ALL = Millis(1_000);
const MOST_OF_ALL = Millis(60 * COST_FOR_ALL);
/** Most addresses remembered: of attempts, and of logins. */
const MOST_ADDRESSES = 10_000;
const MOST_KNOWN = 1_000;

/**
 * Responsible for:
 * - the attempts of one address (of an IPv6 network), and of all strangers together
 * - addresses from which the operator has logged in: they have a limit of their own together, so that no number of strangers
 *   takes it from them
 */
export class LoginThrottle {
  readonly #strangers = timeBucket(MOST_OF_ALL, Millis(0));
  readonly #known = timeBucket(MOST_OF_ALL, Millis(0));
  readonly #addresses = new Map<string, TokenBucket>();
  /** Networks of logins, the latest last. */
  readonly #knownNetworks = new Set<string>();

  /** Whether the operator has logged in from that address before. */
  isKnown(address: string): boolean {
    return this.#knownNetworks.has(networkOf(address));
  }

  /** Counts one try of that IP address. Returns 0, or how long to wait where it may not try now. */
  take(address: string, now: Millis): Millis {
    const network = networkOf(address);
    const all = this.#allOf(network);
    const bucket = this.#addresses.get(network) ?? timeBucket(MOST_OF_ADDRESS, now);
    const wait = Millis(Math.max(bucket.waitFor(COST_FOR_ADDRESS, now), all.waitFor(COST_FOR_ALL, now)));
    if (wait > 0) return wait;
    bucket.take(COST_FOR_ADDRESS);
    all.take(COST_FOR_ALL);
    this.#addresses.delete(network);
    this.#addresses.set(network, bucket); // In order of their last try.
    this.#forget(now);
    return Millis(0);
  }

  /** The try was right: it does not count, and its address is known from now on. */
  succeeded(address: string): void {
    const network = networkOf(address);
    this.#addresses.get(network)?.giveBack(COST_FOR_ADDRESS);
    this.#allOf(network).giveBack(COST_FOR_ALL);
    this.#knownNetworks.delete(network);
    this.#knownNetworks.add(network);
    const [oldest = ''] = this.#knownNetworks;
    if (this.#knownNetworks.size > MOST_KNOWN) this.#knownNetworks.delete(oldest);
  }

  #allOf(network: string): TokenBucket {
    return this.#knownNetworks.has(network) ? this.#known : this.#strangers;
  }

  #forget(now: Millis): void {
    for (const [network, bucket] of this.#addresses) {
      if (this.#addresses.size <= MOST_ADDRESSES && !bucket.isFull(now)) return;
      this.#addresses.delete(network);
    }
  }
}
