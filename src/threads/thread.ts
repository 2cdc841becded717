/** A worker thread as the main thread sees it. */
import { Worker } from 'node:worker_threads';
import { Problem, stackOf } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import type { ThreadCommand, ThreadReport } from './messages.js';

/** Delay before a thread that died is replaced. It doubles with each death, up to LONGEST_REVIVAL: revival must not spin. */
const REVIVAL = Millis(100);
const LONGEST_REVIVAL = Millis(30_000);
/** A thread that lived this long was sound: the delay is REVIVAL again. */
const SOUND_LIFE = Millis(60_000);

export interface ThreadOptions<Report> {
  /** The module that the thread runs. */
  entry: URL;
  /** Its `workerData`. */
  data: object;
  /** Wakes the thread after each message. */
  ring?: () => void;
  /** Called when the thread has ended, for any reason, and before another takes its place. */
  onExit?: () => void;
  onMessage(message: ThreadReport | Report): void;
  /** Called with a line for the log whenever the thread has died, with the stack of the cause. */
  onDeath(line: string): void;
  timers?: Timers;
}

class Removal {
  resolve!: () => void;
  readonly done = new Promise<void>((resolve) => {
    this.resolve = resolve;
  });
}

/**
 * A thread that works for stations `S`, takes the commands `Command` and sends the reports `Report`, beside those of
 * every thread. Responsible for:
 * - messages to the thread and from it
 * - another thread with the same stations when it dies: what a station sends depends on nothing that died with it
 */
export class Thread<S extends { id: string }, Command = never, Report extends { is: string } = never> {
  /** Resolves when the thread has begun; rejects when it cannot, with a Problem. It is tried again until `close`. */
  readonly ready: Promise<void>;
  readonly #options: ThreadOptions<Report>;
  readonly #timers: Timers;
  readonly #stations = new Map<string, S>();
  /** Of each station, the removals that the thread has not answered yet, in order. */
  readonly #removals = new Map<string, Removal[]>();
  #worker!: Worker;
  #isAlive = false;
  /** `stop` has been posted. */
  #isStopping = false;
  #closed: Promise<void> | null = null;
  #startedAt: Millis = Millis(0);
  #deaths = 0;
  #failure: unknown;
  #cancelRevival = (): void => undefined;
  #onceEnded = (): void => undefined;

  constructor(options: ThreadOptions<Report>) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#start();
    this.ready = this.#readiness(this.#worker);
    // A caller that does not await it relies on the next attempt.
    this.ready.catch(() => undefined);
  }

  add(station: S): void {
    this.#stations.set(station.id, station);
    this.#post({ do: 'add', station });
  }

  /** Has the thread take a station again, as it is now: it gave it up. */
  addAgain(id: string): void {
    const station = this.#stations.get(id);
    if (station !== undefined) this.#post({ do: 'add', station });
  }

  /** Sends `command`, which makes a station what `station` describes; a thread that takes over begins with that. */
  change(station: S, command: Command): void {
    this.#stations.set(station.id, station);
    this.#post(command);
  }

  /** Sends `command`, which concerns no single station; a thread that takes over begins with the data as they are then. */
  send(command: Command): void {
    this.#post(command);
  }

  /** What kept the thread from beginning has changed: one that has died is replaced now. */
  retry(): void {
    if (this.#isAlive || this.#closed !== null) return;
    this.#cancelRevival();
    this.#revive();
  }

  /** Resolves when the thread does nothing for the station any more. */
  async remove(id: string): Promise<void> {
    const isKnown = this.#stations.delete(id);
    if (!this.#isAlive) return;
    const removals = this.#removals.get(id) ?? [];
    if (isKnown) {
      this.#removals.set(id, removals);
      removals.push(new Removal());
      this.#post({ do: 'remove', id });
    }
    await removals.at(-1)?.done;
  }

  /** Resolves when it has ended; rejects with the error that it died of meanwhile. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#cancelRevival();
    if (!this.#isAlive) return;
    const ended = new Promise<void>((resolve) => {
      this.#onceEnded = resolve;
    });
    this.#failure = undefined;
    this.#post({ do: 'stop' });
    this.#isStopping = true;
    await ended;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #start(): void {
    const worker = new Worker(this.#options.entry, {
      workerData: this.#options.data,
      execArgv: [], // Options of the command itself, such as a program to evaluate, are not for threads.
    });
    this.#worker = worker;
    this.#isAlive = true;
    this.#startedAt = this.#timers.now();
    this.#failure = undefined;
    worker.on('error', (error) => {
      this.#failure = error;
    });
    worker.on('exit', () => this.#onWorkerExit());
    worker.on('message', (message: ThreadReport | Report) => {
      if (isCommon(message, 'unable')) this.#failure = message.message;
      if (isCommon(message, 'removed')) this.#resolveRemoval(message.id);
      this.#options.onMessage(message);
    });
  }

  #readiness(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      worker.on('message', (message: ThreadReport | Report) => {
        if (isCommon(message, 'unable')) reject(new Problem(message.code, message.message, message.next));
        if (isCommon(message, 'ready')) resolve();
      });
      worker.on('error', reject);
    });
  }

  #onWorkerExit(): void {
    this.#isAlive = false;
    this.#options.onExit?.();
    for (const { resolve } of [...this.#removals.values()].flat()) resolve();
    this.#removals.clear();
    this.#onceEnded();
    if (this.#closed !== null) return;
    const lived = this.#timers.now() - this.#startedAt;
    this.#deaths = lived >= SOUND_LIFE ? 1 : this.#deaths + 1;
    const delay = Math.min(REVIVAL * 2 ** (this.#deaths - 1), LONGEST_REVIVAL);
    const again = this.#deaths > 1 ? `, ${this.#deaths} times in a row` : '';
    const cause = this.#failure === undefined ? 'it ended' : stackOf(this.#failure);
    this.#options.onDeath(
      `A thread of the server died${again}, and another takes its place in ${delay / 1_000} s: ${cause}`,
    );
    this.#cancelRevival = this.#timers.after(Millis(delay), () => this.#revive());
  }

  #revive(): void {
    this.#start();
    for (const station of this.#stations.values()) this.#post({ do: 'add', station });
  }

  #resolveRemoval(id: string): void {
    const removals = this.#removals.get(id);
    removals?.shift()?.resolve();
    if (removals?.length === 0) this.#removals.delete(id);
  }

  #post(message: ThreadCommand<S> | Command): void {
    // A thread that takes over is given the stations as they are then; one that ends needs none, and its bell may be gone.
    if (!this.#isAlive || this.#isStopping) return;
    this.#worker.postMessage(message);
    this.#options.ring?.();
  }
}

/** Whether it is a report that every thread sends. */
const isCommon = <K extends ThreadReport['is']>(
  message: { is: string },
  is: K,
): message is Extract<ThreadReport, { is: K }> => message.is === is;
