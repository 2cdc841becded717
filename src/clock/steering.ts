/**
 * Keeps pictures at their presentation times by controlling the playback rate. An error above a second is corrected by
 * a jump, a smaller one by a slightly different rate, a negligible one not at all.
 */

import { Millis } from '../base/units.js';

export type Correction = { kind: 'rate'; rate: number } | { kind: 'jump' };

const JUMP_BEYOND = Millis(1_000);
/** Limit just after tuning, when a jump disturbs less than seconds at another rate. */
const FIRST_JUMP_BEYOND = Millis(350);
const BEGIN_BEYOND = Millis(4);
const END_WITHIN = Millis(1);
/** The rate is chosen to remove the whole error within this time. */
const TIME_CONSTANT = Millis(1_200);
const MOST = 0.03;
/** Smallest rate correction that has an effect. */
const LEAST = 0.002;
/** Pictures of one measurement: displays present them up to a refresh late, by varying amounts. */
const PICTURES = 12;
const FEWEST = 6;
/** Pictures that count as just tuned. */
const SETTLED = 60;

export class Steering {
  #offsets: Millis[] = [];
  #pictures = 0;
  #isCorrecting = false;

  /** Mean error, positive for late; null until there are enough pictures. */
  get offset(): Millis | null {
    return this.#offsets.length < FEWEST ? null : middle(this.#offsets);
  }

  /** Adds a presented picture with its lateness. */
  add(offset: Millis): void {
    this.#offsets.push(offset);
    this.#pictures++;
    if (this.#offsets.length > PICTURES) this.#offsets.shift();
  }

  /** The correction to make now. */
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

  /** Playback jumped: earlier measurements are discarded. */
  reset(): void {
    this.#offsets = [];
    this.#isCorrecting = false;
  }
}

/** The interquartile mean: single late pictures do not count. */
function middle(values: readonly Millis[]): Millis {
  const sorted = [...values].sort((a, b) => a - b);
  const quarter = Math.floor(sorted.length / 4);
  const half = sorted.slice(quarter, sorted.length - quarter);
  return Millis(half.reduce((sum, value) => sum + value, 0) / half.length);
}
