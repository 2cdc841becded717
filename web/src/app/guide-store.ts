/** The guide as the gateway tells it, asked for again now and then. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { type Guide, joined, readGuide } from '../state/programmes.js';

const HOUR = 3_600_000;
/** What the wall and the seek bar show. */
const BEFORE = 2 * HOUR;
const AFTER = 3 * HOUR;
const EVERY = 5 * 60_000;
/** Not more often, however often stations change. */
const LEAST = 30_000;

export type FetchGuide = (from: number, to: number) => Promise<unknown>;

/** Of the gateway that the page comes from; whole milliseconds since the Unix epoch. Rejects where it cannot be reached or has no guide. */
export async function fetchGuide(from: number, to: number): Promise<unknown> {
  const answer = await fetch(`/api/v1/guide?from=${from}&to=${to}`);
  if (!answer.ok) throw new Error(`The guide was answered with status ${answer.status}.`);
  return answer.json();
}

export class GuideStore {
  readonly #fetch: FetchGuide;
  readonly #guide = signal<Guide>(new Map());
  #askedAt = Number.NEGATIVE_INFINITY;
  #isOutdated = true;
  #asking = false;

  constructor(fetch: FetchGuide) {
    this.#fetch = fetch;
  }

  /** Two hours back and three ahead; empty where the gateway has none, or it has not come yet. */
  get around(): ReadonlySignal<Guide> {
    return this.#guide;
  }

  /** Stations changed: it is asked for again the next time. */
  outdated(): void {
    this.#isOutdated = true;
  }

  /** Asks when it is time to; `now`: the server's clock. */
  tick(now: number): void {
    const age = now - this.#askedAt;
    if (this.#asking || age < (this.#isOutdated ? LEAST : EVERY)) return;
    this.#asking = true;
    this.#isOutdated = false;
    this.#askedAt = now;
    // Answers end somewhere: what is on now is not to be missing because there was so much before.
    Promise.all([this.between(now - BEFORE, now), this.between(now, now + AFTER)])
      .then(([before, after]) => {
        this.#guide.value = joined(before, after);
      })
      // Now and next, which the stations tell, do without.
      .catch(() => {})
      .finally(() => {
        this.#asking = false;
      });
  }

  /** Of a time of one's own choosing. Rejects as `fetchGuide` does. */
  async between(from: number, to: number): Promise<Guide> {
    // Programmes begin at full minutes: an answer that begins with the question is of one that has no beginning.
    const asked = { from: Math.round(from) - 1, to: Math.round(to) + 1 };
    return readGuide(await this.#fetch(asked.from, asked.to), asked);
  }
}
