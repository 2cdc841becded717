/** The terminal that the viewer was started in: keys from it, overlays and a status line to it. */
import type { ReadStream } from 'node:tty';
import { keysIn } from './keys.js';
import type { Overlay } from './overlay.js';
import { linesOf } from './overlay-text.js';

export interface TerminalOptions {
  input: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode' | 'isRaw'>>;
  output: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  onKey: (key: string) => void;
  /** The input has ended: no key will come. */
  onEnd: () => void;
}

/** Has the whole terminal for a while. */
export interface Borrower {
  /** The line of the status, to be shown. */
  onStatus: (status: string) => void;
  /** What came from the terminal; `Terminal.type` takes what of it was typed. */
  onInput: (text: string) => void;
}

/** On an empty line, and from a terminal, a line break is the Enter key. */
const keyFor = (key: string): string => (key === 'newline' ? 'enter' : key);

/** When the output is no terminal, lines are at most so long. */
const PLAIN_WIDTH = 120;

/**
 * It is in charge of:
 * - raw mode while it is open, where the input is a terminal; the terminal as it was when it is closed
 * - one block of lines at the end that is drawn over; without a terminal, each new overlay printed once
 * - being lent to who draws on the whole of it, overlays too: then it only passes on keys and the status
 */
export class Terminal {
  private drawn = 0;
  private printed = '';
  private readonly styled: boolean;
  private wasRaw = false;
  /** The key before, for input that comes in lines. */
  private before = 'newline';
  private borrower: Borrower | null = null;

  constructor(private readonly options: TerminalOptions) {
    this.styled = options.output.isTTY === true;
  }

  open(): void {
    const { input } = this.options;
    if (input.isTTY) {
      this.wasRaw = input.isRaw ?? false;
      input.setRawMode?.(true);
    }
    input.on('data', this.onData);
    input.on('end', this.options.onEnd);
    if (this.styled) this.options.output.write('\x1b[?25l'); // hide the cursor
    input.resume();
  }

  /** Lends it to who draws on the whole of it; null: it is given back, as it was. */
  lend(borrower: Borrower | null): void {
    this.borrower = borrower;
  }

  /** Shows the overlay and, below it, one line of text. */
  show(overlay: Overlay | null, status: string): void {
    if (this.borrower) {
      this.borrower.onStatus(status);
      return;
    }
    const width = this.options.output.columns ?? PLAIN_WIDTH;
    const lines = overlay ? linesOf(overlay, { width, styled: this.styled }) : [];
    if (!this.styled) {
      // Its counters change all the time.
      const text = overlay?.kind === 'banner' ? lines[0] : lines.join('\n');
      if (text !== '' && text !== this.printed) this.options.output.write(`${text}\n`);
      this.printed = text;
      return;
    }
    const block = status === '' ? lines : [...lines, `\x1b[2m${status.slice(0, width - 1)}\x1b[0m`];
    const text = block.map((line) => `${line}\n`).join('');
    if (text === this.printed) return;
    this.options.output.write(this.eraseCode() + text);
    this.drawn = block.length;
    this.printed = text;
  }

  /** Prints a line that stays. */
  say(line: string): void {
    this.options.output.write(`${this.eraseCode()}${line}\n`);
    this.drawn = 0;
    this.printed = '';
  }

  close(): void {
    const { input, output } = this.options;
    input.off('data', this.onData);
    input.off('end', this.options.onEnd);
    input.pause();
    if (input.isTTY) input.setRawMode?.(this.wasRaw);
    if (this.styled) output.write(`${this.eraseCode()}\x1b[?25h`);
    this.drawn = 0;
  }

  /** Takes what was typed. */
  type(text: string): void {
    const lines = this.options.input.isTTY !== true;
    for (const key of keysIn(text)) {
      this.options.onKey(lines && key === 'newline' && this.before !== 'newline' ? 'line-end' : keyFor(key));
      this.before = key;
    }
  }

  private readonly onData = (data: Buffer | string): void => {
    const text = data.toString();
    if (this.borrower) this.borrower.onInput(text);
    else this.type(text);
  };

  private eraseCode(): string {
    return this.drawn === 0 ? '' : `\x1b[${this.drawn}A\r\x1b[J`;
  }
}
