/** The state that Unicast keeps for each station and each client. */
import type { TokenBucket } from '../base/token-bucket.js';
import type { Millis } from '../base/units.js';
import type { UnicastCounts } from '../contract/server-view.js';
import type { Station } from '../station/station.js';
import type { ReadErrors } from '../threads/read-errors.js';
import type { Payer, SharedAccount } from './budget.js';
import type { Due } from './due-queue.js';
import type { Flow } from './flow.js';
import type { Asker, NackResponder } from './nack-responder.js';
import type { Destination } from './packet-writer.js';
import type { Reports } from './reports.js';

/** A client or a group that packets are sent to, and charged to. */
export interface Recipient extends Payer {
  readonly destination: Destination;
}

/** A station; it is due when its responder is. */
export interface OnAir extends Due {
  readonly id: string;
  readonly station: Station;
  /** Bit/s. */
  readonly bitrate: number;
  readonly account: SharedAccount;
  readonly responder: NackResponder<Client>;
  readonly group: Recipient;
  readonly reports: Reports;
  readonly counts: UnicastCounts;
  readonly errors: ReadErrors;
}

/** A client of one station; it is due when its flow is. */
export interface Client extends Recipient, Asker, Due {
  readonly onAir: OnAir;
  /** The packets that it may request. */
  readonly requests: TokenBucket;
  flow: ReservedFlow | null;
  hasLeft: boolean;
}

/** A flow and what is reserved for it. */
export interface ReservedFlow {
  readonly flow: Flow;
  readonly begunAt: Millis;
  /** Bit/s; 0 while it takes nothing. */
  reserved: number;
  /** What has been sent justifies the reservation until then. */
  justifiedUntil: Millis;
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
