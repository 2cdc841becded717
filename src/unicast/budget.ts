/** Budgets: what the server sends to single viewers, for a viewer, a station and in all. No clock. */

import { TokenBucket } from '../base/token-bucket.js';
import type { Millis } from '../base/units.js';

/** Bit/s. */
export interface BudgetOptions {
  total: number;
  /** For the viewers of one station together; the total where it is not given. */
  station?: number;
}

/** What is sent, the more urgent first. */
export type Purpose = 'repair' | 'burst' | 'replay';

/** So much of a full bucket is left for what is more urgent. */
const RESERVES: Record<Purpose, number> = { repair: 0, burst: 0.3, replay: 0.6 };

/** A viewer may be sent so many times what its station takes: a burst at full speed, and repair beside it. */
const CLIENT_SHARE = 12;
/** And so much in any case, bit/s: what is small may be fetched fast. */
const LEAST_CLIENT_RATE = 60e6;

/**
 * Of it, lost packets may be so many times what the station takes: more than half lost is not repaired by sending more, and
 * a viewer who asks without end must not fill its own line. At least so much, bit/s.
 */
const REPAIR_SHARE = 2;
const LEAST_REPAIR_RATE = 4e6;

const clientRate = (bitrate: number): number => Math.max(CLIENT_SHARE * bitrate, LEAST_CLIENT_RATE);

/** A tenth of a second's worth is kept, and at least a packet of any size. */
const CAPACITY_SECONDS = 0.1;
const LEAST_CAPACITY = 64 * 1024 * 8;

/** Of bits; `rate` in bit/s. */
const bitBucket = (rate: number, now: Millis): TokenBucket =>
  new TokenBucket({ rate, capacity: Math.max(LEAST_CAPACITY, rate * CAPACITY_SECONDS) }, now);

/** What one client, one group, or one station, draws on. */
export class Account {
  /** Bit/s that running flows are sure to take. */
  reserved = 0;
  readonly rate: number;
  readonly bucket: TokenBucket;
  /** What of it lost packets may take, where that is less. */
  readonly repairs: TokenBucket | null;

  constructor(rate: number, now: Millis, repairRate: number | null = null) {
    this.rate = rate;
    this.bucket = bitBucket(rate, now);
    this.repairs = repairRate === null ? null : bitBucket(repairRate, now);
  }
}

/**
 * It is in charge of:
 * - whether a packet may be sent: repair may use everything, bursts and replay leave something for it
 * - whether a flow may begin: what those that run are sure to take leaves room for it
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

  /** Of a viewer of a station of `bitrate` bit/s. */
  clientAccount(bitrate: number, now: Millis): Account {
    return new Account(clientRate(bitrate), now, Math.max(REPAIR_SHARE * bitrate, LEAST_REPAIR_RATE));
  }

  /** Of all viewers who miss the same packets of a station of `bitrate` bit/s. */
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

  /** They have been sent. */
  charge(station: Account, client: Account, bits: number, purpose: Purpose): void {
    this.#total.bucket.take(bits);
    station.bucket.take(bits);
    client.bucket.take(bits);
    if (purpose === 'repair') client.repairs?.take(bits);
  }

  /** Sets `rate` bit/s aside for a flow, where there is room; `release` gives it back. */
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
