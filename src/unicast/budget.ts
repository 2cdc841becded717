/** Budgets of packets for single viewers: of each viewer, of each station, and in total. No clock. */

import { TokenBucket } from '../base/token-bucket.js';
import type { Millis } from '../base/units.js';

/** Bit/s. */
export interface BudgetOptions {
  total: number;
  /** For the viewers of one station together; by default the total. */
  station?: number;
}

/** The purpose of a packet, most urgent first. */
export type Purpose = 'repair' | 'burst' | 'replay';

/** Share of a full bucket that is left for more urgent packets. */
const RESERVES: Record<Purpose, number> = { repair: 0, burst: 0.3, replay: 0.6 };

/** Rate of a client, as a multiple of its station's bit rate: a burst at full speed, and repairs beside it. */
const CLIENT_SHARE = 12;
/** Least rate of a client, bit/s: the past of a small station may be fetched fast. */
const LEAST_CLIENT_RATE = 60e6;

/**
 * Rate of a client's repairs, as a multiple of its station's bit rate: sending more does not help a line that loses more
 * than half of the packets, and a client that requests without end must not fill it.
 */
const REPAIR_SHARE = 2;
/** Least rate of a client's repairs, bit/s. */
const LEAST_REPAIR_RATE = 4e6;

const clientRate = (bitrate: number): number => Math.max(CLIENT_SHARE * bitrate, LEAST_CLIENT_RATE);

/** A bucket holds a tenth of a second's bits, and at least a packet of any size. */
const CAPACITY_SECONDS = 0.1;
const LEAST_CAPACITY = 64 * 1024 * 8;

/** A bucket of bits; `rate` in bit/s. */
const bitBucket = (rate: number, now: Millis): TokenBucket =>
  new TokenBucket({ rate, capacity: Math.max(LEAST_CAPACITY, rate * CAPACITY_SECONDS) }, now);

/** The account of one client, one group or one station. */
export class Account {
  /** Bit/s reserved for running flows. */
  reserved = 0;
  readonly rate: number;
  readonly bucket: TokenBucket;
  /** The part that repairs may take, where that is less than all. */
  readonly repairs: TokenBucket | null;

  constructor(rate: number, now: Millis, repairRate: number | null = null) {
    this.rate = rate;
    this.bucket = bitBucket(rate, now);
    this.repairs = repairRate === null ? null : bitBucket(repairRate, now);
  }
}

/**
 * Responsible for:
 * - whether a packet may be sent: repairs may use everything, bursts and replay leave a reserve for them
 * - whether a flow may begin: the rates reserved for running flows have to leave room for it
 */
export class Budget {
  readonly #total: Account;
  readonly #options: BudgetOptions;

  constructor(options: BudgetOptions, now: Millis) {
    this.#options = options;
    this.#total = new Account(options.total, now);
  }

  stationAccount(now: Millis): Account {
    return new Account(this.#options.station ?? this.#options.total, now);
  }

  /** The account of a client of a station of `bitrate` bit/s. */
  clientAccount(bitrate: number, now: Millis): Account {
    return new Account(clientRate(bitrate), now, Math.max(REPAIR_SHARE * bitrate, LEAST_REPAIR_RATE));
  }

  /** The account of the group of a station of `bitrate` bit/s. */
  groupAccount(bitrate: number, now: Millis): Account {
    return new Account(clientRate(bitrate), now);
  }

  /** Whether `bits` may be sent now. */
  allows(station: Account, client: Account, bits: number, purpose: Purpose, now: Millis): boolean {
    const reserve = RESERVES[purpose];
    return (
      this.#total.bucket.has(bits, reserve, now) &&
      station.bucket.has(bits, reserve, now) &&
      client.bucket.has(bits, 0, now) &&
      (purpose !== 'repair' || client.repairs === null || client.repairs.has(bits, 0, now))
    );
  }

  /** Charges `bits` that have been sent. */
  charge(station: Account, client: Account, bits: number, purpose: Purpose): void {
    this.#total.bucket.take(bits);
    station.bucket.take(bits);
    client.bucket.take(bits);
    if (purpose === 'repair') client.repairs?.take(bits);
  }

  /** Reserves `rate` bit/s for a flow until `release`; false where that exceeds a rate. */
  reserve(station: Account, rate: number): boolean {
    const accounts = [this.#total, station];
    if (!accounts.every((account) => account.reserved + rate <= account.rate)) return false;
    for (const account of accounts) account.reserved += rate;
    return true;
  }

  release(station: Account, rate: number): void {
    this.#total.reserved -= rate;
    station.reserved -= rate;
  }
}
