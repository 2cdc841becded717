/** Pictures made small, in a child process that is there only while there is something to do. Its parent's side. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Millis } from '../base/units.js';
import type { StationFormat } from '../wire/station-info.js';

/** `picture`: as makeThumbnail takes it. `width`: at most so many pixels. */
export interface ThumbnailJob {
  format: StationFormat;
  picture: Uint8Array;
  width: number;
}

/** `missing`: FFmpeg is not installed. `memory`: the child's resident set, bytes. */
export type ThumbnailAnswer = { missing: true } | { still: Uint8Array | null; memory: number };

/** A child process as ThumbnailChild needs it. */
export interface ThumbnailProcess {
  send(job: ThumbnailJob): void;
  /** Ends it at once; `ended` is called then, too. */
  kill(): void;
}

export type StartStillProcess = (heard: { answered(answer: ThumbnailAnswer): void; ended(): void }) => ThumbnailProcess;

export interface ThumbnailLimits {
  /** For one picture; the first one waits for FFmpeg to be loaded, too. */
  time: Millis;
  /** Resident memory of the child, bytes. */
  memory: number;
  /** The child is ended when it has had nothing to do for this long. */
  idle: Millis;
}

export const thumbnailLimits: ThumbnailLimits = { time: 5_000, memory: 512 * 2 ** 20, idle: 30_000 };

/** After the first failure, doubled with each that follows, until a picture has been made again. */
const FIRST_PAUSE: Millis = 1_000;
const LONGEST_PAUSE: Millis = 60_000;

export interface ThumbnailChildOptions {
  timers: { now(): Millis; after(delay: Millis, run: () => void): () => void };
  /** One line for the log. */
  say(line: string): void;
  limits?: ThumbnailLimits;
  start?: StartStillProcess;
}

/**
 * It is in charge of:
 * - a child process while there are pictures to be made, one at a time
 * - its limits, and starting it again when it broke, but not again and again
 */
export class ThumbnailChild {
  readonly #options: Required<ThumbnailChildOptions>;
  #process: ThumbnailProcess | null = null;
  readonly #jobs: { job: ThumbnailJob; done(still: Buffer | null): void }[] = [];
  #cancelTimer = () => {};
  /** When the job that is being done was sent. */
  #sent: Millis = 0;
  /** A job is being done, or it rests after one. */
  #isBusy = false;
  #pause: Millis = 0;
  #startAfter = Number.NEGATIVE_INFINITY;
  /** Set for good when FFmpeg is not installed, or it was closed. */
  #isOff = false;

  constructor(options: ThumbnailChildOptions) {
    this.#options = { limits: thumbnailLimits, start: forkStillProcess, ...options };
  }

  /** Whether there is a use in asking now. */
  get isAble(): boolean {
    return !this.#isOff && (this.#process !== null || this.#options.timers.now() >= this.#startAfter);
  }

  /** Resolves with a JPEG file; with null where the picture is no use, or the child cannot be had or broke over it. */
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
    } catch {
      this.#fail('could not be started');
      return;
    }
    this.#sent = timers.now();
    this.#cancelTimer = timers.after(limits.time, () => this.#fail('took too long over a picture'));
    this.#process.send(first.job);
  }

  #start(): ThumbnailProcess {
    // What a former process still has to say is not heard any more.
    const process: ThumbnailProcess = this.#options.start({
      answered: (answer) => {
        if (this.#process === process) this.#answered(answer);
      },
      ended: () => {
        if (this.#process === process) this.#fail('ended');
      },
    });
    return process;
  }

  #answered(answer: ThumbnailAnswer): void {
    if ('missing' in answer) {
      this.#options.say('Thumbnails are posters: FFmpeg (the package node-av) is not installed.');
      this.close();
      return;
    }
    this.#pause = 0;
    this.#jobs.shift()?.done(answer.still === null ? null : Buffer.from(answer.still));
    // It begins anew with the next picture.
    const { timers, limits } = this.#options;
    if (answer.memory > limits.memory) this.#kill();
    // As long again it does nothing: half a processor is the most that thumbnails take.
    this.#cancelTimer();
    this.#cancelTimer = timers.after(timers.now() - this.#sent, () => this.#next());
  }

  #fail(what: string): void {
    const { timers, say } = this.#options;
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2 || FIRST_PAUSE);
    this.#startAfter = timers.now() + this.#pause;
    say(`The process that makes thumbnails ${what}: posters until it is started again, in ${this.#pause / 1000} s.`);
    this.#end();
  }

  /** Whoever waits gets nothing. */
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

const forkStillProcess: StartStillProcess = ({ answered, ended }) => {
  const entry = fileURLToPath(new URL('child/thumbnail-entry.js', import.meta.url));
  const child = fork(entry, {
    execArgv: ['--max-old-space-size=128'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.on('message', answered);
  // Also when it could not be started at all.
  child.on('error', ended);
  child.on('exit', ended);
  // It does not keep its parent from ending, and ends with it: its channel is closed then.
  child.unref();
  child.channel?.unref();
  return {
    // An error in sending means that it has ended, which is told apart.
    send: (job) => void child.send(job, () => {}),
    kill: () => void child.kill('SIGKILL'),
  };
};
