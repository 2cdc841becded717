/** The interface that a server's packets leave by: it can vanish, return and move while the server runs. */
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { changeText, type FoundBy } from '../net/interface-state.js';
import { type InterfaceWatch, interfaceWatch, WATCH_PERIOD } from '../net/interface-watch.js';
import type { NetInterface } from '../net/interfaces.js';
import type { OnServerEvent } from './events.js';

export interface InterfaceFollowerOptions {
  at: NetInterface;
  by: FoundBy;
  /** Opens everything that sends again: the interface has returned or moved. */
  onHere(at: NetInterface): void;
  onEvent: OnServerEvent;
  watch?: InterfaceWatch;
  timers?: Timers;
}

/** Wait before an error of sending is logged: the watch notices by then that the interface is gone, and logs that. */
const PATIENCE = Millis(2 * WATCH_PERIOD);
/** Shortest time between two equal lines about errors of sending, and the lines that are remembered at most. */
const REPEAT = Millis(60_000);
const MOST_LINES = 100;

/**
 * Responsible for:
 * - the interface as it is now
 * - one event for each of its changes, instead of an error from everything that sends
 */
export class InterfaceFollower {
  readonly #options: InterfaceFollowerOptions;
  readonly #timers: Timers;
  readonly #stop: () => void;
  readonly #loggedAt = new Map<string, Millis>();
  readonly #waiting = new Set<() => void>();
  #at: NetInterface;
  #isHere = true;
  #changes = 0;

  constructor(options: InterfaceFollowerOptions) {
    const { at, by, onHere, onEvent, watch = interfaceWatch(), timers = systemTimers } = options;
    this.#options = options;
    this.#timers = timers;
    this.#at = at;
    this.#stop = watch.follow(at, by, (change) => {
      this.#changes++;
      this.#at = change.at;
      this.#isHere = change.is !== 'gone';
      if (this.#isHere) onHere(change.at);
      onEvent({ kind: 'interface', at: change.at, isHere: this.#isHere, message: changeText(change) });
    });
  }

  /** As it was when it was last there. */
  get at(): NetInterface {
    return this.#at;
  }

  get isHere(): boolean {
    return this.#isHere;
  }

  /** Logs a line about an error of sending, unless its cause is that the interface is gone. */
  sendError(line: string): void {
    const changes = this.#changes;
    if (!this.#isHere) return;
    const cancel = this.#timers.after(PATIENCE, () => {
      this.#waiting.delete(cancel);
      if (changes === this.#changes) this.#log(line);
    });
    this.#waiting.add(cancel);
  }

  close(): void {
    this.#stop();
    for (const cancel of this.#waiting) cancel();
  }

  #log(line: string): void {
    const now = this.#timers.now();
    const before = this.#loggedAt.get(line);
    if (before !== undefined && now - before < REPEAT) return;
    if (this.#loggedAt.size >= MOST_LINES) this.#loggedAt.clear();
    this.#loggedAt.set(line, now);
    this.#options.onEvent({ kind: 'note', message: line });
  }
}
