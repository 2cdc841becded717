/**
 * Output of commands: lines for people on standard error, results on standard output, progress on a terminal. All text of a
 * command goes through this file, which leaves nothing in it that acts on a terminal or a log.
 */
import { printable, printableJson, printableLines } from '../base/printable.js';
import type { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';

export interface Output {
  /** A line for people; nothing with --quiet. */
  print(line: string): void;
  /** A problem of one station, others go on: not hidden by --quiet, and an event with --json. */
  warn(problem: Problem, station?: number): void;
  /** One JSON value on a line of standard output, with --json only. */
  event(value: object): void;
  /** Shows `label` with a bar of progress on a terminal; `done` is 0 to 1. */
  progress(label: string, done: number): void;
  /** The line below all others, on a terminal only: `line` is called where it is shown. */
  status(line: () => string): void;
  /** Ends the progress line. */
  endProgress(): void;
}

let hasEvents = false;
/** Whether events were written to standard output, which its reader follows while the command runs. */
export const writesEvents = (): boolean => hasEvents;

const BAR_LENGTH = 24;
/** Shortest time between two states of the bar. */
const BAR_PERIOD = Millis(100);

export function openOutput(options: { quiet: boolean; json: boolean }): Output {
  const { quiet, json } = options;
  const isTerminal = process.stderr.isTTY === true;
  let shown = '';
  let drawn = Number.NEGATIVE_INFINITY;
  const clear = () => {
    if (shown !== '') process.stderr.write('\r\x1b[K');
    shown = '';
  };
  const draw = (line: string) => {
    shown = line;
    process.stderr.write(`\r\x1b[K${printable(line).slice(0, (process.stderr.columns ?? 80) - 1)}`);
  };
  const event = (value: object) => {
    if (!json) return;
    hasEvents = true;
    printJson(value);
  };
  return {
    print(line) {
      if (quiet) return;
      clear();
      process.stderr.write(`${printableLines(line)}\n`);
    },
    warn(problem, station) {
      clear();
      printProblem(problem);
      const { code, message, next } = problem;
      event({ event: 'problem', station, code, message, next });
    },
    event,
    progress(label, done) {
      if (quiet || !isTerminal || performance.now() - drawn < BAR_PERIOD) return;
      drawn = performance.now();
      const full = Math.round(done * BAR_LENGTH);
      const percent = String(Math.floor(done * 100)).padStart(3);
      draw(`${label} ${'█'.repeat(full)}${'░'.repeat(BAR_LENGTH - full)} ${percent}%`);
    },
    status(line) {
      if (quiet || json || !isTerminal) return;
      draw(line());
    },
    endProgress: clear,
  };
}

/** A problem for people, on standard error: what happened and why, then what to do. */
export function printProblem({ message, next }: Problem): void {
  process.stderr.write(`msc: ${printableLines(`${message}\n${next}`)}\n`);
}

/** A result for people on standard output: lines of which each is printed as it is. */
export const printResult = (lines: readonly string[]): void =>
  void process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));

/** One JSON value for scripts, on standard output unless that has something else. */
export function printJson(
  value: unknown,
  { indent, to = process.stdout }: { indent?: number; to?: Writing } = {},
): void {
  to.write(`${printableJson(value, indent)}\n`);
}

type Writing = Pick<NodeJS.WritableStream, 'write'>;

/** Help on standard output: its lines keep their indent. */
export const printHelp = (text: string): void => printResult(text.trimEnd().split('\n'));

/** A usage error, which repeats words of the command line. */
export const printUsage = (text: string): void => void process.stderr.write(`${printableLines(text)}\n`);

/** Our own question at a terminal, without a line break. */
export const printPrompt = (text: string): void => void process.stderr.write(text);

/** Resolves when all results so far are in the pipe or file. */
export const written = (): Promise<void> => new Promise((resolve) => process.stdout.write('', () => resolve()));

/** A count with its noun: “1 packet”, “2 packets”. */
export const countOf = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
