/** What an operator can do to the stations of a server. Whoever puts stations on the air does it. */

/** What can be done to one station. */
export const stationActions = ['start', 'stop', 'skip', 'rename', 'reorder', 'reload', 'show', 'resume'] as const;
export type StationAction = (typeof stationActions)[number];

/** Something prepared that can be shown in place of what stations play: a slate, an announcement, an alarm. */
export interface Slate {
  /** Unique, and the same from start to start. */
  readonly id: string;
  readonly name: string;
}

/**
 * All reject with a Problem: of code `station` where there is no such station, `usage` where this cannot be done to it, and
 * as it is now. They resolve when it is done: what is on the air changes with the next random access point.
 */
export interface Operations {
  /** What can be shown in place of what stations play. */
  readonly slates: readonly Slate[];
  /** Puts a station on the air again. */
  start(station: string): Promise<void>;
  /** Takes it off the air. */
  stop(station: string): Promise<void>;
  /** Goes on with the next of its items. */
  skip(station: string): Promise<void>;
  /** Calls it otherwise: its id and its group stay. */
  rename(station: string, name: string): Promise<void>;
  /** Plays its items in this order from the next one on: ids of `OperatorStation.items`, each once. */
  reorder(station: string, items: readonly string[]): Promise<void>;
  /** Looks at its files again: those that are new are prepared and played, those that are gone are not. */
  reload(station: string): Promise<void>;
  /** Shows a slate over and over; null: on all stations that are on the air. */
  show(slate: string, station: string | null): Promise<void>;
  /** Goes back to what it plays; null: all stations that show a slate. */
  resume(station: string | null): Promise<void>;
}
