/** Other servers that send something else to a station's group: noticed before it goes on the air. */
import { nullIfProblem } from '../base/problem.js';
import type { Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { type Conflict, findConflicts } from '../discovery/conflicts.js';
import type { FoundStation } from '../discovery/find.js';
import type { StationInfo } from '../wire/station-info.js';

/**
 * How long a station waits for a claim on its group to end. An operator who starts two servers with one name reads of it in
 * that time, and a server that is being replaced ends. No longer, because anybody can claim a group: a server plays what it
 * was given to play, and receivers tell the two apart by their addresses.
 */
export const CLAIM_PATIENCE = Millis(3_000);
/** Time between two looks at the network meanwhile. */
const CLAIM_PERIOD = Millis(1_000);

export interface Settled {
  /** Names of other servers that send the same station. */
  twins: string[];
  /** The claim that did not end; null: there is none. */
  claim: Conflict | null;
}

export interface SettleOptions {
  /** The station's description now. */
  info: () => StationInfo;
  /** What the network had a moment ago; default a search. */
  found?: readonly FoundStation[];
  /** Called once, when the station begins to wait. */
  onWait: (claim: Conflict) => void;
  signal: AbortSignal;
}

/** Responsible for: waiting until a claim on a station's group ends, CLAIM_PATIENCE at most; one search for all stations. */
export class Claims {
  readonly #search: () => Promise<readonly FoundStation[]>;
  readonly #timers: Timers;
  #searching: Promise<readonly FoundStation[]> | null = null;

  /** `search` finds the stations of other servers. */
  constructor(options: { search: () => Promise<readonly FoundStation[]>; timers: Timers }) {
    this.#search = options.search;
    this.#timers = options.timers;
  }

  /** Resolves when the station can go on the air. Rejects when aborted, or where the network cannot be searched. */
  async settle({ info, found, onWait, signal }: SettleOptions): Promise<Settled> {
    let others = found ?? (await this.#find());
    const began = this.#timers.now();
    for (let looks = 0; ; looks++) {
      const conflicts = findConflicts([info()], others);
      const claim = conflicts.find(({ kind }) => kind === 'conflict') ?? null;
      if (claim === null || this.#timers.now() - began >= CLAIM_PATIENCE) {
        const servers = conflicts.filter(({ kind }) => kind === 'twin').flatMap(({ other }) => other.servers);
        return { twins: [...new Set(servers.map(({ name }) => name))], claim };
      }
      if (looks === 0) onWait(claim);
      await this.#pause(signal);
      // A search that fails brings no news.
      others = (await this.#find().catch(nullIfProblem)) ?? others;
    }
  }

  #find(): Promise<readonly FoundStation[]> {
    this.#searching ??= this.#search().finally(() => {
      this.#searching = null;
    });
    return this.#searching;
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const abort = (): void => {
        cancel();
        reject(signal.reason);
      };
      const cancel = this.#timers.after(CLAIM_PERIOD, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
