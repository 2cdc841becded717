/**
 * The server's clock, as this machine's plus an offset: learnt from requests, of which the quickest knows it best (Cristian's
 * algorithm). Clocks drift apart, so what was learnt long ago counts less. No clock is read here.
 */

/** How much surer a new answer is than an older one, for each millisecond between them: the server's clock may slew. */
const DRIFT = 0.0003;
const KEPT = 60;
/** Beyond what drift and round trips explain, milliseconds: a clock was set, or the machine slept. */
const JUMP = 20;

interface Answer {
  offset: number;
  /** The offset is at most so much wrong, either way. */
  error: number;
  at: number;
}

export class ServerClock {
  #answers: Answer[] = [];
  #guess: number | null = null;

  /** The server's time less this machine's, milliseconds; null until anything is known. */
  get offset(): number | null {
    return this.#best()?.offset ?? this.#guess;
  }

  /** The server's time when ours is `now`; null until anything is known. */
  at(now: number): number | null {
    const { offset } = this;
    return offset === null ? null : now + offset;
  }

  /** Something the server said without being asked: it was under way for a time that nobody knows. */
  hint(time: number, received: number): void {
    this.#guess = time - received;
  }

  /** An answer to a question: `time` by the server's clock, the others by this machine's. */
  add({ sent, received, time }: { sent: number; received: number; time: number }): void {
    const answer = { offset: time - (sent + received) / 2, error: Math.max(0, received - sent) / 2, at: received };
    const best = this.#best();
    if (best && Math.abs(best.offset - answer.offset) > uncertainty(best, received) + answer.error + JUMP) {
      this.#answers = [];
    }
    this.#answers.push(answer);
    if (this.#answers.length > KEPT) this.#answers.shift();
  }

  /** Another server answers from now on. */
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
