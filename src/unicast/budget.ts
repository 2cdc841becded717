/** Budgets of packets for single viewers: of each viewer, of each station, and in total. No clock. */

import { FairHoldings, FairRate, type Party } from '../base/fair-shares.js';
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
/** Share of a rate that flows of this kind cannot reserve: replays of many addresses leave room for tuning and repair. */
const UNRESERVED: Record<Exclude<Purpose, 'repair'>, number> = { burst: 0, replay: 0.3 };

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

/** A bucket holds a tenth of a second's bits, and at least a packet of any size. */
const CAPACITY_SECONDS = 0.1;
const LEAST_CAPACITY = 64 * 1024 * 8;
/** A group's bucket, whose rate is no more than its station's: the packets of a short gap in the network's own path. */
const GROUP_CAPACITY_SECONDS = 0.25;

/** A bucket of bits; `rate` in bit/s. */
const bucketOf = (rate: number, seconds = CAPACITY_SECONDS) => ({
  rate,
  capacity: Math.max(LEAST_CAPACITY, rate * seconds),
});

/** The account of one client or one group. */
export interface Account {
  readonly bucket: TokenBucket;
  /** The part that repairs may take, where that is less than all. */
  readonly repairs: TokenBucket | null;
}

/** A client or a group that packets are charged to. */
export interface Payer extends Party {
  readonly account: Account;
}

/** The account of all payers, or of those of one station: each has a fair share of it. */
export class SharedAccount {
  readonly rate: FairRate;
  /** Bit/s reserved for running flows. */
  readonly reserved: FairHoldings;

  constructor(rate: number, now: Millis) {
    this.rate = new FairRate(bucketOf(rate), now);
    this.reserved = new FairHoldings(rate);
  }
}

/**
 * Responsible for:
 * - whether a packet may be sent: repairs may use everything, bursts and replay leave a reserve for them
 * - whether a flow may begin: the rates reserved for running flows have to leave room for it
 * - fair shares of both: an address, or one of its sessions, that has much leaves room for those that have little
 */
export class Budget {
  readonly #total: SharedAccount;
  readonly #options: BudgetOptions;

  constructor(options: BudgetOptions, now: Millis) {
    this.#options = options;
    this.#total = new SharedAccount(options.total, now);
  }

  stationAccount(now: Millis): SharedAccount {
    return new SharedAccount(this.#options.station ?? this.#options.total, now);
  }

  /** The account of a client of a station of `bitrate` bit/s. */
  clientAccount(bitrate: number, now: Millis): Account {
    const repairRate = Math.max(REPAIR_SHARE * bitrate, LEAST_REPAIR_RATE);
    return {
      bucket: new TokenBucket(bucketOf(Math.max(CLIENT_SHARE * bitrate, LEAST_CLIENT_RATE)), now),
      repairs: new TokenBucket(bucketOf(repairRate), now),
    };
  }

  /** The account of the group of a station of `bitrate` bit/s: requests never make the group's traffic more than twice that. */
  groupAccount(bitrate: number, now: Millis): Account {
    return { bucket: new TokenBucket(bucketOf(bitrate, GROUP_CAPACITY_SECONDS), now), repairs: null };
  }

  /** Whether `bits` may be sent now. */
  allows(station: SharedAccount, payer: Payer, bits: number, purpose: Purpose, now: Millis): boolean {
    const reserve = RESERVES[purpose];
    const { bucket, repairs } = payer.account;
    return (
      bucket.has(bits, 0, now) &&
      (purpose !== 'repair' || repairs === null || repairs.has(bits, 0, now)) &&
      this.#total.rate.allows(payer, bits, reserve, now) &&
      station.rate.allows(payer, bits, reserve, now)
    );
  }

  /** Charges `bits` that have been sent. */
  charge(station: SharedAccount, payer: Payer, bits: number, purpose: Purpose): void {
    this.#total.rate.take(payer, bits);
    station.rate.take(payer, bits);
    payer.account.bucket.take(bits);
    if (purpose === 'repair') payer.account.repairs?.take(bits);
  }

  /** Reserves `rate` bit/s for a payer's flow until `release`; false where that is more than its share of a rate. */
  reserve(station: SharedAccount, payer: Party, rate: number, purpose: keyof typeof UNRESERVED): boolean {
    const accounts = [this.#total, station];
    if (!accounts.every(({ reserved }) => reserved.allows(payer, rate, UNRESERVED[purpose]))) return false;
    for (const { reserved } of accounts) reserved.take(payer, rate);
    return true;
  }

  release(station: SharedAccount, payer: Party, rate: number): void {
    for (const { reserved } of [this.#total, station]) reserved.giveBack(payer, rate);
  }
}
