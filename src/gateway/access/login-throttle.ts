/** Limits on password attempts, of one address and of all together. No clock. */
import { isIPv6 } from 'node:net';
import { TokenBucket } from '../../base/token-bucket.js';
import { Millis } from '../../base/units.js';

/** Tokens are milliseconds: an attempt costs some, and time brings them back. */
const timeBucket = (capacity: Millis, now: Millis): TokenBucket => new TokenBucket({ rate: 1_000, capacity }, now);

/** One address may make 5 attempts at once, all together 60. */
const COST_FOR_ADDRESS = Millis(30_000);
const MOST_OF_ADDRESS = Millis(5 * COST_FOR_ADDRESS);
const COST_FOR_ALL = Millis(1_000);
const MOST_OF_ALL = Millis(60 * COST_FOR_ALL);
/** Most addresses remembered. */
const MOST_ADDRESSES = 10_000;

/** An IPv6 network counts as one address: each of its hosts has 2^64 of them. */
const networkOf = (address: string): string => (isIPv6(address) ? firstGroups(address) : address);

function firstGroups(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':');
}

export class LoginThrottle {
  readonly #all = timeBucket(MOST_OF_ALL, Millis(0));
  readonly #addresses = new Map<string, TokenBucket>();

  /** Counts one try of that IP address. Returns 0, or how long to wait where it may not try now. */
  take(address: string, now: Millis): Millis {
    const network = networkOf(address);
    const bucket = this.#addresses.get(network) ?? timeBucket(MOST_OF_ADDRESS, now);
    const wait = Millis(Math.max(bucket.waitFor(COST_FOR_ADDRESS, now), this.#all.waitFor(COST_FOR_ALL, now)));
    if (wait > 0) return wait;
    bucket.take(COST_FOR_ADDRESS);
    this.#all.take(COST_FOR_ALL);
    this.#addresses.delete(network);
    this.#addresses.set(network, bucket); // In order of their last try.
    this.#forget(now);
    return Millis(0);
  }

  /** The try was right: it does not count. */
  succeeded(address: string): void {
    this.#addresses.get(networkOf(address))?.giveBack(COST_FOR_ADDRESS);
    this.#all.giveBack(COST_FOR_ALL);
  }

  #forget(now: Millis): void {
    for (const [network, bucket] of this.#addresses) {
      if (this.#addresses.size <= MOST_ADDRESSES && !bucket.isFull(now)) return;
      this.#addresses.delete(network);
    }
  }
}
