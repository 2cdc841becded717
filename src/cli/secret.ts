/** Asking for a secret on a terminal. */
import type { ReadStream } from 'node:tty';
import { Problem } from '../base/problem.js';
import { printPrompt } from './output.js';

/** The part of a terminal's input that is used. */
export type SecretInput = Pick<ReadStream, 'setRawMode' | 'on' | 'off' | 'resume' | 'pause' | 'setEncoding'>;

const END = new Set(['\r', '\n', '\u0004']);
const BACK = new Set(['\b', '\u007f']);
const INTERRUPT = '\u0003';
const KILL_LINE = '\u0015';

/** A line from the terminal, which is not echoed. Rejects with a Problem when the user or `signal` interrupts it. */
export function askSecretly(
  question: string,
  signal: AbortSignal,
  input: SecretInput = process.stdin,
  show: (text: string) => unknown = printPrompt,
): Promise<string> {
  show(question);
  return new Promise((resolve, reject) => {
    let line: string[] = [];
    const end = () => {
      input.off('data', onData);
      signal.removeEventListener('abort', interrupted);
      input.setRawMode(false);
      input.pause();
      show('\n');
    };
    const interrupted = () => {
      end();
      reject(new Problem('usage', 'the password was not set', 'Run the command again to set it.'));
    };
    const onData = (text: string) => {
      for (const character of text) {
        if (END.has(character)) {
          end();
          resolve(line.join(''));
          return;
        }
        if (character === INTERRUPT) return interrupted();
        if (BACK.has(character)) line.pop();
        else if (character === KILL_LINE) line = [];
        else if (character >= ' ') line.push(character);
      }
    };
    input.setRawMode(true);
    input.setEncoding('utf8');
    input.on('data', onData);
    signal.addEventListener('abort', interrupted, { once: true });
    input.resume();
  });
}
