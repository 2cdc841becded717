/** What a receiver tells of how it goes. */
import type { Millis, Ticks90k } from '../base/units.js';
import type { ReceiverCounts } from './reorder-buffer.js';

/** What came over one interface. */
export interface PathCounts {
  /** The station's packets, all copies. */
  received: number;
  /** Those of which this was the first copy. */
  first: number;
  /** Those between its first and its last that did not come. */
  lost: number;
}

/** Packets that were passed over, by what brought them all the same. */
export interface RepairCounts {
  /** Asked for, and sent to us alone. */
  request: number;
  /** Sent to all because many asked. */
  group: number;
  /** Computed from others and parity. */
  parity: number;
  /** Come over another interface. */
  path: number;
}

export interface ReceiverStats extends ReceiverCounts {
  /** UDP payload bytes of the station's own packets, duplicates included. */
  bytes: number;
  /** Datagrams that are not this station's: another SSRC, another payload type, not RTP. */
  foreign: number;
  /** JPEG pictures put together, and those torn by a lost packet; 0 for h264. */
  frames: number;
  torn: number;
  /** When the last of the station's packets came; null before the first. */
  lastArrival: Millis | null;
  /** Packets that the group did not bring, whether they came otherwise or not. */
  lostBeforeRepair: number;
  repaired: RepairCounts;
  paths: readonly PathCounts[];
  /** Of the first interface, 90 kHz ticks. */
  jitter: Ticks90k;
}
