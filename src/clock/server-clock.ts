/**
 * The server's clock as an offset from this machine's, estimated from requests: the quickest answer bounds it best
 * (Cristian's algorithm). Clocks drift apart, so the weight of an estimate falls with its age. No clock is read here.
 */

/** Growth of an estimate's uncertainty per millisecond of age: the server's clock may slew. */
const DRIFT = 0.0003;
const KEPT = 60;
/** Offset, in milliseconds, beyond drift and round trip: a clock was set, or the machine slept. */
const JUMP = 20;

interface Answer {
  offset: number;
  /** Bound of the estimate's error, either way. */
  error: number;
  at: number;
}

export class ServerClock {
  #answers: Answer[] = [];
  #guess: number | null = null;

  /** Server time minus local time, in milliseconds; null until there is an estimate. */
  get offset(): number | null {
    return this.#best()?.offset ?? this.#guess;
  }

  /** Server time at local time `now`; null until there is an estimate. */
  at(now: number): number | null {
    const { offset } = this;
    return offset === null ? null : now + offset;
  }

  /** A time stamp that the server sent unasked: its delay on the way is unknown. */
  hint(time: number, received: number): void {
    this.#guess = time - received;
  }

  /** The answer to a request: `time` by the server's clock, the others by the local clock. */
  add({ sent, received, time }: { sent: number; received: number; time: number }): void {
    const answer = { offset: time - (sent + received) / 2, error: Math.max(0, received - sent) / 2, at: received };
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
    const now = this.#answers.at(-1)?.at ?? 0;
    let best: Answer | undefined;
    for (const each of this.#answers) {
      if (!best || uncertainty(each, now) <= uncertainty(best, now)) best = each;
    }
    return best;
  }
}

const uncertainty = ({ error, at }: Answer, now: number): number => error + (now - at) * DRIFT;
