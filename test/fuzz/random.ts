/** Random numbers that a seed determines. */
export type Random = () => number;

/** Mulberry32: from 0 to 2^32 − 1. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** An integer from 0 to `count` − 1. */
export const below = (random: Random, count: number): number => random() % count;

export const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!;
