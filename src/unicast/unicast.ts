/** What single viewers are sent: lost packets, bursts, the past. Holds neither sockets nor timers; the clock is passed in. */

import { type Millis, millisToTicks, type PacketNumber, ticksToMillis } from '../base/units.js';
import { REPAIR_PORT_OFFSET } from '../contract/addresses.js';
import { FLOW_AHEAD } from '../contract/flow.js';
import type { UnicastCounts, UnicastStats } from '../contract/server-view.js';
import type { FlowRequest, FlowStart, Flows } from '../control/flows.js';
import type { SocketAddress } from '../net/receive.js';
import type { PayloadReader } from '../reel/payload-reader.js';
import type { Station } from '../station/station.js';
import { type ReadError, ReadErrors } from '../threads/read-errors.js';
import { decodeFeedback, type Feedback, feedbackCookie } from '../wire/feedback.js';
import type { ErrorCode } from '../wire/message.js';
import { type Account, Budget, type BudgetOptions, type Purpose } from './budget.js';
import { Flow, flowBeginning } from './flow.js';
import { type Answer, NackResponder } from './nack-responder.js';
import { type Bring, type Destination, PacketWriter, type UnicastSender } from './packet-writer.js';
import { Reports } from './reports.js';

/** What is not in memory is tried again for so long after it was asked for. */
const PATIENCE: Millis = 500;
/** Bit/s that a flow is sure to take, as multiples of its station's: a burst is soon over. */
const RESERVED = { burst: 2, replay: 1 };

export interface UnicastOptions {
  sender: UnicastSender;
  /** Reads to the memory of the sender's batch. */
  reader: PayloadReader;
  bring: Bring;
  budget: BudgetOptions;
  /** How far the stations reach back; without it, to their epoch. */
  history?: Millis;
  /** The station that feedback with this cookie is about; null where it deserves no attention. */
  accepts(from: SocketAddress, cookie: Buffer, now: Millis): { station: string } | null;
  /** How many have the station. */
  members(station: string): number;
  /** Called with the first error of each code of a station, and again after the station has recovered. */
  onReadError(id: string, error: ReadError): void;
  now: Millis;
}

/** Somebody that packets are sent to, and what they draw on. */
interface Recipient {
  readonly account: Account;
  readonly destination: Destination;
}

interface OnAir {
  readonly id: string;
  readonly station: Station;
  readonly errors: ReadErrors;
  readonly bitrate: number;
  readonly account: Account;
  readonly answers: NackResponder<Client>;
  readonly group: Recipient;
  readonly reports: Reports;
  readonly counts: UnicastCounts;
}

interface Client extends Recipient {
  readonly key: string;
  readonly onAir: OnAir;
  flow: { flow: Flow; nextAt: Millis; reserved: number } | null;
}

const keyOf = ({ address, port }: SocketAddress): string => `${address}:${port}`;

/**
 * It is in charge of:
 * - answering who misses packets; flows; reports
 * - sending nothing to whoever has not shown that it gets what is sent to its address, and nothing beyond the budgets
 */
export class Unicast implements Flows {
  readonly #options: UnicastOptions;
  readonly #writer: PacketWriter;
  readonly #budget: Budget;
  readonly #stations = new Map<string, OnAir>();
  readonly #clients = new Map<string, Client>();

  constructor(options: UnicastOptions) {
    this.#options = options;
    this.#writer = new PacketWriter(options);
    this.#budget = new Budget(options.budget, options.now);
  }

  /** `bitrate` in bit/s. */
  add(options: { id: string; station: Station; group: string; port: number; bitrate: number; now: Millis }): void {
    const { id, station, group, port, bitrate, now } = options;
    this.#stations.set(id, {
      id,
      station,
      errors: new ReadErrors(),
      bitrate,
      account: this.#budget.stationAccount(now),
      answers: new NackResponder(),
      group: {
        account: this.#budget.groupAccount(bitrate, now),
        destination: this.#destination(group, port + REPAIR_PORT_OFFSET),
      },
      reports: new Reports(),
      counts: {
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
      },
    });
  }

  remove(id: string): void {
    const onAir = this.#stations.get(id);
    if (onAir === undefined) return;
    for (const client of this.#clients.values()) if (client.onAir === onAir) this.#drop(client);
    this.#writer.flush();
    this.#options.sender.removeDestination(onAir.group.destination.number);
    this.#stations.delete(id);
  }

  stats(id: string, now: Millis): UnicastStats | undefined {
    const onAir = this.#stations.get(id);
    return onAir && { ...onAir.counts, reports: onAir.reports.stats(now) };
  }

  begin(from: SocketAddress, id: string, request: FlowRequest, now: Millis): FlowStart | ErrorCode {
    const onAir = this.#stations.get(id);
    if (onAir === undefined) return 'off-air';
    const { station, counts } = onAir;
    const oldest = this.#oldest(station, now);
    const beginning = flowBeginning(station, request.from, oldest, now);
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
    client.flow = { flow: new Flow({ station, request, from: beginning, now }), nextAt: now, reserved };
    return { from: beginning, time: ticksToMillis(station.due(beginning)), oldest };
  }

  end(from: SocketAddress): void {
    const client = this.#clients.get(keyOf(from));
    if (client !== undefined) this.#drop(client);
  }

  /** Takes what lies from `start` to `end` of a buffer; nothing happens where it is no feedback, or not with a good cookie. */
  feedback(bytes: Buffer, start: number, end: number, from: SocketAddress, now: Millis): void {
    // The cookie first: what is forged costs no more than that.
    const cookie = feedbackCookie(bytes, start, end);
    const session = cookie === null ? null : this.#options.accepts(from, cookie, now);
    const onAir = session === null ? undefined : this.#stations.get(session.station);
    if (onAir === undefined) return;
    const feedback = decodeFeedback(bytes, start, end);
    // Of the station before, perhaps, which the client has only just left.
    if (feedback?.media !== onAir.station.ssrc) return;
    const client = this.#clientOf(from, onAir, now);
    if (feedback.report) onAir.reports.take(client.key, feedback.report, now);
    this.#hearFlow(client, feedback.flow, now);
    this.#ask(client, feedback, now);
  }

  /** Sends everything that it is time for. Returns when to call it next; Infinity for not before something is heard. */
  tick(now: Millis): Millis {
    let next = Number.POSITIVE_INFINITY;
    for (const [id, { answers }] of this.#stations) {
      if (answers.nextAt <= now) this.#answer(id, now);
      next = Math.min(next, answers.nextAt);
    }
    for (const client of this.#clients.values()) {
      const { flow } = client;
      if (flow === null) continue;
      if (flow.nextAt <= now) this.#serve(client, now);
      next = Math.min(next, client.flow?.nextAt ?? Number.POSITIVE_INFINITY);
    }
    this.#writer.flush();
    return next;
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
    const destination = this.#destination(from.address, from.port);
    const client: Client = { key, onAir, account, destination, flow: null };
    this.#clients.set(key, client);
    return client;
  }

  #destination(address: string, port: number): Destination {
    return { number: this.#options.sender.addDestination(address, port), sequence: 0 };
  }

  #drop(client: Client): void {
    this.#endFlow(client);
    client.onAir.answers.leave(client);
    this.#clients.delete(client.key);
    this.#writer.flush(); // The number may come to stand for somebody else.
    this.#options.sender.removeDestination(client.destination.number);
  }

  #endFlow(client: Client): void {
    if (client.flow === null) return;
    this.#budget.release(client.onAir.account, client.flow.reserved);
    client.flow = null;
  }

  #hearFlow({ flow }: Client, heard: Feedback['flow'], now: Millis): void {
    if (flow === null || heard === null || flow.flow.number !== heard.number) return;
    flow.flow.hear(heard.credit, now);
    flow.nextAt = Math.min(flow.nextAt, now);
  }

  #ask(client: Client, { missing, copies }: Feedback, now: Millis): void {
    const { station, answers, counts } = client.onAir;
    const oldest = station.at(millisToTicks(this.#oldest(station, now)));
    const newest = station.at(millisToTicks(now + FLOW_AHEAD));
    for (const n of missing) {
      if (n < oldest || n > newest) continue;
      counts.requested++;
      if (!answers.ask(n, client, copies, now)) counts.refusedPackets++;
    }
  }

  #answer(id: string, now: Millis): void {
    const onAir = this.#stations.get(id)!;
    const due = onAir.answers.due(now, this.#options.members(id));
    // One after another to one client they leave as one.
    due.sort((a, b) => (a.to?.destination.number ?? -1) - (b.to?.destination.number ?? -1) || a.n - b.n);
    for (const answer of due) {
      for (let copy = 0; copy < answer.copies; copy++) this.#repair(onAir, answer, now);
    }
  }

  #repair(onAir: OnAir, answer: Answer<Client>, now: Millis): void {
    const { n, to, askedAt } = answer;
    const { counts, answers } = onAir;
    const recipient = to ?? onAir.group;
    if (!this.#budget.allows(onAir.account, recipient.account, this.#bits(onAir, 1), 'repair', now)) {
      counts.refusedPackets++;
      return;
    }
    const written = this.#write(onAir, n, n + 1, recipient, 'repair', now);
    if (written === 1) {
      if (to === null) counts.repairedForAll++;
      else counts.repaired++;
    } else if (written === 0 && to !== null && now - askedAt < PATIENCE) {
      answers.again(answer, now);
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
      const end = Math.min(limit, n + 16);
      if (!this.#budget.allows(onAir.account, account, this.#bits(onAir, end - n), purpose, now)) break;
      const written = this.#write(onAir, n, end, client, purpose, now);
      if (written === null) {
        this.#endFlow(client); // The client asks elsewhere, or not at all.
        return;
      }
      onAir.counts.flowPackets += written;
      n += written;
      if (n < end) break;
    }
    client.flow!.nextAt = flow.served(n, now);
  }

  /** At most. */
  #bits({ station }: OnAir, packets: number): number {
    return packets * station.largestPacket * 8;
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
      const bits = this.#bits(onAir, written);
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
