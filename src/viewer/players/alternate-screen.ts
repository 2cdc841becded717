/** The terminal's second screen, and the way back from it however the process ends. */
import { writeSync } from 'node:fs';
import { systemCode } from '../../base/problem.js';
import { Millis } from '../../base/units.js';

export type ScreenOutput = NodeJS.WritableStream & {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  fd?: number;
  /** Of Node's streams to terminals: without it a write blocks the process until the terminal has read it. */
  _handle?: { setBlocking?: (isBlocking: boolean) => void };
};

/** 1049: second screen, the cursor is saved; 25: cursor shown; 7: lines that are too long wrap. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
/**
 * ST ends a string that was broken off; then origin mode off and no scrolling region (see ScreenText), cursor keys and
 * keypad as usual, which mpv switches, and the modes of ENTER.
 */
const LEAVE = '\x1b\\\x1b[?6l\x1b[r\x1b[?1l\x1b>\x1b[0m\x1b[2J\x1b[?7h\x1b[?25h\x1b[?1049l';

/** How long the terminal can take to read LEAVE before the viewer goes on without. */
const PATIENCE = Millis(1000);
/** The same for a process that is exiting: attempts to write, and the pause between them. */
const ATTEMPTS = 25;
const PAUSE = Millis(20);

/**
 * Responsible for:
 * - entering the second screen, and leaving it
 * - leaving it also when the process ends by an error: then synchronously, past the output still queued
 */
export class AlternateScreen {
  readonly #output: ScreenOutput;
  #isEntered = false;

  constructor(output: ScreenOutput) {
    this.#output = output;
  }

  enter(): void {
    this.#isEntered = true;
    this.#output._handle?.setBlocking?.(false);
    process.once('exit', this.#onExit);
    process.once('uncaughtExceptionMonitor', this.#onExit); // The error is printed on the usual screen.
    this.#output.write(ENTER);
  }

  /** Resolves when the terminal has read it, or reads nothing. */
  async leave(): Promise<void> {
    if (!this.#isEntered) return;
    const isRead = await this.#write(LEAVE);
    this.#isEntered = false;
    process.off('exit', this.#onExit);
    process.off('uncaughtExceptionMonitor', this.#onExit);
    if (isRead) this.#output._handle?.setBlocking?.(true);
  }

  /** Resolves to whether the terminal has read it within PATIENCE. */
  async #write(text: string): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const isRead = await new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PATIENCE);
      this.#output.write(text, () => resolve(true));
    });
    clearTimeout(timer);
    return isRead;
  }

  readonly #onExit = (): void => {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    let rest = Buffer.from(LEAVE);
    for (let attempt = 0; attempt < ATTEMPTS && rest.length > 0; attempt++) {
      try {
        rest = rest.subarray(writeSync(this.#output.fd ?? 1, rest));
      } catch (error) {
        if (systemCode(error) !== 'EAGAIN') return; // The terminal is gone.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
      }
    }
  };
}
