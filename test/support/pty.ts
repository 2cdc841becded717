/** A command in a terminal of its own, as its user sees it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TerminalScreen } from './terminal-screen.js';

/** Not compiled: it is beside this file's source. */
const script = fileURLToPath(new URL('../../../test/support/run-in-terminal.py', import.meta.url));

export interface Pty {
  screen: TerminalScreen;
  /** All output so far. */
  readonly written: string;
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** The exit code; null while it runs. */
  readonly exitCode: number | null;
  /** Resolves with the exit code when the command has ended. */
  ended: Promise<number | null>;
}

/** Needs python3. The terminal ends with the test, and with it the command. */
export function openPty(
  context: TestContext,
  [columns, rows]: [number, number],
  words: string[],
  env: NodeJS.ProcessEnv = {},
): Pty {
  const child = spawn('python3', [script, String(columns), String(rows), ...words], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  const ended = once(child, 'close').then(() => child.exitCode);
  context.after(async () => {
    child.kill();
    await ended;
  });
  const screen = new TerminalScreen(columns, rows);
  let written = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    written += text;
    screen.write(text);
  });
  const control = child.stdio[3] as NodeJS.WritableStream;
  return {
    screen,
    get written() {
      return written;
    },
    type: (text) => void child.stdin!.write(text),
    resize(nextColumns, nextRows) {
      screen.resize(nextColumns, nextRows);
      control.write(`${nextColumns} ${nextRows}\n`);
    },
    get exitCode() {
      return child.exitCode;
    },
    ended,
  };
}
