/** The state that Unicast keeps for each station and each client. */
import type { UnicastCounts } from '../contract/server-view.js';
import type { Station } from '../station/station.js';
import type { ReadErrors } from '../threads/read-errors.js';
import type { Account } from './budget.js';
import type { Due } from './due-queue.js';
import type { Flow } from './flow.js';
import type { NackResponder } from './nack-responder.js';
import type { Destination } from './packet-writer.js';
import type { Reports } from './reports.js';

/** A client or a group that packets are sent to, and the account that they are charged to. */
export interface Recipient {
  readonly account: Account;
  readonly destination: Destination;
}

/** A station; it is due when its responder is. */
export interface OnAir extends Due {
  readonly id: string;
  readonly station: Station;
  /** Bit/s. */
  readonly bitrate: number;
  readonly account: Account;
  readonly responder: NackResponder<Client>;
  readonly group: Recipient;
  readonly reports: Reports;
  readonly counts: UnicastCounts;
  readonly errors: ReadErrors;
}

/** A client of one station; it is due when its flow is. */
export interface Client extends Recipient, Due {
  readonly key: string;
  readonly onAir: OnAir;
  /** With the bit/s that are reserved for it. */
  flow: { readonly flow: Flow; readonly reserved: number } | null;
}

export const noCounts = (): UnicastCounts => ({
  requested: 0,
  repaired: 0,
  repairedForAll: 0,
  bursts: 0,
  replays: 0,
  flowPackets: 0,
  bytes: 0,
  refusedPackets: 0,
  refusedFlows: 0,
  unread: 0,
});
