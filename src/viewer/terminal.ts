/** The terminal that the viewer was started in: keys from it, overlays and a status line to it. */
import type { ReadStream } from 'node:tty';
import { printable, printableLines } from '../base/printable.js';
import { keysIn } from './keys.js';
import type { Overlay } from './overlay.js';
import { linesOf } from './overlay-text.js';

export interface TerminalOptions {
  input: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode' | 'isRaw'>>;
  output: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  onKey: (key: string) => void;
  /** The input has ended: no more keys will come. */
  onEnd: () => void;
}

/** Shows the overlay and the status on a screen that it has to itself. */
export type Show = (overlay: Overlay | null, status: string) => void;

/** On an empty line, and from a terminal, a line break is the Enter key. */
const keyFor = (key: string): string => (key === 'newline' ? 'enter' : key);

/** Width of lines when the output is no terminal. */
const PLAIN_WIDTH = 120;

/**
 * Responsible for:
 * - raw mode while it is open, where the input is a terminal, and the mode before when it is closed
 * - one block of lines at the end of the output, drawn again in place; without a terminal, each new overlay printed once
 * - lending the output to a player that draws on all of it
 */
export class Terminal {
  readonly #options: TerminalOptions;
  readonly #isStyled: boolean;
  /** Lines of the block on the screen. */
  #height = 0;
  #printed = '';
  #wasRaw = false;
  /** The key before, for input that comes in lines. */
  #before = 'newline';
  #borrower: Show | null = null;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#isStyled = options.output.isTTY === true;
  }

  open(): void {
    const { input } = this.#options;
    if (input.isTTY) {
      this.#wasRaw = input.isRaw ?? false;
      input.setRawMode?.(true);
    }
    input.on('data', this.#onData);
    input.on('end', this.#options.onEnd);
    if (this.#isStyled) this.#options.output.write('\x1b[?25l'); // hide the cursor
    input.resume();
  }

  /** Lends the output: `show` of the borrower is called instead. null takes it back. */
  lend(borrower: Show | null): void {
    this.#borrower = borrower;
  }

  /** Shows the overlay and, below it, one line of text. */
  show(overlay: Overlay | null, status: string): void {
    if (this.#borrower) {
      this.#borrower(overlay, status);
      return;
    }
    const width = this.#options.output.columns ?? PLAIN_WIDTH;
    const lines = overlay ? linesOf(overlay, { width, styled: this.#isStyled }) : [];
    if (!this.#isStyled) {
      // The counters of a banner change all the time.
      const text = overlay?.kind === 'banner' ? (lines[0] ?? '') : lines.join('\n');
      if (text !== '' && text !== this.#printed) this.#options.output.write(`${text}\n`);
      this.#printed = text;
      return;
    }
    const block = status === '' ? lines : [...lines, `\x1b[2m${printable(status).slice(0, width - 1)}\x1b[0m`];
    const text = block.map((line) => `${line}\n`).join('');
    if (text === this.#printed) return;
    this.#options.output.write(this.#eraseCode() + text);
    this.#height = block.length;
    this.#printed = text;
  }

  /** Prints a line that stays. */
  print(line: string): void {
    this.#options.output.write(`${this.#eraseCode()}${printableLines(line)}\n`);
    this.#height = 0;
    this.#printed = '';
  }

  close(): void {
    const { input, output } = this.#options;
    input.off('data', this.#onData);
    input.off('end', this.#options.onEnd);
    input.pause();
    if (input.isTTY) input.setRawMode?.(this.#wasRaw);
    if (this.#isStyled) output.write(`${this.#eraseCode()}\x1b[?25h`);
    this.#height = 0;
  }

  readonly #onData = (data: Buffer | string): void => {
    const isLines = this.#options.input.isTTY !== true;
    for (const key of keysIn(data.toString())) {
      this.#options.onKey(isLines && key === 'newline' && this.#before !== 'newline' ? 'line-end' : keyFor(key));
      this.#before = key;
    }
  };

  #eraseCode(): string {
    return this.#height === 0 ? '' : `\x1b[${this.#height}A\r\x1b[J`;
  }
}
