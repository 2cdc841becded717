/** A player's process: its last messages are kept for the Problem, its end is awaited, and nothing of it is left behind. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { Problem } from '../../base/problem.js';
import { Millis } from '../../base/units.js';

/** How long a program can take to end after it was asked to, before it is killed. */
const PATIENCE = Millis(2000);
/** Characters of its standard error that are kept. */
const KEPT_LENGTH = 2000;

/** Whether the user sits at a terminal of another machine. */
const isRemote = (): boolean =>
  (process.env.SSH_CONNECTION ?? process.env.SSH_TTY) !== undefined &&
  process.stdin.isTTY === true &&
  process.stdout.isTTY === true;

export class PlayerProcess {
  readonly program: string;
  readonly child: ChildProcess;
  /** Resolves when the process has ended; never rejects. */
  readonly gone: Promise<void>;
  #messages = '';
  #failure: Error | null = null;

  constructor(program: string, args: readonly string[], options: SpawnOptions) {
    this.program = program;
    this.child = spawn(program, args, options);
    this.child.stderr?.on('data', (text: Buffer) => {
      this.#messages = (this.#messages + text.toString()).slice(-KEPT_LENGTH);
    });
    this.gone = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.#failure = error;
        resolve();
      });
      this.child.once('exit', () => resolve());
    });
    // However this process ends, the window does not stay; and before the terminal is given back nothing draws there.
    const kill = (): void => void this.child.kill('SIGKILL');
    process.prependOnceListener('exit', kill);
    process.prependOnceListener('uncaughtExceptionMonitor', kill);
    void this.gone.then(() => {
      process.off('exit', kill);
      process.off('uncaughtExceptionMonitor', kill);
    });
  }

  get isGone(): boolean {
    return this.#failure !== null || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Why it did not start, or its last messages on standard error. */
  problem(): Problem {
    const cause = this.#failure?.message ?? this.#messages.trim().split('\n').slice(-3).join(' ');
    const lacksDisplay = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
    const next = lacksDisplay
      ? `There is no display here (DISPLAY is not set): ${isRemote() ? 'watch in this terminal with --player terminal, ' : ''}run it on a desktop, or with --player none.`
      : 'Try --player browser, or receive without a window with --player none.';
    return new Problem('player', `${this.program} ended${cause ? `: ${cause}` : ''}`, next);
  }

  /** Asks the program to end, and kills it when it does not. */
  async end(ask: () => void = () => this.child.kill()): Promise<void> {
    if (this.isGone) return;
    ask();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
    await this.gone;
    clearTimeout(timer);
  }
}
