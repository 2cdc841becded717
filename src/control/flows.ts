/** What the control protocol asks of whoever sends packets to single viewers; src/repair does it. */

import type { SocketAddress } from '../base/socket-address.js';
import type { Millis, PacketNumber } from '../base/units.js';
import type { ErrorCode, MessageBody } from '../wire/message.js';

export type FlowRequest = MessageBody<'replay'>;

/** What a flow begins with. */
export interface FlowStart {
  from: PacketNumber;
  /** When that packet was due, or is (Unix epoch). */
  time: Millis;
  /** How far back the station reaches. */
  oldest: Millis;
}

/** A flow is a station's packets, one after another, sent to one client. */
export interface Flows {
  /** Begins to send; the client's flow before ends. Returns why not where it is refused. */
  begin(client: SocketAddress, station: string, request: FlowRequest, now: Millis): FlowStart | ErrorCode;
  /** The client has left, or gone to another station: nothing more is sent to it. */
  end(client: SocketAddress): void;
}
