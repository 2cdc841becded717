/** Sockets that are opened again where their interface is now. */
import { Problem } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { type InterfaceWatch, interfaceWatch, WATCH_PERIOD } from './interface-watch.js';
import type { NetInterface } from './interfaces.js';

/** To a thread with sockets: they are opened again on this interface, which has returned or moved. */
export interface ReopenCommand {
  do: 'reopen';
  at: NetInterface;
}

export interface ReopeningOptions {
  /** Opens the sockets again at this IPv4 address. Rejects with a Problem where that fails. */
  reopen: (address: string) => Promise<void>;
  /** Called when they have been opened again. */
  onReopened?: (address: string) => void;
  /** Called with the first failure at each address. It is tried again. */
  onError: (error: Problem) => void;
  timers?: Timers;
}

/** Responsible for: trying until the sockets are open at the address that was named last. */
export class Reopening {
  readonly #options: ReopeningOptions;
  readonly #timers: Timers;
  /** Counts the calls of `to` and `close`. */
  #turn = 0;
  #cancel: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ReopeningOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  /** Opens the sockets again at `address`; a failure at the address before no longer counts. */
  to(address: string): void {
    const turn = ++this.#turn;
    this.#cancel();
    this.#running = this.#running.then(() => this.#try(address, turn, true));
  }

  /** Tries no more. */
  close(): void {
    this.#turn++;
    this.#cancel();
  }

  async #try(address: string, turn: number, isFirst: boolean): Promise<void> {
    if (turn !== this.#turn) return;
    try {
      await this.#options.reopen(address);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (turn !== this.#turn) return;
      if (isFirst) this.#options.onError(error);
      this.#cancel = this.#timers.after(WATCH_PERIOD, () => {
        this.#running = this.#running.then(() => this.#try(address, turn, false));
      });
      return;
    }
    if (turn === this.#turn) this.#options.onReopened?.(address);
  }
}

/**
 * Opens sockets again whenever the interface that has `address` now returns or moves, under the name that it has now.
 * Returns the function that ends this. An address of no interface, or of the loopback, is not followed.
 */
export function followInterface(
  address: string,
  options: ReopeningOptions,
  watch: InterfaceWatch = interfaceWatch(),
): () => void {
  const at = watch.interfaceAt(address);
  if (at === undefined) return () => undefined;
  const reopening = new Reopening(options);
  const stop = watch.follow(at, 'name', (change) => {
    if (change.is !== 'gone') reopening.to(change.at.address);
  });
  return () => {
    stop();
    reopening.close();
  };
}
