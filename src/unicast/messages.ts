/** What the server's main thread and the one that serves single viewers say to each other. */

import type { Millis } from '../base/units.js';
import type { ReceiverSession } from '../contract/api.js';
import type { UnicastStats } from '../contract/server-view.js';
import type { NetInterface } from '../net/interfaces.js';
import type { SharedStation } from '../playout/messages.js';
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
  /** Of the cookies: the same when the thread is begun anew, so that clients notice nothing. */
  secret: Uint8Array;
  budget: BudgetOptions;
  history?: Millis;
  /** Where viewers ask; other than the default only in tests. */
  query?: { group: string; port: number };
}

/** `info` is right but for what is playing now. */
export interface ServedStation extends SharedStation {
  info: StationInfo;
}

export type FromUnicastThread =
  /**
   * Whoever writes RING to the descriptor `bell` wakes the thread; when that has ended, by itself or not, `descriptors`
   * are to be closed: those of them that are told last.
   */
  | { is: 'looping'; bell: number; descriptors: readonly number[] }
  /** The control port that it got. */
  | { is: 'port'; port: number }
  /** Once a second: who is there, and the stats of stations that have any. */
  | { is: 'stats'; sessions: ReceiverSession[]; stats: Record<string, UnicastStats> };
