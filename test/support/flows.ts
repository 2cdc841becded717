/** What sends packets to single viewers, in tests of what asks for it. */

import type { SocketAddress } from '../../src/base/socket-address.js';
import type { FlowRequest, FlowStart, Flows } from '../../src/control/flows.js';
import type { ErrorCode } from '../../src/wire/message.js';

/** Begins what it is asked for as `answer` says; remembers who has a flow of what. */
export class FakeFlows implements Flows {
  readonly running = new Map<string, { station: string; request: FlowRequest }>();
  answer: FlowStart | ErrorCode = { from: 100, time: 5, oldest: 0 };

  begin(client: SocketAddress, station: string, request: FlowRequest): FlowStart | ErrorCode {
    if (typeof this.answer !== 'string') this.running.set(`${client.address}:${client.port}`, { station, request });
    return this.answer;
  }

  end(client: SocketAddress): void {
    this.running.delete(`${client.address}:${client.port}`);
  }
}
