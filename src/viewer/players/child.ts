/** A player's process: its last words kept for the message, its end awaited, and nothing of it left behind. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { Problem } from '../../base/problem.js';

/** How long a program that was asked to end may take before it is ended. */
const PATIENCE = 2000;
const LAST_WORDS = 2000;

/** Somebody sits at a terminal elsewhere. */
const isRemote = (): boolean =>
  (process.env.SSH_CONNECTION ?? process.env.SSH_TTY) !== undefined &&
  process.stdin.isTTY === true &&
  process.stdout.isTTY === true;

export class PlayerProcess {
  readonly child: ChildProcess;
  /** Resolves when the process is gone; never rejects. */
  readonly gone: Promise<void>;
  private words = '';
  private failure: Error | null = null;

  constructor(
    readonly program: string,
    args: readonly string[],
    options: SpawnOptions,
  ) {
    this.child = spawn(program, args, options);
    this.child.stderr?.on('data', (text: Buffer) => {
      this.words = (this.words + text.toString()).slice(-LAST_WORDS);
    });
    this.gone = new Promise((resolve) => {
      this.child.once('error', (error) => {
        this.failure = error;
        resolve();
      });
      this.child.once('exit', () => resolve());
    });
    // Whatever way this process ends, the window does not stay.
    const kill = (): void => void this.child.kill('SIGKILL');
    process.once('exit', kill);
    void this.gone.then(() => process.off('exit', kill));
  }

  get isGone(): boolean {
    return this.failure !== null || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** What it said last on its standard error, or why it did not start. */
  problem(): Problem {
    const cause = this.failure?.message ?? this.words.trim().split('\n').slice(-3).join(' ');
    const display = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
    const next = display
      ? `There is no display here (DISPLAY is not set): ${isRemote() ? 'watch in this terminal with --player terminal, ' : ''}run it on a desktop, or with --player none.`
      : 'Try another with --player mpv, ffplay or vlc, or receive without a window with --player none.';
    return new Problem('player', `${this.program} ended${cause ? `: ${cause}` : ''}`, next);
  }

  /** Asks it to end, and ends it when it does not. */
  async end(ask: () => void = () => this.child.kill()): Promise<void> {
    if (this.isGone) return;
    ask();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE);
    await this.gone;
    clearTimeout(timer);
  }
}
