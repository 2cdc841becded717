/** Writes packets for single viewers as far as the budgets allow. No clock. */
import type { Millis, PacketNumber } from '../base/units.js';
import type { ReadError } from '../threads/read-errors.js';
import type { Budget, Purpose } from './budget.js';
import type { OnAir, Recipient } from './on-air.js';
import type { PacketWriter } from './packet-writer.js';

/** Upper limit of the bits of a station's packets. */
const bitsOf = ({ station }: OnAir, packets: number): number => packets * station.largestPacket * 8;

/**
 * Responsible for:
 * - charging packets to the accounts of their station and recipient
 * - read errors: only a failed system call makes packets unreadable; any other error is a fault of the program
 */
export class BudgetedWriter {
  readonly #budget: Budget;
  readonly #writer: PacketWriter;
  readonly #onReadError: (id: string, error: ReadError) => void;

  constructor(options: {
    budget: Budget;
    writer: PacketWriter;
    onReadError: (id: string, error: ReadError) => void;
  }) {
    this.#budget = options.budget;
    this.#writer = options.writer;
    this.#onReadError = options.onReadError;
  }

  /** Whether the budgets allow `packets` now. */
  allows(onAir: OnAir, recipient: Recipient, packets: number, purpose: Purpose, now: Millis): boolean {
    return this.#budget.allows(onAir.account, recipient, bitsOf(onAir, packets), purpose, now);
  }

  /**
   * Writes packets `from` to `to` − 1. Returns how many are on their way, fewer if the rest is not in memory yet, or null if
   * they cannot be read. Throws an error that no system call made.
   */
  write(
    onAir: OnAir,
    from: PacketNumber,
    to: PacketNumber,
    recipient: Recipient,
    purpose: Purpose,
    now: Millis,
  ): number | null {
    const { station, counts, errors } = onAir;
    try {
      const written = this.#writer.write(station, from, to, recipient.destination);
      const bits = bitsOf(onAir, written);
      this.#budget.charge(onAir.account, recipient, bits, purpose);
      counts.bytes += bits / 8;
      return written;
    } catch (error) {
      const news = errors.take(error, now);
      if (news) this.#onReadError(onAir.id, news);
      counts.unread += to - from;
      return null;
    }
  }
}
