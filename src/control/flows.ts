/** Flows as the control protocol sees them; src/unicast implements them. */

import type { SocketAddress } from '../base/socket-address.js';
import type { Millis, PacketNumber } from '../base/units.js';
import type { ErrorCode, MessageBody } from '../wire/message.js';

export type FlowRequest = MessageBody<'replay'>;

/** The beginning of a flow. */
export interface FlowStart {
  from: PacketNumber;
  /** Time at which that packet is or was due (Unix epoch). */
  time: Millis;
  /** Earliest time that the station can be sent from. */
  oldest: Millis;
}

/** A flow: a station's packets in order, sent to one client. */
export interface Flows {
  /** Starts a flow, which replaces the client's flow before. Returns the reason where it is refused. */
  begin(client: SocketAddress, station: string, request: FlowRequest, now: Millis): FlowStart | ErrorCode;
  /** Ends the client's flow: it has left, or changed its station. */
  end(client: SocketAddress): void;
}
