/** What commands say, and how: people's lines on standard error, results on standard output, progress on a terminal. */
import type { Problem } from '../base/problem.js';

export interface Output {
  /** A line for people; nothing with --quiet. */
  say(line: string): void;
  /** What --quiet does not hide: something went wrong with one station, others go on. An event with --json. */
  warn(problem: Problem, station?: number): void;
  /** One JSON value on a line of standard output, with --json only. */
  event(value: object): void;
  /** Shows how far `label` has come; `done` is 0 to 1. */
  progress(label: string, done: number): void;
  /** A line that stands below all others, on a terminal only: `line` is asked for it where it is shown. */
  status(line: () => string): void;
  /** Ends the progress line. */
  progressEnd(): void;
}

const BAR_LENGTH = 24;
/** Milliseconds between two states of the bar. */
const BAR_PERIOD = 100;

export function openOutput(options: { quiet: boolean; json: boolean }): Output {
  const { quiet, json } = options;
  const terminal = process.stderr.isTTY === true;
  let shown = '';
  let drawn = Number.NEGATIVE_INFINITY;
  const clear = () => {
    if (shown !== '') process.stderr.write('\r\x1b[K');
    shown = '';
  };
  const event = (value: object) => {
    if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
  };
  return {
    say(line) {
      if (quiet) return;
      clear();
      process.stderr.write(`${line}\n`);
    },
    warn(problem, station) {
      clear();
      process.stderr.write(problemText(problem));
      const { code, message, next } = problem;
      event({ event: 'problem', station, code, message, next });
    },
    event,
    progress(label, done) {
      if (quiet || !terminal || performance.now() - drawn < BAR_PERIOD) return;
      drawn = performance.now();
      const full = Math.round(done * BAR_LENGTH);
      shown = `${label} ${'█'.repeat(full)}${'░'.repeat(BAR_LENGTH - full)} ${String(Math.floor(done * 100)).padStart(3)}%`;
      process.stderr.write(`\r\x1b[K${shown.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    },
    status(line) {
      if (quiet || json || !terminal) return;
      shown = line();
      process.stderr.write(`\r\x1b[K${shown.slice(0, (process.stderr.columns ?? 80) - 1)}`);
    },
    progressEnd: clear,
  };
}

/** A problem as people read it: what and why, then what to do. */
export const problemText = (problem: Problem): string => `msc: ${problem.message}\n     ${problem.next}\n`;
