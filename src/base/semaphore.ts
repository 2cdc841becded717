/** Work that takes a processor or much memory: so much of it at once, so much waiting, and no more. */

export class Semaphore {
  readonly #most: number;
  readonly #mostWaiting: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: { most: number; waiting: number }) {
    this.#most = options.most;
    this.#mostWaiting = options.waiting;
  }

  get isFull(): boolean {
    return this.#running >= this.#most && this.#waiting.length >= this.#mostWaiting;
  }

  /** Runs `work` when it is its turn. Not to be called while full. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await work();
    } finally {
      // Whoever waited longest takes over this place.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
