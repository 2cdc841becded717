/** Stations that the thread for single viewers has given up because of a fault of the program, until it takes them again. */
import type { Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';

/** Delay before the thread takes a station again. It doubles with each fault: what has caused one may cause the next. */
const RETRY = Millis(1_000);
const LONGEST_RETRY = Millis(300_000);
/** A station that was served for this long was sound: the delay is RETRY again. */
const SOUND_TIME = Millis(600_000);

/** A station's faults in a row, the time of the next attempt, and what cancels it. */
interface Faults {
  readonly count: number;
  readonly retryAt: Millis;
  readonly cancel: () => void;
}

/** Responsible for: the delays after which stations are served again. */
export class GivenUp {
  readonly #faults = new Map<string, Faults>();
  readonly #timers: Timers;
  readonly #takeAgain: (id: string) => void;

  constructor({ timers, takeAgain }: { timers: Timers; takeAgain(id: string): void }) {
    this.#timers = timers;
    this.#takeAgain = takeAgain;
  }

  /** Takes the fault of a station; returns the time until it is served again. */
  add(id: string): Millis {
    const before = this.#faults.get(id);
    before?.cancel();
    const now = this.#timers.now();
    const isSound = before === undefined || now - before.retryAt >= SOUND_TIME;
    const count = isSound ? 1 : before.count + 1;
    const delay = Millis(Math.min(RETRY * 2 ** (count - 1), LONGEST_RETRY));
    const cancel = this.#timers.after(delay, () => this.#takeAgain(id));
    this.#faults.set(id, { count, retryAt: Millis(now + delay), cancel });
    return delay;
  }

  /** The station is gone. */
  delete(id: string): void {
    this.#faults.get(id)?.cancel();
    this.#faults.delete(id);
  }

  /** Another thread takes all stations. */
  cancel(): void {
    for (const { cancel } of this.#faults.values()) cancel();
  }
}
