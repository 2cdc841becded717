/** The stations of a server, on the air or not. */
import { Problem } from '../base/problem.js';
import type { ReadyStation } from './station-loader.js';
import { Plans, type StationPlan } from './station-plan.js';

/** A station of the line-up. */
export interface Entry {
  readonly plan: StationPlan;
  /** Null while its reels are being loaded or made. */
  ready: ReadyStation | null;
  /** Aborted when the station is removed: ends its preparation. */
  readonly removal: AbortController;
  /** Settles when its commands so far have ended. */
  idle: Promise<unknown>;
}

export const noSuchStation = () => new Problem('station', 'there is no such station', 'The line-up shows all.');

/** `cause` is the error of the work that ended with that. */
export const removedMeanwhile = (name: string, cause: unknown) =>
  new Problem('station', `${name} was removed, or the server ended, before that was done`, 'Add it again.', { cause });

const serverEnding = () => new Problem('server', 'the server is ending', 'Start it again.');

/**
 * Responsible for:
 * - the stations, by number
 * - commands of one station being carried out one after another; those of different stations do not wait for each other
 */
export class LineUp {
  readonly plans = new Plans();
  readonly #entries: Entry[] = [];
  readonly #byId = new Map<string, Entry>();
  #isClosed = false;

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** The stations whose reels are there. */
  get ready(): readonly ReadyStation[] {
    return this.#entries.flatMap(({ ready }) => ready ?? []);
  }

  add(plan: StationPlan): Entry {
    const entry = { plan, ready: null, removal: new AbortController(), idle: Promise.resolve() };
    const before = this.#entries.findLastIndex((other) => other.plan.number < plan.number);
    this.#entries.splice(before + 1, 0, entry);
    this.#byId.set(plan.id, entry);
    this.plans.add(plan);
    return entry;
  }

  delete(entry: Entry): void {
    const { plan } = entry;
    if (this.#byId.get(plan.id) !== entry) return;
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    this.#byId.delete(plan.id);
    this.plans.delete(plan);
  }

  /** Throws a Problem where there is no such station. */
  find(id: string): Entry {
    const entry = this.#byId.get(id);
    if (entry) return entry;
    throw noSuchStation();
  }

  /** Refuses further commands, also those that wait; resolves when none is carried out any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#entries.map(({ idle }) => idle));
  }

  /**
   * Carries out `action` after the earlier ones of this station. Rejects with a Problem where the station was removed, or the
   * server closed, meanwhile.
   */
  inTurn<T>(entry: Entry, action: () => Promise<T> | T): Promise<T> {
    const done = entry.idle.then(() => {
      if (this.#isClosed) throw serverEnding();
      if (this.#byId.get(entry.plan.id) !== entry) throw noSuchStation();
      return action();
    });
    entry.idle = done.catch(() => undefined);
    return done;
  }
}
