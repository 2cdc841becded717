/** Packets for single viewers: repairs, bursts, the past. Holds neither sockets nor timers; the clock is passed in. */

import type { SocketAddress } from '../base/socket-address.js';
import { type Millis, millisToTicks, type PacketNumber, ticksToMillis } from '../base/units.js';
import { REPAIR_PORT_OFFSET } from '../contract/addresses.js';
import { FLOW_AHEAD } from '../contract/flow.js';
import type { UnicastStats } from '../contract/server-view.js';
import type { FlowRequest, FlowStart, Flows } from '../control/flows.js';
import type { PayloadReader } from '../reel/payload-reader.js';
import type { Station } from '../station/station.js';
import { type ReadError, ReadErrors } from '../threads/read-errors.js';
import { decodeFeedback, type Feedback, feedbackCookie } from '../wire/feedback.js';
import type { ErrorCode } from '../wire/message.js';
import { Budget, type BudgetOptions, type Purpose } from './budget.js';
import { DueQueue, notDue } from './due-queue.js';
import { Flow, flowBeginning } from './flow.js';
import { NackResponder, type Retransmission } from './nack-responder.js';
import { bitsOf, type Client, noCounts, type OnAir, type Recipient } from './on-air.js';
import { type Bring, type Destination, PacketWriter, type UnicastSender } from './packet-writer.js';
import { Reports } from './reports.js';

/** Packets that are not in memory are tried again until this long after their request. */
const PATIENCE: Millis = 500;
/** Bit/s reserved for a flow, as multiples of its station's: a burst is soon over. */
const RESERVED = { burst: 2, replay: 1 };
/** Packets of a flow written at once. */
const FLOW_STEP = 16;

export interface UnicastOptions {
  sender: UnicastSender;
  /** Reads to the memory of the sender's batch. */
  reader: PayloadReader;
  bring: Bring;
  budget: BudgetOptions;
  /** The reach of the stations into the past; by default to their epoch. */
  history?: Millis;
  /** The station of the session with this address and cookie; null without one. */
  accepts(from: SocketAddress, cookie: Buffer, now: Millis): { station: string } | null;
  /** Viewers of the station. */
  members(station: string): number;
  /** Called with the first error of each code of a station, and again after the station has recovered. */
  onReadError(id: string, error: ReadError): void;
  now: Millis;
}

const keyOf = ({ address, port }: SocketAddress): string => `${address}:${port}`;

/**
 * Responsible for:
 * - retransmissions, flows and reports
 * - sending nothing to an address that has not shown, by its cookie, that it receives, and nothing beyond the budgets
 *
 * Stations and clients that nothing is due for cost nothing: `tick` takes the others from queues. Only an error of the
 * system is a packet that cannot be read. Any other is a fault of the program, and `tick` throws it.
 */
export class Unicast implements Flows {
  readonly #options: UnicastOptions;
  readonly #writer: PacketWriter;
  readonly #budget: Budget;
  readonly #stations = new Map<string, OnAir>();
  readonly #clients = new Map<string, Client>();
  /** Stations with retransmissions. */
  readonly #responding = new DueQueue<OnAir>();
  /** Clients with flows. */
  readonly #flowing = new DueQueue<Client>();
  /** Stations with stats. */
  readonly #used = new Set<OnAir>();

  constructor(options: UnicastOptions) {
    this.#options = options;
    this.#writer = new PacketWriter(options);
    this.#budget = new Budget(options.budget, options.now);
  }

  /** `bitrate` in bit/s. */
  add(options: { id: string; station: Station; group: string; port: number; bitrate: number; now: Millis }): void {
    const { id, station, group, port, bitrate, now } = options;
    this.#stations.set(id, {
      ...notDue(),
      id,
      station,
      bitrate,
      account: this.#budget.stationAccount(now),
      responder: new NackResponder(),
      group: {
        account: this.#budget.groupAccount(bitrate, now),
        destination: this.#addDestination(group, port + REPAIR_PORT_OFFSET),
      },
      reports: new Reports(),
      counts: noCounts(),
      errors: new ReadErrors(),
    });
  }

  remove(id: string): void {
    const onAir = this.#stations.get(id);
    if (onAir === undefined) return;
    for (const client of this.#clients.values()) if (client.onAir === onAir) this.#drop(client);
    this.#writer.flush();
    this.#options.sender.removeDestination(onAir.group.destination.number);
    this.#responding.remove(onAir);
    this.#used.delete(onAir);
    this.#stations.delete(id);
  }

  /** The stats of the stations that have any, by id. */
  stats(now: Millis): Record<string, UnicastStats> {
    return Object.fromEntries(
      Array.from(this.#used, ({ id, counts, reports }) => [id, { ...counts, reports: reports.stats(now) }]),
    );
  }

  begin(from: SocketAddress, id: string, request: FlowRequest, now: Millis): FlowStart | ErrorCode {
    const onAir = this.#stations.get(id);
    if (onAir === undefined) return 'off-air';
    const { station, counts } = onAir;
    const oldest = this.#oldest(station, now);
    const beginning = flowBeginning(station, request.from, { oldest, now });
    if (beginning === null) return 'too-early';
    const client = this.#clientOf(from, onAir, now);
    this.#endFlow(client);
    const isBurst = request.from.kind === 'live';
    const reserved = onAir.bitrate * (isBurst ? RESERVED.burst : RESERVED.replay);
    if (!this.#budget.reserve(onAir.account, reserved)) {
      counts.refusedFlows++;
      return 'over-budget';
    }
    if (isBurst) counts.bursts++;
    else counts.replays++;
    client.flow = { flow: new Flow({ station, request, from: beginning, now }), reserved };
    this.#flowing.set(client, now);
    return { from: beginning, time: ticksToMillis(station.due(beginning)), oldest };
  }

  end(from: SocketAddress): void {
    const client = this.#clients.get(keyOf(from));
    if (client !== undefined) this.#drop(client);
  }

  /** Takes the bytes from `start` to `end` of a buffer. Ignores all but feedback with a good cookie. */
  feedback(bytes: Buffer, start: number, end: number, from: SocketAddress, now: Millis): void {
    // The cookie first: a forged datagram costs no more than that.
    const cookie = feedbackCookie(bytes, start, end);
    const session = cookie === null ? null : this.#options.accepts(from, cookie, now);
    const onAir = session === null ? undefined : this.#stations.get(session.station);
    if (onAir === undefined) return;
    const feedback = decodeFeedback(bytes, start, end);
    // It may be about the station before, which the client has only just left.
    if (feedback?.media !== onAir.station.ssrc) return;
    const client = this.#clientOf(from, onAir, now);
    if (feedback.report) onAir.reports.take(client.key, feedback.report, now);
    this.#takeCredit(client, feedback.flow, now);
    this.#takeRequests(client, feedback, now);
  }

  /** Sends all packets that are due. Returns when to call it next; Infinity for not before the next request. */
  tick(now: Millis): Millis {
    for (let onAir = this.#responding.take(now); onAir; onAir = this.#responding.take(now)) this.#respond(onAir, now);
    for (let client = this.#flowing.take(now); client; client = this.#flowing.take(now)) this.#serve(client, now);
    this.#writer.flush();
    return Math.min(this.#responding.nextAt, this.#flowing.nextAt);
  }

  #oldest(station: Station, now: Millis): Millis {
    const { history } = this.#options;
    const begins = ticksToMillis(station.begins);
    return history === undefined ? begins : Math.max(begins, now - history);
  }

  #clientOf(from: SocketAddress, onAir: OnAir, now: Millis): Client {
    const key = keyOf(from);
    const before = this.#clients.get(key);
    if (before?.onAir === onAir) return before;
    if (before !== undefined) this.#drop(before);
    const account = this.#budget.clientAccount(onAir.bitrate, now);
    const destination = this.#addDestination(from.address, from.port);
    const client: Client = { ...notDue(), key, onAir, account, destination, flow: null };
    this.#clients.set(key, client);
    this.#used.add(onAir);
    return client;
  }

  #addDestination(address: string, port: number): Destination {
    return { number: this.#options.sender.addDestination(address, port), sequence: 0 };
  }

  #drop(client: Client): void {
    this.#endFlow(client);
    client.onAir.responder.leave(client);
    this.#clients.delete(client.key);
    this.#writer.flush(); // The number may come to stand for another client.
    this.#options.sender.removeDestination(client.destination.number);
  }

  #endFlow(client: Client): void {
    if (client.flow === null) return;
    this.#budget.release(client.onAir.account, client.flow.reserved);
    client.flow = null;
    this.#flowing.remove(client);
  }

  #takeCredit(client: Client, granted: Feedback['flow'], now: Millis): void {
    const { flow } = client;
    if (flow === null || granted === null || flow.flow.number !== granted.number) return;
    flow.flow.grant(granted.credit, now);
    this.#flowing.set(client, Math.min(client.dueAt, now));
  }

  #takeRequests(client: Client, { missing, copies }: Feedback, now: Millis): void {
    if (missing.length === 0) return;
    const { onAir } = client;
    const { station, responder, counts } = onAir;
    const oldest = station.at(millisToTicks(this.#oldest(station, now)));
    const newest = station.at(millisToTicks(now + FLOW_AHEAD));
    for (const n of missing) {
      if (n < oldest || n > newest) continue;
      counts.requested++;
      if (!responder.request(n, client, copies, now)) counts.refusedPackets++;
    }
    this.#responding.set(onAir, responder.nextAt);
  }

  #respond(onAir: OnAir, now: Millis): void {
    const { responder } = onAir;
    const due = responder.takeDue(now, this.#options.members(onAir.id));
    // Consecutive packets to one client leave as one message.
    due.sort((a, b) => (a.to?.destination.number ?? -1) - (b.to?.destination.number ?? -1) || a.n - b.n);
    for (const each of due) {
      for (let copy = 0; copy < each.copies; copy++) this.#retransmit(onAir, each, now);
    }
    this.#responding.set(onAir, responder.nextAt);
  }

  #retransmit(onAir: OnAir, retransmission: Retransmission<Client>, now: Millis): void {
    const { n, to, requestedAt } = retransmission;
    const { counts, responder } = onAir;
    const recipient = to ?? onAir.group;
    if (!this.#budget.allows(onAir.account, recipient.account, bitsOf(onAir, 1), 'repair', now)) {
      counts.refusedPackets++;
      return;
    }
    const written = this.#write(onAir, n, n + 1, recipient, 'repair', now);
    if (written === 1) {
      if (to === null) counts.repairedForAll++;
      else counts.repaired++;
    } else if (written === 0 && to !== null && now - requestedAt < PATIENCE) {
      responder.retry(retransmission, now);
    } else {
      counts.unread++;
    }
  }

  #serve(client: Client, now: Millis): void {
    const { onAir, account } = client;
    const { flow } = client.flow!;
    if (flow.isOver(now)) {
      this.#endFlow(client);
      return;
    }
    const purpose: Purpose = flow.isLive ? 'burst' : 'replay';
    const limit = flow.limit(now);
    let n: PacketNumber = flow.next;
    while (n < limit) {
      const end = Math.min(limit, n + FLOW_STEP);
      if (!this.#budget.allows(onAir.account, account, bitsOf(onAir, end - n), purpose, now)) break;
      const written = this.#write(onAir, n, end, client, purpose, now);
      if (written === null) {
        this.#endFlow(client); // The client requests the packets elsewhere, or not at all.
        return;
      }
      onAir.counts.flowPackets += written;
      n += written;
      if (n < end) break;
    }
    this.#flowing.set(client, flow.advance(n, now));
  }

  /** Returns how many of the packets are on their way; null if they cannot be read. Throws unless a system call failed. */
  #write(
    onAir: OnAir,
    from: PacketNumber,
    to: PacketNumber,
    { account, destination }: Recipient,
    purpose: Purpose,
    now: Millis,
  ): number | null {
    try {
      const written = this.#writer.write(onAir.station, from, to, destination);
      const bits = bitsOf(onAir, written);
      this.#budget.charge(onAir.account, account, bits, purpose);
      onAir.counts.bytes += bits / 8;
      return written;
    } catch (error) {
      const news = onAir.errors.take(error, now);
      if (news) this.#options.onReadError(onAir.id, news);
      onAir.counts.unread += to - from;
      return null;
    }
  }
}
