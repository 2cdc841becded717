/** Statistics of a receiver. */
import type { Millis, Ticks90k } from '../base/units.js';
import type { ReceiverCounts } from './reorder-buffer.js';

/** Packets of one interface. */
export interface PathCounts {
  /** The station's packets, all copies. */
  received: number;
  /** Packets whose first copy came here. */
  first: number;
  /** Packets between its first and its last that did not come. */
  lost: number;
}

/** Missing packets that came after all, by what brought them. */
export interface RepairCounts {
  /** A retransmission to us alone. */
  request: number;
  /** A retransmission to the group, because many asked. */
  group: number;
  /** Parity. */
  parity: number;
  /** Another interface. */
  path: number;
}

export interface ReceiverStats extends ReceiverCounts {
  /** UDP payload bytes of the station's own packets, duplicates included. */
  bytes: number;
  /** Datagrams that are not this station's: not of its servers' addresses, another SSRC, not RTP. */
  foreign: number;
  /** Packets in its name that no server can have sent: header, payload, number or time are wrong. Not taken. */
  malformed: number;
  /** Further copies of a packet that differ from the first, which was taken: one of the two is forged. */
  conflicting: number;
  /** JPEG pictures that were complete, and torn by a lost packet; 0 for h264. */
  frames: number;
  torn: number;
  /** When the station's last packet came; null before the first. */
  lastArrival: Millis | null;
  /** Packets that the group did not bring, whether they were repaired or not. */
  lostBeforeRepair: number;
  repaired: RepairCounts;
  paths: readonly PathCounts[];
  /** Interarrival jitter on the first interface. */
  jitter: Ticks90k;
}
