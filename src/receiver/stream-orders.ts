/** What a stream asks of its receiver. No socket, no timer, no clock. */
import type { Millis } from '../base/units.js';
import type { FlowRequest } from '../control/flows.js';
import type { Feedback } from '../wire/feedback.js';

/** Where a stream begins. */
export type Target = { kind: 'live' } | { kind: 'time'; time: Millis; item: boolean };

export type Order =
  /** Send this to the server, with the session's cookie. */
  | { type: 'feedback'; feedback: Omit<Feedback, 'cookie'> }
  /** Ask the server for this flow; the answer goes to `replaying` or `refused`. */
  | { type: 'replay'; request: FlowRequest }
  /** Ask whether the server is there, and where its station is; the answer goes to `addClock`. */
  | { type: 'check' }
  /** The server has sent nothing that it was asked for: another may. */
  | { type: 'unanswered' }
  /** Leave the group and join it again: nothing comes, although the server sends. */
  | { type: 'rejoin' }
  /** Report this: the server refused a flow, and the stream continues with what the group sends. */
  | { type: 'report'; error: unknown };

export const NO_ORDERS: readonly Order[] = [];

/** Responsible for: orders until they are taken; feedback, with all of its fields. */
export class Orders {
  readonly #media: number;
  /** SSRC of our feedback. */
  readonly #sender: number;
  #pending: Order[] = [];

  /** `media`: SSRC of the station. `random` from 0 to 1. */
  constructor(media: number, random: () => number) {
    this.#media = media;
    this.#sender = Math.floor(random() * 0x1_0000_0000);
  }

  push(order: Order): void {
    this.#pending.push(order);
  }

  /** Feedback repeats the credit of the flow, if there is one. */
  sendFeedback(
    flow: Feedback['flow'],
    { missing = [], copies = 1, report = null }: Partial<Pick<Feedback, 'missing' | 'copies' | 'report'>> = {},
  ): void {
    const feedback = { sender: this.#sender, media: this.#media, missing, copies, flow, report };
    this.#pending.push({ type: 'feedback', feedback });
  }

  take(): readonly Order[] {
    if (this.#pending.length === 0) return NO_ORDERS;
    const orders = this.#pending;
    this.#pending = [];
    return orders;
  }
}
