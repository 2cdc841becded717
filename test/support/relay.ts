/**
 * A bad network path: which datagrams come out of it, and when. The same seed and datagrams give the same fates. No
 * sockets, no timers, no clock.
 */
import { Millis } from '../../src/base/units.js';

export interface Hazards {
  /** Share of datagrams that are lost at random, 0 to 1. */
  loss?: number;
  /** Losses in a row: the chance that one begins with a datagram, and how many of them it takes. */
  bursts?: { chance: number; length: number };
  /** Gaps in which nothing passes: one of `length` at the end of each `every`. */
  gaps?: { every: Millis; length: Millis };
  /** Delay of every datagram. */
  delay?: Millis;
  /** Greatest additional delay; datagrams then overtake each other. */
  jitter?: Millis;
  /** Share of duplicated datagrams. */
  duplicates?: number;
  seed?: number;
}

/** Numbers from 0 to 1, exclusive; the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

export interface PathCounts {
  entered: number;
  lost: number;
  duplicated: number;
}

/** One direction of the way. */
export class Path<T> {
  readonly counts: PathCounts = { entered: 0, lost: 0, duplicated: 0 };
  #hazards!: Required<Hazards>;
  #random!: () => number;
  /** Datagrams under way, in order of coming out. */
  #underWay: { at: Millis; datagram: T }[] = [];
  #burstLeft = 0;
  /** Time of the first datagram, from which gaps are counted. */
  #began: Millis | null = null;

  constructor(hazards: Hazards = {}) {
    this.change(hazards);
  }

  /** Changes the hazards, as in a new path; datagrams under way come out as before. */
  change(hazards: Hazards): void {
    this.#hazards = {
      loss: 0,
      bursts: { chance: 0, length: 0 },
      gaps: { every: Millis(Number.POSITIVE_INFINITY), length: Millis(0) },
      delay: Millis(0),
      jitter: Millis(0),
      duplicates: 0,
      seed: 1,
      ...hazards,
    };
    this.#random = randomFrom(this.#hazards.seed);
    this.#burstLeft = 0;
    this.#began = null;
  }

  enter(datagram: T, now: Millis): void {
    this.counts.entered++;
    if (this.#isLost(now)) {
      this.counts.lost++;
      return;
    }
    const { delay, jitter, duplicates } = this.#hazards;
    const isTwice = this.#random() < duplicates;
    if (isTwice) this.counts.duplicated++;
    for (let copy = 0; copy <= Number(isTwice); copy++) {
      this.#add(Millis(now + delay + this.#random() * jitter), datagram);
    }
  }

  /** Datagrams that have come out by now, in order. */
  leave(now: Millis): T[] {
    let count = 0;
    while (count < this.#underWay.length && this.#underWay[count]!.at <= now) count++;
    return this.#underWay.splice(0, count).map(({ datagram }) => datagram);
  }

  /** Time at which the next one comes out; null while none is under way. */
  get next(): Millis | null {
    return this.#underWay[0]?.at ?? null;
  }

  #isLost(now: Millis): boolean {
    const { loss, bursts, gaps } = this.#hazards;
    const isUnlucky = this.#random() < loss;
    const isBurst = this.#random() < bursts.chance;
    this.#began ??= now;
    const inGap = (now - this.#began + gaps.length) % gaps.every < gaps.length;
    if (this.#burstLeft === 0 && isBurst) this.#burstLeft = bursts.length;
    if (this.#burstLeft > 0) {
      this.#burstLeft--;
      return true;
    }
    return isUnlucky || inGap;
  }

  #add(at: Millis, datagram: T): void {
    let place = this.#underWay.length;
    while (place > 0 && this.#underWay[place - 1]!.at > at) place--;
    this.#underWay.splice(place, 0, { at, datagram });
  }
}
