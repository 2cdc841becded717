/** The terminal's second screen, without a cursor, and the way back from it whatever happens. */
import { writeSync } from 'node:fs';
import { systemCode } from '../../base/problem.js';
import type { Millis } from '../../base/units.js';

export type ScreenOutput = NodeJS.WritableStream & {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  fd?: number;
  /** Of Node's streams to terminals: else a write waits until the terminal has taken it, and everything with it. */
  _handle?: { setBlocking?: (isBlocking: boolean) => void };
};

/** 1049: second screen, the cursor is kept; 25: cursor; 7: lines that are too long go on below. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';
/** ST first, which ends what was broken off; 2026: what was drawn is to be shown; and the usual colours. */
const LEAVE = '\x1b\\\x1b[?2026l\x1b[0m\x1b[2J\x1b[?7h\x1b[?25h\x1b[?1049l';

/** How long what was written may take to reach the terminal before we go all the same. */
const PATIENCE: Millis = 1000;
/** The same, for a process that ends now: attempts, and the pause between them. */
const ATTEMPTS = 25;
const PAUSE: Millis = 20;

/**
 * It is in charge of:
 * - entering, and leaving as it was, the pictures of `end` gone
 * - leaving also when the process ends by an error: then at once, past what waits to be written
 */
export class AlternateScreen {
  private isEntered = false;

  constructor(
    private readonly output: ScreenOutput,
    /** What takes pictures away. */
    private end = '',
  ) {}

  enter(): void {
    this.isEntered = true;
    this.output._handle?.setBlocking?.(false);
    process.once('exit', this.onExit);
    process.once('uncaughtExceptionMonitor', this.onExit); // Its message is not to be lost with this screen.
    this.output.write(ENTER);
  }

  /** Says what takes pictures away. */
  setEnd(end: string): void {
    this.end = end;
  }

  /** Resolves when the terminal has taken it, or takes nothing. */
  async leave(): Promise<void> {
    if (!this.isEntered) return;
    const isTaken = await this.written(this.leaving);
    this.isEntered = false;
    process.off('exit', this.onExit);
    process.off('uncaughtExceptionMonitor', this.onExit);
    if (isTaken) this.output._handle?.setBlocking?.(true);
  }

  private get leaving(): string {
    return `\x1b\\${this.end}${LEAVE}`;
  }

  /** Whether the terminal has taken it in good time. */
  private async written(text: string): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const isTaken = await new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PATIENCE);
      this.output.write(text, () => resolve(true));
    });
    clearTimeout(timer);
    return isTaken;
  }

  private readonly onExit = (): void => {
    if (!this.isEntered) return;
    this.isEntered = false;
    let rest = Buffer.from(this.leaving);
    for (let attempt = 0; attempt < ATTEMPTS && rest.length > 0; attempt++) {
      try {
        rest = rest.subarray(writeSync(this.output.fd ?? 1, rest));
      } catch (error) {
        if (systemCode(error) !== 'EAGAIN') return; // The terminal is gone.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
      }
    }
  };
}
