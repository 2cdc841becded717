/** Flows to all clients: bursts and replay. No clock. */
import { Millis, PacketNumber } from '../base/units.js';
import type { FlowRequest } from '../control/flows.js';
import type { Feedback } from '../wire/feedback.js';
import type { Budget, Purpose } from './budget.js';
import type { BudgetedWriter } from './budgeted-writer.js';
import { DueQueue } from './due-queue.js';
import { Flow } from './flow.js';
import type { Client } from './on-air.js';

/** Bit/s reserved for a flow, as multiples of its station's: a burst is soon over. */
const RESERVED = { burst: 2, replay: 1 };
/** Packets of a flow written at once. */
const FLOW_STEP = 16;

/** Serves the flows that are due; a client without one costs nothing. */
export class FlowSender {
  readonly #writer: BudgetedWriter;
  readonly #budget: Budget;
  readonly #due = new DueQueue<Client>();

  constructor(writer: BudgetedWriter, budget: Budget) {
    this.#writer = writer;
    this.#budget = budget;
  }

  /** The time at which the next flow is served; Infinity for none. */
  get nextAt(): Millis {
    return this.#due.nextAt;
  }

  /** Begins a client's flow with packet `from`, in place of the one before. False where the budgets have no room for it. */
  begin(client: Client, request: FlowRequest, { from, now }: { from: PacketNumber; now: Millis }): boolean {
    this.end(client);
    const { station, account, bitrate, counts } = client.onAir;
    const isBurst = request.from.kind === 'live';
    const reserved = bitrate * (isBurst ? RESERVED.burst : RESERVED.replay);
    if (!this.#budget.reserve(account, reserved)) {
      counts.refusedFlows++;
      return false;
    }
    if (isBurst) counts.bursts++;
    else counts.replays++;
    client.flow = { flow: new Flow({ station, request, from, now }), reserved };
    this.#due.set(client, now);
    return true;
  }

  /** Takes the credit that a client grants to its flow. */
  grant(client: Client, granted: Feedback['flow'], now: Millis): void {
    const { flow } = client;
    if (flow === null || granted === null || flow.flow.number !== granted.number) return;
    flow.flow.grant(granted.credit, now);
    this.#due.set(client, Millis(Math.min(client.dueAt, now)));
  }

  /** Ends the client's flow, if it has one. */
  end(client: Client): void {
    if (client.flow === null) return;
    this.#budget.release(client.onAir.account, client.flow.reserved);
    client.flow = null;
    this.#due.remove(client);
  }

  /** Writes the packets of flows that are due. */
  tick(now: Millis): void {
    for (let client = this.#due.take(now); client; client = this.#due.take(now)) this.#serve(client, now);
  }

  #serve(client: Client, now: Millis): void {
    const { onAir } = client;
    const { flow } = client.flow!;
    if (flow.isOver(now)) {
      this.end(client);
      return;
    }
    const purpose: Purpose = flow.isLive ? 'burst' : 'replay';
    const limit = flow.limit(now);
    let n: PacketNumber = flow.next;
    while (n < limit) {
      const to = Math.min(limit, n + FLOW_STEP);
      if (!this.#writer.allows(onAir, client, to - n, purpose, now)) break;
      const written = this.#writer.write(onAir, n, PacketNumber(to), client, purpose, now);
      if (written === null) {
        this.end(client); // The client requests the packets elsewhere, or not at all.
        return;
      }
      onAir.counts.flowPackets += written;
      n = PacketNumber(n + written);
      if (n < to) break;
    }
    this.#due.set(client, flow.advance(n, now));
  }
}
