/** A thread with stations, seen from the server's main thread. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { messageOf, Problem } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import type { FromThread, SharedStation, ToThread } from '../playout/messages.js';

/** How long after a thread died another takes its place: not so often that nothing else gets done. */
const REVIVAL: Millis = 100;

/**
 * It is in charge of:
 * - the messages to a thread and from it
 * - a new thread with the same stations when it dies: what a station sends depends on nothing that died with it
 */
export class Thread<S extends { id: string } = SharedStation, M extends { is: string } = FromThread> {
  /** Resolves when it has begun; rejects with a Problem when it cannot. */
  readonly ready: Promise<void>;
  readonly #entry: URL;
  readonly #data: object;
  readonly #ring: () => void;
  readonly #onExit: () => void;
  readonly #onMessage: (message: FromThread | M) => void;
  readonly #stations = new Map<string, S>();
  /** What to call when the thread has nothing more to do with a station. */
  readonly #removals = new Map<string, () => void>();
  #worker: Worker;
  #revival: NodeJS.Timeout | undefined;
  #isReady = false;
  #isClosing = false;

  /** `entry` is the thread's module, `data` its workerData; `ring` is called after each message. */
  constructor(options: {
    entry: URL;
    data: object;
    ring?: () => void;
    /** Called when the thread has ended, by itself or not, and before another takes its place. */
    onExit?: () => void;
    onMessage(message: FromThread | M): void;
  }) {
    this.#entry = options.entry;
    this.#data = options.data;
    this.#ring = options.ring ?? (() => undefined);
    this.#onExit = options.onExit ?? (() => undefined);
    this.#onMessage = options.onMessage;
    this.#worker = this.#begin();
    this.ready = this.#readiness(this.#worker);
    // Handled where it is awaited; where it is not, the thread is revived until it can begin.
    this.ready.catch(() => undefined);
  }

  add(station: S): void {
    this.#stations.set(station.id, station);
    this.#post({ do: 'add', station });
  }

  /** Tells the thread what has changed in a station; one that takes the thread's place begins with `station`. */
  change(station: S, message: ToThread<S>): void {
    this.#stations.set(station.id, station);
    this.#post(message);
  }

  /** Resolves when the thread has nothing more to do with it. */
  remove(id: string): Promise<void> {
    if (!this.#stations.delete(id)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#removals.set(id, resolve);
      this.#post({ do: 'remove', id });
    });
  }

  /** Resolves when it has ended. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#revival);
    if (this.#worker.threadId < 0) return; // It has ended by itself.
    const ended = once(this.#worker, 'exit');
    this.#post({ do: 'stop' });
    await ended;
  }

  #begin(): Worker {
    const worker = new Worker(this.#entry, {
      workerData: this.#data,
      execArgv: [], // What the command was started with, such as a program in an argument, is not for threads.
    });
    let cause = 'it ended';
    worker.on('error', (error) => {
      cause = messageOf(error);
    });
    worker.on('exit', () => this.#died(cause));
    worker.on('message', (message: FromThread | M) => {
      if (isOfAll(message, 'unable')) cause = message.message;
      if (isOfAll(message, 'removed')) this.#forget(message.id);
      this.#onMessage(message);
    });
    return worker;
  }

  #readiness(worker: Worker): Promise<void> {
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread | M) => {
        if (isOfAll(message, 'unable')) reject(new Problem(message.code, message.message, message.next));
        if (message.is !== 'ready') return;
        this.#isReady = true;
        resolve();
      });
      worker.on('error', reject);
    });
  }

  #died(cause: string): void {
    this.#onExit();
    for (const id of [...this.#removals.keys()]) this.#forget(id);
    if (this.#isClosing || !this.#isReady) return;
    this.#onMessage({ is: 'note', line: `A thread of the server died and another takes its place: ${cause}` });
    this.#revival = setTimeout(() => {
      this.#worker = this.#begin();
      for (const station of this.#stations.values()) this.#post({ do: 'add', station });
    }, REVIVAL);
  }

  #forget(id: string): void {
    this.#removals.get(id)?.();
    this.#removals.delete(id);
  }

  #post(message: ToThread<S>): void {
    this.#worker.postMessage(message);
    this.#ring();
  }
}

/** Whether it is a message that every thread says. */
const isOfAll = <K extends FromThread['is']>(
  message: { is: string },
  is: K,
): message is Extract<FromThread, { is: K }> => message.is === is;
