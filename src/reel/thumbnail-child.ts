/** Thumbnails, made in a child process that runs only while there are pictures to make: the parent's side. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../base/problem.js';
import { Millis } from '../base/units.js';
import type { StationFormat } from '../wire/station-format.js';
import { guardChild } from './child-guard.js';

/** `picture` as for `makeThumbnail`; `width` is the widest result, pixels. */
export interface ThumbnailJob {
  format: StationFormat;
  picture: Uint8Array;
  width: number;
}

/**
 * `missing`: FFmpeg is not installed. `failed`: the message of an error that is no fault of the picture.
 * `thumbnail`: a JPEG file, null where FFmpeg cannot decode the picture. `memory`: the child's resident set, bytes.
 */
export type ThumbnailAnswer = { missing: true } | { failed: string } | { thumbnail: Uint8Array | null; memory: number };

/** The child process as ThumbnailChild uses it. */
export interface ThumbnailProcess {
  send(job: ThumbnailJob): void;
  /** Ends it at once; `onEnd` is called then too. */
  kill(): void;
}

export interface ThumbnailProcessEvents {
  onAnswer(answer: ThumbnailAnswer): void;
  /** The process has ended, or could not be started. */
  onEnd(): void;
}
export type StartThumbnailProcess = (events: ThumbnailProcessEvents) => ThumbnailProcess;

export interface ThumbnailLimits {
  /** Longest wait for one picture; the first one waits for FFmpeg to be loaded too. */
  time: Millis;
  /** Memory of the child, bytes: the system holds it to that, see guardChild; after a picture it is replaced. */
  memory: number;
  /** Time without a picture after which the child is ended. */
  idle: Millis;
}

export const thumbnailLimits: ThumbnailLimits = { time: Millis(5_000), memory: 512 * 2 ** 20, idle: Millis(30_000) };

/** Pause after the first failure; each further failure doubles it, a finished picture resets it. */
const FIRST_PAUSE = Millis(1_000);
const LONGEST_PAUSE = Millis(60_000);

export interface ThumbnailChildOptions {
  timers: { now(): Millis; after(delay: Millis, run: () => void): () => void };
  /** Writes a line to the log. */
  log(line: string): void;
  limits?: ThumbnailLimits;
  start?: StartThumbnailProcess;
}

/**
 * Responsible for:
 * - a child process while there are pictures to make, one at a time
 * - the limits of that process, and the growing pauses before a failed one is started again
 */
export class ThumbnailChild {
  readonly #options: Required<ThumbnailChildOptions>;
  #process: ThumbnailProcess | null = null;
  readonly #jobs: { job: ThumbnailJob; done(thumbnail: Buffer | null): void }[] = [];
  #cancelTimer = () => {};
  /** When the current job was sent. */
  #sent: Millis = Millis(0);
  /** A job is being done, or it rests after one. */
  #isBusy = false;
  #pause: Millis = Millis(0);
  #startAfter = Number.NEGATIVE_INFINITY;
  /** Set for good when FFmpeg is not installed, or it was closed. */
  #isOff = false;

  constructor(options: ThumbnailChildOptions) {
    this.#options = { limits: thumbnailLimits, start: forkThumbnailProcess, ...options };
  }

  /** False while FFmpeg is missing, after `close`, and during the pause after a failure. */
  get isAble(): boolean {
    return !this.#isOff && (this.#process !== null || this.#options.timers.now() >= this.#startAfter);
  }

  /** Resolves with a JPEG file, or with null when the picture cannot be decoded or the child is unavailable or failed. */
  make(job: ThumbnailJob): Promise<Buffer | null> {
    if (!this.isAble) return Promise.resolve(null);
    return new Promise((done) => {
      this.#jobs.push({ job, done });
      if (!this.#isBusy) this.#next();
    });
  }

  close(): void {
    this.#isOff = true;
    this.#end();
  }

  #next(): void {
    const [first] = this.#jobs;
    const { timers, limits } = this.#options;
    this.#cancelTimer();
    this.#isBusy = first !== undefined;
    if (first === undefined) {
      this.#cancelTimer = timers.after(limits.idle, () => this.#end());
      return;
    }
    try {
      this.#process ??= this.#start();
    } catch (error) {
      this.#fail(`could not be started (${messageOf(error)})`);
      return;
    }
    this.#sent = timers.now();
    this.#cancelTimer = timers.after(limits.time, () => this.#fail('took too long over a picture'));
    this.#process.send(first.job);
  }

  #start(): ThumbnailProcess {
    // Late messages of an earlier process are ignored.
    const process: ThumbnailProcess = this.#options.start({
      onAnswer: (answer) => {
        if (this.#process === process) this.#onAnswer(answer);
      },
      onEnd: () => {
        if (this.#process === process) this.#fail('ended');
      },
    });
    return process;
  }

  #onAnswer(answer: ThumbnailAnswer): void {
    if ('missing' in answer) {
      this.#options.log('Thumbnails are posters: FFmpeg (the package node-av) is not installed.');
      this.close();
      return;
    }
    if ('failed' in answer) {
      this.#fail(`failed (${answer.failed})`);
      return;
    }
    this.#pause = Millis(0);
    this.#jobs.shift()?.done(answer.thumbnail === null ? null : Buffer.from(answer.thumbnail));
    // The next picture starts another process.
    const { timers, limits } = this.#options;
    if (answer.memory > limits.memory) this.#kill();
    // The process rests as long as it worked: thumbnails take half a processor at most.
    this.#cancelTimer();
    this.#cancelTimer = timers.after(Millis(timers.now() - this.#sent), () => this.#next());
  }

  #fail(what: string): void {
    const { timers, log } = this.#options;
    this.#pause = Millis(Math.min(LONGEST_PAUSE, this.#pause * 2 || FIRST_PAUSE));
    this.#startAfter = timers.now() + this.#pause;
    log(`The process that makes thumbnails ${what}: posters until it is started again, in ${this.#pause / 1000} s.`);
    this.#end();
  }

  /** Resolves every waiting job with null. */
  #end(): void {
    this.#cancelTimer();
    this.#isBusy = false;
    this.#kill();
    for (const { done } of this.#jobs.splice(0)) done(null);
  }

  #kill(): void {
    const process = this.#process;
    this.#process = null;
    process?.kill();
  }
}

const forkThumbnailProcess: StartThumbnailProcess = ({ onAnswer, onEnd }) => {
  const entry = fileURLToPath(new URL('child/thumbnail-entry.js', import.meta.url));
  const child = fork(entry, {
    execArgv: ['--max-old-space-size=128'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.on('message', onAnswer);
  // Also when it could not be started at all.
  child.on('error', onEnd);
  child.on('exit', onEnd);
  const { pid } = child;
  if (pid !== undefined) {
    const guard = guardChild({ pid, memory: thumbnailLimits.memory, onExcess: () => void child.kill('SIGKILL') });
    child.once('exit', () => guard.release());
  }
  // It does not keep its parent alive, and ends with it, because its channel is closed then.
  child.unref();
  child.channel?.unref();
  return {
    // A process without a channel was not started; an error in sending means that it has ended: `onEnd` reports both.
    send: (job) => {
      if (child.channel) child.send(job, () => {});
    },
    kill: () => void child.kill('SIGKILL'),
  };
};
