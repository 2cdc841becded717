/** What a person reads where a server is not believed, because the two ends do not share a key. */
import { Problem } from '../base/problem.js';
import type { Mismatch } from '../wire/seal.js';

interface MismatchText {
  /** What follows the server's name. */
  readonly cause: string;
  readonly next: string;
}

export const mismatchTexts: Readonly<Record<Mismatch, MismatchText>> = {
  'we-have-no-key': {
    cause: 'answers only to those who have its key',
    next: 'Name the file with that key: --key FILE.',
  },
  'it-has-no-key': {
    cause: 'has no key, and is not believed',
    next: 'Start it with --key and the same file, or leave out --key (and MSC_KEY) here.',
  },
  'other-key': {
    cause: 'has another key, and is not believed',
    next: 'Give --key the same file on both sides.',
  },
};

/** The Problem of a server, named for people, whose replies are not believed. */
export function mismatchProblem(server: string, mismatch: Mismatch): Problem {
  const { cause, next } = mismatchTexts[mismatch];
  return new Problem('server', `The server ${server} ${cause}`, next);
}
