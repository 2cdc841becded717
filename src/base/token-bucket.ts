/**
 * A token bucket: amounts of anything (bits, messages, time) that arrive at a rate and are kept up to a capacity. No
 * clock.
 */
import { Millis } from './units.js';

export interface TokenBucketOptions {
  /** Amount a second. */
  rate: number;
  /** The largest amount that is kept, and the amount at the start. */
  capacity: number;
}

export class TokenBucket {
  readonly #rate: number;
  readonly #capacity: number;
  #level: number;
  #at: Millis;

  constructor({ rate, capacity }: TokenBucketOptions, now: Millis) {
    this.#rate = rate;
    this.#capacity = capacity;
    this.#level = capacity;
    this.#at = now;
  }

  /** Whether `amount` can be taken with at least the share `reserve` of the capacity left. Takes nothing. */
  has(amount: number, reserve: number, now: Millis): boolean {
    return this.room(reserve, now) >= amount;
  }

  /** The amount that can be taken with at least the share `reserve` of the capacity left; negative for a debt. */
  room(reserve: number, now: Millis): number {
    this.#refill(now);
    return this.#level - reserve * this.#capacity;
  }

  /** Takes an amount that `has` confirmed. The level may go below zero; the debt is refilled first. */
  take(amount: number): void {
    this.#level -= amount;
  }

  /** Takes `amount` if it is available; returns whether it was. */
  tryTake(amount: number, now: Millis): boolean {
    const isThere = this.has(amount, 0, now);
    if (isThere) this.take(amount);
    return isThere;
  }

  giveBack(amount: number): void {
    this.#level = Math.min(this.#capacity, this.#level + amount);
  }

  /** How long until `amount` can be taken. */
  waitFor(amount: number, now: Millis): Millis {
    this.#refill(now);
    return Millis(Math.max(0, ((amount - this.#level) * 1000) / this.#rate));
  }

  isFull(now: Millis): boolean {
    this.#refill(now);
    return this.#level === this.#capacity;
  }

  #refill(now: Millis): void {
    if (now <= this.#at) return; // The callers' clocks may differ by a moment.
    this.#level = Math.min(this.#capacity, this.#level + ((now - this.#at) * this.#rate) / 1000);
    this.#at = now;
  }
}
