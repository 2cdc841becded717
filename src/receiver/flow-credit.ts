/** How far a flow may go, and when the server has to be sent that. No socket, no timer, no clock. */
import { Millis, PacketNumber } from '../base/units.js';
import { CREDIT_REPEAT } from '../contract/flow.js';

/** CREDIT_REPEAT while packets are awaited that do not come. */
const STALLED_REPEAT = Millis(250);
/** Least growth of the credit that is sent, in seconds of packets. */
const STEP = 0.5;

export interface FlowCreditOptions {
  number: number;
  /** The first packet of the flow, and the one before which it stops without further credit. */
  from: PacketNumber;
  credit: PacketNumber;
  /** Packets a second. */
  rate: number;
}

/**
 * Responsible for:
 * - when to send the credit: when it falls, when it has grown, and every CREDIT_REPEAT
 * - distinguishing a flow that has stalled from one that has used its credit
 */
export class FlowCredit {
  readonly number: number;
  readonly #step: number;
  #credit: PacketNumber;
  #sentAt: Millis;
  #position: PacketNumber;
  #progressAt: Millis;

  constructor({ number, from, credit, rate }: FlowCreditOptions, now: Millis) {
    this.number = number;
    this.#step = Math.ceil(rate * STEP);
    this.#credit = credit;
    this.#sentAt = now;
    this.#position = PacketNumber(from - 1);
    this.#progressAt = now;
  }

  /** The credit sent last. */
  get credit(): PacketNumber {
    return this.#credit;
  }

  /** How long packets have been awaited in vain; 0 while none are. */
  stalledFor(now: Millis): Millis {
    return Millis(now - this.#progressAt);
  }

  /** The highest packet received is `position`, the first one not wanted yet is `wanted`. Returns whether to send that. */
  update(position: PacketNumber, wanted: PacketNumber, now: Millis): boolean {
    const isWaiting = position + 1 < this.#credit;
    if (position !== this.#position || !isWaiting) this.#progressAt = now;
    this.#position = position;
    const isNews = wanted < this.#credit || wanted >= this.#credit + this.#step;
    const isUsedUp = wanted > this.#credit && position + 1 >= this.#credit;
    const repeat = isWaiting && now - this.#progressAt >= STALLED_REPEAT ? STALLED_REPEAT : CREDIT_REPEAT;
    return isNews || isUsedUp || now - this.#sentAt >= repeat;
  }

  /** The credit is being sent. */
  grant(credit: PacketNumber, now: Millis): void {
    if (this.#position + 1 >= this.#credit) this.#progressAt = now; // it had to wait for this
    this.#credit = credit;
    this.#sentAt = now;
  }
}
