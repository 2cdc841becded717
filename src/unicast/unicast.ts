/** Packets for single viewers: repairs, bursts, the past. Holds neither sockets nor timers; the clock is passed in. */

import { type SocketAddress, socketKey } from '../base/socket-address.js';
import { TokenBucket } from '../base/token-bucket.js';
import { Millis, millisToTicks, ticksToMillis } from '../base/units.js';
import { REPAIR_PORT_OFFSET } from '../contract/addresses.js';
import { FLOW_AHEAD } from '../contract/flow.js';
import type { UnicastStats } from '../contract/server-view.js';
import type { FlowRequest, FlowStart, Flows } from '../control/flows.js';
import type { PayloadReader } from '../reel/payload-reader.js';
import type { Station } from '../station/station.js';
import { type ReadError, ReadErrors } from '../threads/read-errors.js';
import { decodeFeedback, type Feedback, feedbackCookie } from '../wire/feedback.js';
import type { ErrorCode } from '../wire/message.js';
import { Budget, type BudgetOptions } from './budget.js';
import { BudgetedWriter } from './budgeted-writer.js';
import { notDue } from './due-queue.js';
import { flowBeginning } from './flow.js';
import { FlowSender } from './flow-sender.js';
import { type Members, NackResponder } from './nack-responder.js';
import { type Client, noCounts, type OnAir } from './on-air.js';
import { type Bring, type Destination, PacketWriter, type UnicastSender } from './packet-writer.js';
import { Repairs } from './repairs.js';
import { Reports } from './reports.js';

/** How long ago a packet can have left that is sent to the group: receivers request it within a fraction of that. */
const GROUP_REACH = Millis(3_000);
/**
 * Packets that a client may request a second: a multiple of what its station sends, because requests are repeated; and at
 * once, a second's. More are refused.
 */
const REQUESTS_SHARE = 8;
const LEAST_REQUESTS = 2_000;

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
  /** Counts packets that accepted feedback requests for the share of work of its session. */
  countWork(from: SocketAddress, packets: number): void;
  /** Viewers of the station. */
  members(station: string): Members;
  /** Called with the first error of each code of a station, and again after the station has recovered. */
  onReadError(id: string, error: ReadError): void;
  /** Called with a fault of the program that concerns one station, which is not served any more. */
  onFault(id: string, error: unknown): void;
  now: Millis;
}

/**
 * Responsible for:
 * - which station and which client a request or a report belongs to
 * - sending nothing to an address that has not shown, by its cookie, that it receives
 * - limits of what a client may request, so that one that asks without end costs its own share only
 *
 * Only an error of the system makes packets unreadable. Any other is a fault of the program, and ends the service of the
 * station that it concerns.
 */
export class Unicast implements Flows {
  readonly #options: UnicastOptions;
  readonly #writer: PacketWriter;
  readonly #budget: Budget;
  readonly #stations = new Map<string, OnAir>();
  readonly #clients = new Map<string, Client>();
  readonly #repairs: Repairs;
  readonly #flows: FlowSender;
  /** Stations with stats. */
  readonly #used = new Set<OnAir>();

  constructor(options: UnicastOptions) {
    this.#options = options;
    this.#writer = new PacketWriter(options);
    this.#budget = new Budget(options.budget, options.now);
    const { onReadError, members } = options;
    const writer = new BudgetedWriter({ budget: this.#budget, writer: this.#writer, onReadError });
    const onFault = ({ id }: OnAir, error: unknown) => this.#fail(id, error);
    this.#repairs = new Repairs({ writer, members, onFault });
    this.#flows = new FlowSender({ writer, budget: this.#budget, onFault });
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
        address: group,
        key: socketKey({ address: group, port }),
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
    this.#repairs.remove(onAir);
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
    try {
      const { station } = onAir;
      const oldest = this.#oldest(station, now);
      const beginning = flowBeginning(station, request.from, { oldest, now });
      if (beginning === null) return 'too-early';
      const client = this.#clientOf(from, onAir, now);
      if (!this.#flows.begin(client, request, { from: beginning, now })) return 'over-budget';
      return { from: beginning, time: ticksToMillis(station.due(beginning)), oldest };
    } catch (error) {
      this.#fail(id, error);
      return 'off-air';
    }
  }

  end(from: SocketAddress): void {
    const client = this.#clients.get(socketKey(from));
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
    try {
      this.#take(feedback, this.#clientOf(from, onAir, now), now);
    } catch (error) {
      this.#fail(onAir.id, error);
    }
    if (feedback.missing.length > 0) this.#options.countWork(from, feedback.missing.length);
  }

  #take(feedback: Feedback, client: Client, now: Millis): void {
    const { onAir } = client;
    const { station } = onAir;
    const newest = station.at(millisToTicks(Millis(now + FLOW_AHEAD)));
    if (feedback.report) onAir.reports.take(client, feedback.report, { newest, rate: station.greatestRate, now });
    this.#flows.grant(client, feedback.flow, now);
    if (feedback.missing.length === 0) return;
    const oldest = station.at(millisToTicks(this.#oldest(station, now)));
    const recent = station.at(millisToTicks(Millis(now - GROUP_REACH)));
    this.#repairs.request(client, feedback, { oldest, recent, newest, now });
  }

  /** Sends all packets that are due. Returns when to call it next; Infinity for not before the next request. */
  tick(now: Millis): Millis {
    this.#repairs.tick(now);
    this.#flows.tick(now);
    this.#writer.flush();
    return Millis(Math.min(this.#repairs.nextAt, this.#flows.nextAt));
  }

  #oldest(station: Station, now: Millis): Millis {
    const { history } = this.#options;
    const begins = ticksToMillis(station.begins);
    return history === undefined ? begins : Millis(Math.max(begins, now - history));
  }

  #clientOf(from: SocketAddress, onAir: OnAir, now: Millis): Client {
    const { address } = from;
    const key = socketKey(from);
    const before = this.#clients.get(key);
    if (before?.onAir === onAir) return before;
    if (before !== undefined) this.#drop(before);
    const account = this.#budget.clientAccount(onAir.bitrate, now);
    const destination = this.#addDestination(address, from.port);
    const rate = Math.max(LEAST_REQUESTS, REQUESTS_SHARE * onAir.station.greatestRate * 1_000);
    const requests = new TokenBucket({ rate, capacity: rate }, now);
    const client = { ...notDue(), address, key, onAir, account, requests, destination, flow: null, hasLeft: false };
    this.#clients.set(key, client);
    this.#used.add(onAir);
    return client;
  }

  /** Ends the service of a station because of a fault of the program. */
  #fail(id: string, error: unknown): void {
    this.remove(id);
    this.#options.onFault(id, error);
  }

  #addDestination(address: string, port: number): Destination {
    return { number: this.#options.sender.addDestination(address, port), sequence: 0 };
  }

  #drop(client: Client): void {
    this.#flows.end(client);
    client.hasLeft = true;
    client.onAir.reports.leave(client.key);
    this.#clients.delete(client.key);
    this.#writer.flush(); // The number may come to stand for another client.
    this.#options.sender.removeDestination(client.destination.number);
  }
}
