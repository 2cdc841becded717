/**
 * The server's clock as an offset from this machine's, estimated from requests: the quickest answer bounds it best
 * (Cristian's algorithm). Clocks drift apart, so the weight of an estimate falls with its age. No clock is read here.
 */
import { Millis } from '../base/units.js';

/** Growth of an estimate's uncertainty per millisecond of age: the server's clock may slew. */
const DRIFT = 0.0003;
const KEPT = 60;
/** Offset beyond drift and round trip: a clock was set, or the machine slept. */
const JUMP = Millis(20);

interface Answer {
  offset: Millis;
  /** Bound of the estimate's error, either way. */
  error: Millis;
  at: Millis;
}

export class ServerClock {
  #answers: Answer[] = [];
  #guess: Millis | null = null;

  /** Server time minus local time; null until there is an estimate. */
  get offset(): Millis | null {
    return this.#best()?.offset ?? this.#guess;
  }

  /** Server time at local time `now`; null until there is an estimate. */
  at(now: Millis): Millis | null {
    const { offset } = this;
    return offset === null ? null : Millis(now + offset);
  }

  /** How far the estimate can be off at local time `now`, either way; 0 without an answer. */
  errorAt(now: Millis): Millis {
    const best = this.#best();
    return best === undefined ? Millis(0) : uncertainty(best, now);
  }

  /** A time stamp that the server sent unasked: its delay on the way is unknown. */
  hint(time: Millis, received: Millis): void {
    this.#guess = Millis(time - received);
  }

  /** The answer to a request: `time` by the server's clock, the others by the local clock. */
  add({ sent, received, time }: { sent: Millis; received: Millis; time: Millis }): void {
    const offset = Millis(time - (sent + received) / 2);
    const error = Millis(Math.max(0, received - sent) / 2);
    const answer: Answer = { offset, error, at: received };
    const best = this.#best();
    if (best && Math.abs(best.offset - answer.offset) > uncertainty(best, received) + answer.error + JUMP) {
      this.#answers = [];
    }
    this.#answers.push(answer);
    if (this.#answers.length > KEPT) this.#answers.shift();
  }

  /** Resets the estimate for another server. */
  reset(): void {
    this.#answers = [];
    this.#guess = null;
  }

  #best(): Answer | undefined {
    const now = this.#answers.at(-1)?.at ?? Millis(0);
    let best: Answer | undefined;
    for (const each of this.#answers) {
      if (!best || uncertainty(each, now) <= uncertainty(best, now)) best = each;
    }
    return best;
  }
}

const uncertainty = ({ error, at }: Answer, now: Millis): Millis => Millis(error + (now - at) * DRIFT);
