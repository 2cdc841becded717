/** How often passwords may be tried: by one address, and by all together. No clock. */
import { isIPv6 } from 'node:net';
import type { Millis } from '../../base/units.js';

/** So many at once, and one more after each so many milliseconds. */
interface Allowance {
  most: number;
  every: Millis;
}

const OF_ADDRESS: Allowance = { most: 5, every: 30_000 };
const OF_ALL: Allowance = { most: 60, every: 1_000 };
/** Addresses that are remembered. */
const MOST_ADDRESSES = 10_000;

/** An allowance as one number: when it will be whole again. */
class Account {
  #wholeAt: Millis = 0;
  readonly #allowance: Allowance;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** How long until there is one. */
  wait(now: Millis): Millis {
    const { most, every } = this.#allowance;
    return Math.max(0, this.#wholeAt - now - (most - 1) * every);
  }

  take(now: Millis): void {
    this.#wholeAt = Math.max(now, this.#wholeAt) + this.#allowance.every;
  }

  giveBack(): void {
    this.#wholeAt -= this.#allowance.every;
  }

  isWhole(now: Millis): boolean {
    return this.#wholeAt <= now;
  }
}

/** One network is one guesser: whoever has an IPv6 address has 2^64 of them. */
const networkOf = (address: string): string => (isIPv6(address) ? firstGroups(address) : address);

function firstGroups(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(plain)) return plain;
  const [head, tail] = plain.replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':');
}

export class LoginThrottle {
  readonly #all = new Account(OF_ALL);
  readonly #addresses = new Map<string, Account>();

  /** Counts one try of that IP address. Returns 0, or how long to wait where it may not try now. */
  take(address: string, now: Millis): Millis {
    const network = networkOf(address);
    const account = this.#addresses.get(network) ?? new Account(OF_ADDRESS);
    const wait = Math.max(account.wait(now), this.#all.wait(now));
    if (wait > 0) return wait;
    account.take(now);
    this.#all.take(now);
    this.#addresses.delete(network);
    this.#addresses.set(network, account); // In order of their last try.
    this.#forget(now);
    return 0;
  }

  /** The try was right: it does not count. */
  succeeded(address: string): void {
    this.#addresses.get(networkOf(address))?.giveBack();
    this.#all.giveBack();
  }

  #forget(now: Millis): void {
    for (const [network, account] of this.#addresses) {
      if (this.#addresses.size <= MOST_ADDRESSES && !account.isWhole(now)) return;
      this.#addresses.delete(network);
    }
  }
}
