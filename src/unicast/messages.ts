/** Messages between the main thread and the thread that serves single viewers. */

import type { Millis } from '../base/units.js';
import type { ReceiverSession } from '../contract/api.js';
import type { UnicastStats } from '../contract/server-view.js';
import type { NetInterface } from '../net/interfaces.js';
import type { ReopenCommand } from '../net/reopening.js';
import type { StationData, StationDelta } from '../station/timeline-data.js';
import type { ThreadCommand } from '../threads/messages.js';
import type { MessageKey } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import type { BudgetOptions } from './budget.js';

export interface UnicastThreadData {
  /** Of Clock. */
  clock: SharedArrayBuffer;
  at: NetInterface;
  ttl: number;
  controlPort: number;
  /** The server's name. */
  server: string;
  /** Of the cookies. A thread that takes over is given the same, so that clients notice nothing. */
  secret: Uint8Array;
  /** Of control messages; without one, all viewers are answered. */
  messageKey?: MessageKey;
  budget: BudgetOptions;
  history?: Millis;
  /** The group of queries; other than the default only in tests. */
  query?: { group: string; port: number };
}

export interface ServedStation {
  id: string;
  station: StationData;
  /** Of StationCounters. */
  progress: SharedArrayBuffer;
  /** All of it is right but the item on air. */
  info: StationInfo;
}

/** From some later time on the station plays this, or it is described otherwise. */
export type ServedChange = { do: 'change'; station: Omit<ServedStation, 'station'> & { delta: StationDelta } };

export type UnicastCommand = ThreadCommand<ServedStation> | ServedChange | ReopenCommand;

export type UnicastReport =
  /**
   * RING written to the descriptor `bell` wakes the thread. When the thread has ended, for any reason, the main thread
   * closes `descriptors`, those of the last such message.
   */
  | { is: 'looping'; bell: number; descriptors: readonly number[] }
  /** The control port in use. */
  | { is: 'port'; port: number }
  /** A fault of the program has ended the service of one station, until it is added again. */
  | { is: 'fault'; id: string; message: string }
  /** Once a second: all sessions, and the stats of stations that have any. */
  | { is: 'stats'; sessions: ReceiverSession[]; stats: Record<string, UnicastStats> };
