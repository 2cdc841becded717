/** Whether the server gives what it is asked for. No socket, no timer, no clock. */
import { Millis } from '../base/units.js';

/** Feedback without an answer for this time makes us ask whether the server is there. */
const UNANSWERED = Millis(1_000);
/**
 * Feedback without an answer for this time, and that of two looks at the sockets, is a reason to turn to another server of the
 * station: by then a lost packet has been requested at least three times, and is about to be given up.
 */
const UNHELPFUL = Millis(250);
/** Least time between two questions where the station is, when packets of the group are not believed. */
const DOUBTED = Millis(250);

/**
 * Responsible for:
 * - when to ask whether the server is there, and where its station is
 * - when to turn to another server, once in each silence
 */
export class AnswerWatch {
  readonly #unhelpful: Millis;
  #since: Millis | null = null;
  /** The silence that was a reason to turn to another server. */
  #turnedFor: Millis | null = null;
  #askedAt = Millis(Number.NEGATIVE_INFINITY);

  /** `latency`: how long datagrams wait in the sockets. */
  constructor(latency: Millis) {
    this.#unhelpful = Millis(Math.min(UNHELPFUL + 2 * latency, UNANSWERED));
  }

  /** The server was sent something that it answers with packets. */
  asked(now: Millis): void {
    this.#since ??= now;
  }

  answered(): void {
    this.#since = null;
  }

  /** Returns true, once in each silence, when another server may help. */
  takeTurn(now: Millis): boolean {
    const since = this.#since;
    if (since === null || since === this.#turnedFor || now - since < this.#unhelpful) return false;
    this.#turnedFor = since;
    return true;
  }

  /** Returns true when the server is to be asked whether it is there. `isInDoubt`: it has to say where its station is. */
  takeQuestion(isInDoubt: boolean, now: Millis): boolean {
    const isSilent = this.#since !== null && now - this.#since >= UNANSWERED;
    if (!isSilent && !(isInDoubt && now - this.#askedAt >= DOUBTED)) return false;
    this.#since = null;
    this.#askedAt = now;
    return true;
  }
}
