/** Events of a running server: plain data, for the log, scripts and tests. */
import type { Problem } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import type { UnicastStats } from '../contract/server-view.js';
import type { NetInterface } from '../net/interfaces.js';
import type { Stats } from '../playout/stats.js';
import type { StationItem } from '../station/playlist.js';
import type { FecMode } from '../wire/fec.js';
import type { StationInfo } from '../wire/station-info.js';

/** The station that an event is about. */
export interface StationName {
  readonly number: number;
  readonly id: string;
  readonly name: string;
}

/** Counters of a station since it went on the air. `unicast` is undefined until a viewer has asked for something. */
export type StationTotals = Stats & { number: number; id: string; unicast: UnicastStats | undefined };

/** What the reel of an item lacks of its source, or shows differently. */
export interface ItemNotes {
  readonly item: string;
  readonly reel: string;
  readonly notes: readonly string[];
}

export const itemNotes = (items: readonly StationItem[]): ItemNotes[] =>
  items.flatMap(({ name, reel }) => {
    const { id, properties } = reel.data.manifest;
    return properties.notes.length === 0 ? [] : [{ item: name, reel: id, notes: properties.notes }];
  });

export type ServerEvent =
  /** The reel of a file is being made. `progress` follows, then `prepared` or `problem`. */
  | { kind: 'preparing'; station: StationName; source: string }
  /** `done` is the share of the reel that is made, 0 to 1. */
  | { kind: 'progress'; station: StationName; source: string; done: number }
  /** `encoded` is the reason why the file could not be copied, null where it was. */
  | {
      kind: 'prepared';
      station: StationName;
      source: string;
      /** Its id. */
      reel: string;
      notes: readonly string[];
      encoded: string | null;
    }
  /** What of a station's folder is not played, one phrase each. */
  | { kind: 'left-out'; station: StationName; notes: readonly string[] }
  /** `twins` are the names of other servers that send the same station; `notes` those of its items that have some. */
  | { kind: 'on-air'; station: StationInfo; twins: readonly string[]; notes: readonly ItemNotes[] }
  /** Its reels are closed after this. */
  | { kind: 'off-air'; station: StationName }
  /** A station, on the air or not, is described differently, or plays something else from now on. */
  | { kind: 'changed'; station: StationName }
  /** A station is no longer in the line-up. */
  | { kind: 'removed'; station: StationName }
  /** The parity that is sent for a station follows its viewers' losses. */
  | { kind: 'fec'; station: StationName; mode: FecMode }
  /** The interface that packets leave by is gone, or it is there again, perhaps with another address. A whole sentence. */
  | { kind: 'interface'; at: NetInterface; isHere: boolean; message: string }
  /** An error that concerns one station or file; everything else goes on. */
  | { kind: 'problem'; problem: Problem; station?: StationName }
  /** A condition that the operator should know about: a whole sentence. */
  | { kind: 'warning'; message: string; station?: StationName }
  /** Information for the log: a whole sentence. */
  | { kind: 'note'; message: string; station?: StationName }
  /** Every `statsPeriod`: the counters of all stations together over that time, and of each since it went on the air. */
  | { kind: 'stats'; period: Millis; total: Stats; stations: StationTotals[] }
  /** Every ten seconds in which packets were lost: the counters of that time. */
  | { kind: 'losses'; total: Stats }
  /** The server has ended. Counters since the stations went on the air. */
  | { kind: 'closed'; total: Stats; stations: StationTotals[] };

/** An event for what is left out of a station's source. */
export const leftOutEvent = (station: StationName, notes: readonly string[]): ServerEvent[] =>
  notes.length === 0 ? [] : [{ kind: 'left-out', station, notes }];

export type OnServerEvent = (event: ServerEvent) => void;

/** Most warnings that are kept for the operator. */
const MOST_WARNINGS = 50;

const changing: ReadonlySet<ServerEvent['kind']> = new Set([
  'on-air',
  'off-air',
  'changed',
  'removed',
  'fec',
  'interface',
]);

/** The emitter of a server's events. Listeners are called in order, before `emit` returns. */
export class ServerEvents {
  readonly #listeners = new Set<OnServerEvent>();
  readonly #warnings: string[] = [];
  #revision = 0;

  /** Grows with every event that changes the stations, their parity or the interface. */
  get revision(): number {
    return this.#revision;
  }

  /** The latest warnings, and problems of stations with the next step, the newest last. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Calls `listener` for every event until the returned function is called. */
  on(listener: OnServerEvent): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly emit: OnServerEvent = (event) => {
    if (event.kind === 'warning') this.#keep(event.message);
    if (event.kind === 'problem' && event.station) this.#keep(`${event.problem.message}. ${event.problem.next}`);
    if (changing.has(event.kind)) this.#revision++;
    for (const listener of [...this.#listeners]) listener(event);
  };

  #keep(warning: string): void {
    if (this.#warnings.push(warning) > MOST_WARNINGS) this.#warnings.shift();
  }
}
