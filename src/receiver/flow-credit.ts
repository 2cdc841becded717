/** What a receiver tells of a flow: how far it may go, and when to say so. No socket, no timer, no clock. */
import type { Millis, PacketNumber } from '../base/units.js';
import { CREDIT_REPEAT } from '../contract/flow.js';

/** The same while packets are awaited that do not come. */
const STALLED_REPEAT: Millis = 250;
/** Nothing is said for less than so many seconds' packets. */
const STEP = 0.5;

export interface FlowCreditOptions {
  number: number;
  /** The first packet of the flow, and the one before which it stops unless it is told more. */
  from: PacketNumber;
  credit: PacketNumber;
  /** Packets a second. */
  rate: number;
}

/**
 * It is in charge of:
 * - when the credit is said: when it falls, when it has grown, and now and then
 * - telling a flow that has stalled from one that has nothing to send
 */
export class FlowCredit {
  readonly number: number;
  readonly #step: number;
  #credit: PacketNumber;
  #saidAt: Millis;
  #position: PacketNumber;
  #progressAt: Millis;

  constructor({ number, from, credit, rate }: FlowCreditOptions, now: Millis) {
    this.number = number;
    this.#step = Math.ceil(rate * STEP);
    this.#credit = credit;
    this.#saidAt = now;
    this.#position = from - 1;
    this.#progressAt = now;
  }

  /** What was said last. */
  get credit(): PacketNumber {
    return this.#credit;
  }

  /** Since when packets have been awaited; the present while none are. */
  stalledFor(now: Millis): Millis {
    return now - this.#progressAt;
  }

  /** The highest packet that came is `position`, and up to `wanted`, not included, they may. Whether that is to be said. */
  update(position: PacketNumber, wanted: PacketNumber, now: Millis): boolean {
    const isWaiting = position + 1 < this.#credit;
    if (position !== this.#position || !isWaiting) this.#progressAt = now;
    this.#position = position;
    const isNews = wanted < this.#credit || wanted >= this.#credit + this.#step;
    const isSmall = wanted > this.#credit && position + 1 >= this.#credit; // but all that there is to be said
    const repeat = isWaiting && now - this.#progressAt >= STALLED_REPEAT ? STALLED_REPEAT : CREDIT_REPEAT;
    return isNews || isSmall || now - this.#saidAt >= repeat;
  }

  /** It is said. */
  say(credit: PacketNumber, now: Millis): void {
    if (this.#position + 1 >= this.#credit) this.#progressAt = now; // it could not go on before
    this.#credit = credit;
    this.#saidAt = now;
  }
}
