/** Flows to all clients: bursts and replay. No clock. */
import { Millis, PacketNumber } from '../base/units.js';
import type { FlowRequest } from '../control/flows.js';
import type { Feedback } from '../wire/feedback.js';
import type { Budget, Purpose } from './budget.js';
import type { BudgetedWriter } from './budgeted-writer.js';
import { DueQueue } from './due-queue.js';
import { Flow } from './flow.js';
import type { Client, OnAir, ReservedFlow } from './on-air.js';

/** Bit/s reserved for a flow, as multiples of its station's: a burst is soon over. */
const RESERVED = { burst: 2, replay: 1 };
/** Packets of a flow written at once. */
const FLOW_STEP = 16;
/** Longest burst: a flow from the present that goes on is a replay like any other. */
const BURST_TIME = Millis(3_000);
/**
 * What a flow has reserved is free again when it has taken nothing for this long. A packet justifies the reservation for
 * twice its own time on the air, so that a flow which takes less than half of its station's rate does not keep it all.
 */
const IDLE_TIME = Millis(1_000);
const JUSTIFIED = 2;
/** Time until a flow that the budgets do not allow to go on is tried again. */
const NO_BITS = Millis(20);
const NO_RATE = Millis(100);

export interface FlowSenderOptions {
  writer: BudgetedWriter;
  budget: Budget;
  /** Called with a station whose packets a fault of the program concerns. */
  onFault(onAir: OnAir, error: unknown): void;
}

/**
 * Serves the flows that are due; a client without one costs nothing. Responsible for:
 * - the packets of each flow, as far as pace, credit and budgets allow
 * - reserving the rate of a flow while it takes packets
 */
export class FlowSender {
  readonly #options: FlowSenderOptions;
  readonly #due = new DueQueue<Client>();

  constructor(options: FlowSenderOptions) {
    this.#options = options;
  }

  /** The time at which the next flow is served; Infinity for none. */
  get nextAt(): Millis {
    return this.#due.nextAt;
  }

  /** Begins a client's flow with packet `from`, in place of the one before. False where the budgets have no room for it. */
  begin(client: Client, request: FlowRequest, { from, now }: { from: PacketNumber; now: Millis }): boolean {
    this.end(client);
    const { station, counts } = client.onAir;
    const flow = new Flow({ station, request, from, now });
    client.flow = { flow, begunAt: now, reserved: 0, justifiedUntil: Millis(now + IDLE_TIME) };
    if (!this.#reserve(client, client.flow, now)) {
      client.flow = null;
      counts.refusedFlows++;
      return false;
    }
    if (flow.isLive) counts.bursts++;
    else counts.replays++;
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
    this.#release(client, client.flow);
    client.flow = null;
    this.#due.remove(client);
  }

  /** Writes the packets of flows that are due. */
  tick(now: Millis): void {
    for (let client = this.#due.take(now); client; client = this.#due.take(now)) {
      try {
        this.#serve(client, client.flow!, now);
      } catch (error) {
        this.#options.onFault(client.onAir, error);
      }
    }
  }

  #serve(client: Client, reserved: ReservedFlow, now: Millis): void {
    const { onAir } = client;
    const { flow } = reserved;
    if (flow.isOver(now)) {
      this.end(client);
      return;
    }
    const purpose = purposeOf(reserved, now);
    // A burst that has become a replay reserves as one.
    if (flow.isLive && purpose === 'replay' && reserved.reserved > onAir.bitrate) this.#release(client, reserved);
    if (!flow.isIdle && !this.#reserve(client, reserved, now)) {
      this.#due.set(client, flow.advance(flow.next, now, NO_RATE));
      return;
    }
    const { writer } = this.#options;
    const limit = flow.limit(now);
    const first = flow.next;
    let n: PacketNumber = first;
    let isHeld = false;
    while (n < limit) {
      const to = Math.min(limit, n + FLOW_STEP);
      isHeld = !writer.allows(onAir, client, to - n, purpose, now);
      if (isHeld) break;
      const written = writer.write(onAir, n, PacketNumber(to), client, purpose, now);
      if (written === null) {
        this.end(client); // The client requests the packets elsewhere, or not at all.
        return;
      }
      onAir.counts.flowPackets += written;
      n = PacketNumber(n + written);
      if (n < to) break;
    }
    const nextAt = flow.advance(n, now, isHeld ? NO_BITS : undefined);
    const justified = Math.max(reserved.justifiedUntil, now) + (JUSTIFIED * (n - first)) / onAir.station.greatestRate;
    reserved.justifiedUntil = Millis(Math.min(justified, now + IDLE_TIME));
    if (flow.isIdle && now >= reserved.justifiedUntil) this.#release(client, reserved);
    const freeAt = flow.isIdle && reserved.reserved > 0 ? reserved.justifiedUntil : nextAt;
    this.#due.set(client, Millis(Math.min(nextAt, Math.max(freeAt, now + 1))));
  }

  /** Reserves the rate of a flow unless it has it; false where the budgets have no room for it. */
  #reserve(client: Client, flow: ReservedFlow, now: Millis): boolean {
    if (flow.reserved > 0) return true;
    const { account, bitrate } = client.onAir;
    const purpose = purposeOf(flow, now);
    const rate = bitrate * RESERVED[purpose];
    if (!this.#options.budget.reserve(account, client, rate, purpose)) return false;
    flow.reserved = rate;
    return true;
  }

  #release(client: Client, flow: ReservedFlow): void {
    if (flow.reserved > 0) this.#options.budget.release(client.onAir.account, client, flow.reserved);
    flow.reserved = 0;
  }
}

const purposeOf = ({ flow, begunAt }: ReservedFlow, now: Millis): Exclude<Purpose, 'repair'> =>
  flow.isLive && now - begunAt < BURST_TIME ? 'burst' : 'replay';
