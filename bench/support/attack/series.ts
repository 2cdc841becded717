/** Answers in the course of time. No clock. */
import { quantile } from '../stats.js';

/** When something was asked (Unix epoch, ms), and after how many milliseconds it was answered; null: never. */
export type Answer = readonly [at: number, took: number | null];

export interface Window {
  from: number;
  to: number;
}

const within = (answers: readonly Answer[], { from, to }: Window): readonly Answer[] =>
  answers.filter(([at]) => at >= from && at < to);

export interface Summary {
  count: number;
  unanswered: number;
  median: number;
  /** Infinity when one was never answered. */
  worst: number;
}

export function summary(answers: readonly Answer[], window: Window): Summary {
  const took = within(answers, window).map(([, each]) => each ?? Number.POSITIVE_INFINITY);
  return {
    count: took.length,
    unanswered: took.filter((each) => each === Number.POSITIVE_INFINITY).length,
    median: quantile(took, 0.5),
    worst: quantile(took, 1),
  };
}

/** Seconds from `end` to the last answer of the window that took longer than `most` ms, or never came; 0 for none. */
export function lastBad(answers: readonly Answer[], window: Window, end: number, most: number): number {
  const bad = within(answers, window).filter(([at, took]) => at >= end && (took === null || took > most));
  return bad.length === 0 ? 0 : (bad.at(-1)![0] - end) / 1000;
}
