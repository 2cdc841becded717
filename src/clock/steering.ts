/**
 * Keeps a picture at its moment, wherever it is shown: how far it is off, from picture to picture, and what is done about
 * it. More than a second: it goes there at once. Less: it plays a little faster or slower. Hardly anything: it is left.
 */

export type Correction = { kind: 'rate'; rate: number } | { kind: 'jump' };

/** Milliseconds. */
const JUMP_BEYOND = 1_000;
/** Just tuned, a jump costs less than seconds at another speed. */
const FIRST_JUMP_BEYOND = 350;
const BEGIN_BEYOND = 4;
const END_WITHIN = 1;
/** The rate that would take the whole error away in this time. */
const TIME_CONSTANT = 1_200;
const MOST = 0.03;
/** Below that, nothing would come of it. */
const LEAST = 0.002;
/** Pictures that are looked at together: displays show them up to a refresh late, now more, now less. */
const PICTURES = 12;
const FEWEST = 6;
/** Pictures after which it is no longer just tuned. */
const SETTLED = 60;

export class Steering {
  #offsets: number[] = [];
  #pictures = 0;
  #isCorrecting = false;

  /** Milliseconds, positive: late. Null until enough pictures were seen. */
  get offset(): number | null {
    return this.#offsets.length < FEWEST ? null : middle(this.#offsets);
  }

  /** A picture was shown so late, milliseconds. */
  add(offset: number): void {
    this.#offsets.push(offset);
    this.#pictures++;
    if (this.#offsets.length > PICTURES) this.#offsets.shift();
  }

  /** What to do now. */
  correction(): Correction {
    const { offset } = this;
    if (offset === null) return { kind: 'rate', rate: 1 };
    const size = Math.abs(offset);
    if (size > (this.#pictures < SETTLED ? FIRST_JUMP_BEYOND : JUMP_BEYOND)) return { kind: 'jump' };
    if (size > BEGIN_BEYOND) this.#isCorrecting = true;
    if (size < END_WITHIN) this.#isCorrecting = false;
    if (!this.#isCorrecting) return { kind: 'rate', rate: 1 };
    const change = Math.min(MOST, Math.max(LEAST, size / TIME_CONSTANT));
    return { kind: 'rate', rate: 1 + Math.sign(offset) * change };
  }

  /** It went elsewhere: what was measured says nothing any more. */
  reset(): void {
    this.#offsets = [];
    this.#isCorrecting = false;
  }
}

/** The mean of the middle half: single pictures that were shown late do not count. */
function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  const half = sorted.slice(quarter, sorted.length - quarter);
  return half.reduce((sum, value) => sum + value, 0) / half.length;
}
