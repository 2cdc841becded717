/** Where the state of stations lies: one log of entries for each, of which the first is a snapshot. */

/** A station's log from its newest snapshot on. */
export interface StateLog {
  /** The snapshot, and the entries that followed it: plain data. */
  readonly entries: readonly unknown[];
  /** Number of the last entry; entries are numbered from 1, across snapshots. */
  readonly last: number;
  /** The last line was left out, because it is not whole. */
  readonly isCut?: true;
}

/** The last entry of the log is not the one that the writer knows: another has written since. */
export class StaleStateError extends Error {
  constructor(station: string, { known, last }: { known: number; last: number }) {
    super(`the state of ${station} has entry ${last}, and not ${known}, as its last`);
  }
}

/** Entries are plain data. Writing rejects with the system's error, and the log is then as it was. */
export interface StateStore {
  /** Null where the station has no log. Rejects where it is damaged. */
  read(station: string): Promise<StateLog | null>;
  /** Appends an entry to a log, behind number `last`; resolves to its number when it is durable. Rejects with a StaleStateError. */
  append(station: string, last: number, entry: unknown): Promise<number>;
  /** Likewise, but the entry is a snapshot: earlier entries are dropped. `last` is 0 where there is no log. */
  replace(station: string, last: number, snapshot: unknown): Promise<number>;
  /** Puts a log aside that cannot be used, so that a new one can begin; returns the name that it has then. */
  quarantine(station: string): Promise<string>;
  /** Calls `onEntry` after each entry that is written by this store from now on; returns a function that ends that. */
  watch(station: string, onEntry: (entry: unknown, number: number) => void): () => void;
}
