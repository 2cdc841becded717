/** The gateway's guide, refreshed from time to time. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { type Guide, joined, readGuide } from '../state/programmes.js';

const HOUR = 3_600_000;
/** The part of the guide that the wall and the seek bar need, before and after now. */
const BEFORE = 2 * HOUR;
const AFTER = 3 * HOUR;
const EVERY = 5 * 60_000;
/** Shortest interval between requests, even if stations change more often. */
const LEAST = 30_000;

export type FetchGuide = (from: number, to: number) => Promise<unknown>;

/** Fetches the gateway's guide; whole milliseconds since the Unix epoch. Rejects where it cannot be reached or has no guide. */
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

  /** Two hours back and three ahead; empty while there is none. */
  get around(): ReadonlySignal<Guide> {
    return this.#guide;
  }

  /** Stations have changed: the guide is fetched again at the next tick. */
  invalidate(): void {
    this.#isOutdated = true;
  }

  /** Fetches the guide when it is due; `now`: the server's clock. */
  tick(now: number): void {
    const age = now - this.#askedAt;
    if (this.#asking || age < (this.#isOutdated ? LEAST : EVERY)) return;
    this.#asking = true;
    this.#isOutdated = false;
    this.#askedAt = now;
    // Two requests, since answers are limited: a long past must not push out the current programmes.
    Promise.all([this.between(now - BEFORE, now), this.between(now, now + AFTER)])
      .then(([before, after]) => {
        this.#guide.value = joined(before, after);
      })
      // The stations' own now and next remain.
      .catch(() => {})
      .finally(() => {
        this.#asking = false;
      });
  }

  /** The guide of any time. Rejects as `fetchGuide` does. */
  async between(from: number, to: number): Promise<Guide> {
    // A programme with exactly the bounds of the request has no beginning or end of its own.
    const asked = { from: Math.round(from) - 1, to: Math.round(to) + 1 };
    return readGuide(await this.#fetch(asked.from, asked.to), asked);
  }
}
