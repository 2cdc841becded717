/** A fake of the sender of flows. */

import type { SocketAddress } from '../../src/base/socket-address.js';
import { Millis, PacketNumber } from '../../src/base/units.js';
import type { FlowRequest, FlowStart, Flows } from '../../src/control/flows.js';
import type { ErrorCode } from '../../src/wire/message.js';

/** Starts flows with the result of `answer`, and keeps them by client. */
export class FakeFlows implements Flows {
  readonly running = new Map<string, { station: string; request: FlowRequest }>();
  answer: FlowStart | ErrorCode = { from: PacketNumber(100), time: Millis(5), oldest: Millis(0) };

  begin(client: SocketAddress, station: string, request: FlowRequest): FlowStart | ErrorCode {
    if (typeof this.answer !== 'string') this.running.set(`${client.address}:${client.port}`, { station, request });
    return this.answer;
  }

  end(client: SocketAddress): void {
    this.running.delete(`${client.address}:${client.port}`);
  }
}
