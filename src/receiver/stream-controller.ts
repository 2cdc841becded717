/**
 * The controller that a stream takes: from the group while it is near it, by a flow of the server's while it is behind, and
 * repaired by request. Datagrams, answers and the time in; what to say to the server out. No sockets, no timers, no clock.
 */

import { type Millis, type PacketNumber, ticksToMillis } from '../base/units.js';
import { ServerClock } from '../clock/server-clock.js';
import { FIRST_CREDIT, greatestFlowSpeed } from '../contract/flow.js';
import type { Replaying, Tuned } from '../control/client-state.js';
import type { FlowRequest } from '../control/flows.js';
import type { ReceivedBatch } from '../net/receive-batched.js';
import type { Feedback } from '../wire/feedback.js';
import type { StationInfo } from '../wire/station-info.js';
import { FlowCredit } from './flow-credit.js';
import { packetRate } from './group-numbers.js';
import type { ReceiverStats } from './receiver-stats.js';
import { ReportSchedule } from './report-schedule.js';
import { RtpReceiver } from './rtp-receiver.js';
import { StreamBuffer, type StreamBufferOptions } from './stream-buffer.js';

/** Where a stream is to begin. */
export type Target = { kind: 'live' } | { kind: 'time'; time: Millis; item: boolean };

/** What the controller has said to the server; the answer to a request comes back by `replaying` or `refused`. */
export interface StreamControllerOrders {
  feedback(feedback: Omit<Feedback, 'cookie'>): void;
  replay(request: FlowRequest): void;
  /** The server does not answer what it ought to. */
  check(): void;
  /** The buffer has room again: `advance` is to be called when whoever reads it has read. */
  hasRoom(): void;
}

export interface StreamControllerOptions {
  station: StationInfo;
  buffer?: StreamBufferOptions;
  /** How long a missing packet is waited for. */
  deadline: Millis;
  /** Interfaces on which the group is received. */
  paths: number;
  /** How long packets wait to be taken together. */
  latency: Millis;
  /** How much faster than the station flows may be. */
  speed: number;
  /** Numbers from 0 to 1, for what is chosen at random. */
  random: () => number;
  orders: StreamControllerOrders;
}

/** The least time that the window of packets holds, on average: what a burst reaches back to fits most often. */
const WINDOW_SECONDS = 15;
const LEAST_WINDOW = 8192;
/** A flow is kept so far ahead of who reads, times its speed. */
const AHEAD: Millis = 500;
/** What is missing may be waited for longer by whoever has not come to it: this share of what is unread, at most so long. */
const UNREAD = 0.5;
const LONGEST_DEADLINE: Millis = 3_000;
/** A flow that brought nothing for so long has lost its last packets; after the other, it is asked for anew. */
const TAIL_WAIT: Millis = 150;
const STALL_WAIT: Millis = 600;
/** Most packets that are asked for one by one at the end of a flow. */
const MOST_TAIL = 256;
/** After a replay that did not succeed. */
const RETRY: Millis = 2_000;
/** What is not answered for so long makes us ask whether the server is there. */
const UNANSWERED: Millis = 1_000;
/** How long a server that is lost is waited for by who is behind a group that goes on: sessions call again within 3 s. */
const PATIENCE: Millis = 4_000;
/** Packets that come before it is known where they belong. */
const MOST_EARLY = 8_192;

const windowFor = (rate: number): number =>
  Math.max(LEAST_WINDOW, 2 ** Math.ceil(Math.log2(Math.max(1, rate) * WINDOW_SECONDS)));

/**
 * It is in charge of:
 * - beginning with what the server says, and beginning anew elsewhere
 * - going from flow to group and back, without a packet missing or coming twice
 * - stopping while the buffer is full, and going on with the very next packet
 * - what is said to the server: credit, what is missing, reports
 */
export class StreamController {
  readonly station: StationInfo;
  readonly #options: StreamControllerOptions;
  readonly #orders: StreamControllerOrders;
  readonly #rate: number;
  readonly #speed: number;
  readonly #reception: RtpReceiver;
  readonly #clock = new ServerClock();
  readonly #sender: number;
  #reports: ReportSchedule | null = null;
  /** What the server said last; null while it has said nothing. */
  #tuned: Tuned | null = null;
  /** Since when it has not answered although the group goes on; null while it does. */
  #lostAt: Millis | null = null;
  #flowNumber: number;
  #flow: FlowCredit | null = null;
  /** The flow that was asked for last and is awaited, so as to go on with the stream that there is. */
  #awaited: number | null = null;
  #seeks = 0;
  #retryAt: Millis = Number.NEGATIVE_INFINITY;
  /** Retransmissions that came while an answer was awaited: the first of the flow may come before it. */
  #early: Buffer[] | null = null;
  #unansweredSince: Millis | null = null;
  #oldest: Millis | null = null;

  constructor(options: StreamControllerOptions) {
    const { station, deadline, paths, latency, random, orders } = options;
    this.#options = options;
    this.#orders = orders;
    this.station = station;
    this.#rate = packetRate(station);
    this.#speed = Math.min(options.speed, greatestFlowSpeed(this.#rate));
    this.#sender = Math.floor(random() * 0x1_0000_0000);
    this.#flowNumber = Math.floor(random() * 0x7fff_ffff);
    const reorder = { deadline, window: windowFor(this.#rate) };
    this.#reception = new RtpReceiver({ station, buffer: this.#newBuffer(), reorder, paths, latency, waits: true });
  }

  /** The stream that goes on; `begun` replaces it. */
  get buffer(): StreamBuffer {
    return this.#reception.buffer;
  }

  /** Whether the group feeds the stream. */
  get isLive(): boolean {
    return this.#reception.base !== null;
  }

  /** How far back the station reaches; null while the server has not said. */
  get oldest(): Millis | null {
    return this.#oldest;
  }

  /** When `advance` is to be called for requests; for all else, several times a second, or once for who has time. */
  get wakeAt(): Millis {
    return this.#hasServer ? this.#reception.wakeAt : Number.POSITIVE_INFINITY;
  }

  /** The server's clock was at `serverTime` within the round trip that ends now. */
  heardClock(serverTime: Millis, roundTrip: Millis, now: Millis): void {
    this.#clock.add({ sent: now - roundTrip, received: now, time: serverTime });
  }

  serverNow(now: Millis): Millis | null {
    return this.#clock.at(now);
  }

  report(): ReceiverStats {
    return this.#reception.report();
  }

  /** A number for a flow that is to be asked for; what comes of it is kept until the answer. */
  nextFlow(): number {
    this.#flowNumber++;
    this.#early ??= [];
    return this.#flowNumber;
  }

  /** The server has answered TUNE; null: it has not. The stream begins, unless a seek is to follow. */
  tuned(tuned: Tuned | null, now: Millis, waitsForSeek = false): void {
    if (tuned !== null) this.#heard(tuned, now);
    if (waitsForSeek) return;
    const burst = tuned?.burst ?? null;
    if (burst !== null) {
      this.#begin(burst.flow, burst.from, burst.time, now);
      return;
    }
    this.#early = null;
    this.#beginWithGroup(now);
  }

  /** The request for a flow that begins a stream of its own at `target`; it ends by `begun` or `failed`. */
  seek(target: Target): FlowRequest {
    this.#seeks++;
    this.#awaited = null;
    return { flow: this.nextFlow(), speed: this.#speed, from: target };
  }

  /** The seek's flow begins. The buffer is another from now on. */
  begun(answer: Replaying, now: Millis): void {
    this.#seeks--;
    this.#heardReplay(answer, now);
    this.#begin(answer.flow, answer.from, answer.time, now, this.#newBuffer());
  }

  /** The seek was not to be: the stream goes on as it was. */
  failed(): void {
    this.#seeks--;
    if (this.#seeks === 0) this.#early = null;
  }

  /** A stream of its own begins with what the group sends next. */
  goLive(now: Millis): void {
    this.#flow = null;
    this.#awaited = null;
    this.#beginWithGroup(now, this.#newBuffer());
  }

  /** The answer to what `orders.replay` asked for. */
  replaying(answer: Replaying, now: Millis): void {
    this.#heardReplay(answer, now);
    if (answer.flow !== this.#awaited) return;
    this.#awaited = null;
    this.#reception.resume();
    this.#follow(answer.flow, answer.from, now);
    this.advance(now);
  }

  /** It was refused, or not answered. Whether the stream goes on with what the group sends instead. */
  refused(flow: number, isRefusal: boolean, now: Millis): boolean {
    if (flow !== this.#awaited) return false;
    this.#awaited = null;
    this.#early = null;
    this.#retryAt = now + RETRY;
    if (!isRefusal) return false; // a server that is silent may come back: `serverLost` is told as well
    this.#goAlone(now);
    return true;
  }

  /** The server does not answer any more, or the session is another station's from now on. */
  serverLost(now: Millis): void {
    this.#lostAt = now;
    this.buffer.keepsPlaces = false;
    this.#early = null;
  }

  /** The session is there again; `tuned` is what the server said last. */
  serverBack(tuned: Tuned | null, now: Millis): void {
    // It may have said that long ago, and forgotten nothing since.
    if (tuned !== null && tuned !== this.#tuned) this.#heard(tuned, now);
    if (this.#tuned === null) return;
    this.#lostAt = null;
    this.buffer.keepsPlaces = true;
    this.#retryAt = now;
  }

  takeGroup(batch: ReceivedBatch, now: Millis, path: number): void {
    this.#reception.take(batch, now, path);
    this.advance(now);
  }

  takeParity(batch: ReceivedBatch, now: Millis): void {
    this.#reception.takeParity(batch, now);
    this.advance(now);
  }

  takeShared(batch: ReceivedBatch, now: Millis): void {
    if (batch.count > 0) this.#unansweredSince = null;
    this.#reception.takeShared(batch, now);
    this.advance(now);
  }

  /** A retransmission to us alone. `advance` is to follow; several may come before. */
  takeOwn(datagram: Buffer, now: Millis): void {
    this.#unansweredSince = null;
    const isTaken = this.#reception.takeOwn(datagram, now);
    if (this.#early === null || (isTaken && this.#seeks === 0)) return;
    if (this.#early.length < MOST_EARLY) this.#early.push(datagram);
  }

  /** Hands on what is ready, and says what there is to say. */
  advance(now: Millis): void {
    const reception = this.#reception;
    reception.settle(now);
    if (!this.#hasServer) {
      this.#waitForServer(now);
      return;
    }
    reception.deadline = Math.max(this.#options.deadline, Math.min(LONGEST_DEADLINE, this.buffer.ahead * UNREAD));
    if (this.buffer.isFull && !reception.isStopped) this.#stop(now);
    if (this.#flow !== null) this.#steer(this.#flow, now);
    else if (reception.isStopped && !this.buffer.isFull) this.#resume(now);
    for (const { packets, copies } of reception.due(now)) {
      this.#unansweredSince ??= now;
      // A request is as likely to get lost as its answer, and takes less.
      const times = copies === 1 ? 1 : copies + 1;
      for (let i = 0; i < times; i++) this.#say({ missing: packets, copies });
    }
    this.#reportIfDue(now);
    if (this.#unansweredSince !== null && now - this.#unansweredSince >= UNANSWERED) {
      this.#unansweredSince = null;
      this.#orders.check();
    }
  }

  /** There is a server that answers us, as far as we know. */
  get #hasServer(): boolean {
    return this.#tuned !== null && this.#lostAt === null;
  }

  #newBuffer(): StreamBuffer {
    const buffer = new StreamBuffer(this.#options.buffer);
    buffer.keepsPlaces = this.#hasServer;
    buffer.onRoom = () => this.#orders.hasRoom();
    return buffer;
  }

  #heard(tuned: Tuned, now: Millis): void {
    const { next, serverTime, roundTrip, members } = tuned;
    this.#tuned = tuned;
    this.buffer.keepsPlaces = true;
    this.heardClock(serverTime, roundTrip, now);
    this.#reception.requests.measured(roundTrip);
    this.#reception.numbers.place(next, now);
    this.#reports ??= new ReportSchedule(this.station.bitrate, this.#options.random, now);
    this.#reports.members = members;
  }

  #heardReplay({ serverTime, roundTrip, oldest }: Replaying, now: Millis): void {
    this.heardClock(serverTime, roundTrip, now);
    this.#oldest = oldest;
  }

  /** The server is silent: what only it could bring is not waited for any longer, if the group goes on. */
  #waitForServer(now: Millis): void {
    if (this.#lostAt === null || (this.#flow === null && !this.#reception.isStopped) || this.buffer.isFull) return;
    // A server that has begun anew is heard before it is asked again: it is given the time to answer.
    if (!this.#reception.numbers.isHeard(now)) this.#lostAt = now;
    if (this.isLive || now - this.#lostAt >= PATIENCE) this.#goAlone(now);
  }

  /** Goes on with the group alone. */
  #goAlone(now: Millis): void {
    this.#flow = null;
    if (this.isLive) {
      this.#reception.endFlow(now);
      return;
    }
    this.buffer.letGo();
    this.#beginWithGroup(now);
  }

  #beginWithGroup(now: Millis, buffer?: StreamBuffer): void {
    this.#reception.begin(null, this.#clock.at(now), now, buffer);
    this.advance(now);
  }

  #begin(flow: number, from: PacketNumber, time: Millis, now: Millis, buffer?: StreamBuffer): void {
    this.#reception.begin(from, time, now, buffer);
    this.#follow(flow, from, now);
    this.advance(now);
  }

  /** The flow comes now, and what has come of it already belongs to the stream. */
  #follow(number: number, from: PacketNumber, now: Millis): void {
    this.#reception.expectFlow(from, now);
    const credit = from + Math.ceil((this.#rate * FIRST_CREDIT) / 1000);
    this.#flow = new FlowCredit({ number, from, credit, rate: this.#rate }, now);
    const early = this.#early ?? [];
    this.#early = this.#seeks > 0 ? [] : null;
    this.#reception.takeEarly(early, from, now);
  }

  /** Says how far the flow may go; sees whether it is needed any more, and whether it comes at all. */
  #steer(flow: FlowCredit, now: Millis): void {
    const reception = this.#reception;
    const { base, flow: position } = reception;
    if (position === null || (base !== null && position + 1 >= base)) {
      reception.endFlow(now);
      this.#flow = null;
      return;
    }
    const wanted = base ?? Math.max(flow.credit, this.#wanted());
    if (flow.update(position, wanted, now)) {
      flow.say(wanted, now);
      this.#say({});
    }
    const stalled = flow.stalledFor(now);
    if (base !== null && base - position <= MOST_TAIL && stalled >= TAIL_WAIT) {
      reception.endFlow(now);
      this.#flow = null;
    } else if (stalled >= STALL_WAIT && this.#awaited === null && this.#seeks === 0 && now >= this.#retryAt) {
      this.#retryAt = now + RETRY;
      this.#unansweredSince ??= now;
      this.#askFrom(position + 1);
    }
  }

  /** Up to which packet, not included, the stream is wanted: some seconds ahead of who reads it. */
  #wanted(): PacketNumber {
    const missing = this.#speed * AHEAD - this.buffer.ahead;
    return (this.#reception.next ?? 0) + Math.max(0, Math.ceil((missing / 1000) * this.#rate));
  }

  /** The buffer is full: the stream's place is remembered, and nothing is taken. */
  #stop(now: Millis): void {
    const { next } = this.#reception;
    this.#reception.stop();
    if (this.#flow !== null && next !== null) {
      this.#flow.say(next, now);
      this.#say({});
    }
    this.#flow = null;
  }

  #resume(now: Millis): void {
    const { next } = this.#reception;
    if (next === null || this.#awaited !== null || this.#seeks > 0 || now < this.#retryAt) return;
    this.#askFrom(next);
  }

  #askFrom(packet: PacketNumber): void {
    this.#awaited = this.nextFlow();
    this.#orders.replay({ flow: this.#awaited, speed: this.#speed, from: { kind: 'packet', packet } });
  }

  #reportIfDue(now: Millis): void {
    const report = this.#reports?.take(
      () => this.#reception.report(),
      () => this.#position(now),
      now,
    );
    if (report) this.#say({ report });
  }

  #position(now: Millis): { highest: PacketNumber; buffer: Millis; delay: Millis } {
    const { ahead, newest } = this.buffer;
    const serverNow = this.#clock.at(now);
    const shown = newest === null ? null : ticksToMillis(newest) - ahead;
    const delay = serverNow === null || shown === null ? 0 : serverNow - shown;
    return { highest: this.#reception.numbers.highest ?? 0, buffer: ahead, delay };
  }

  #say(what: Partial<Pick<Feedback, 'missing' | 'copies' | 'report'>>): void {
    const flow = this.#flow && { number: this.#flow.number, credit: this.#flow.credit };
    const { ssrc: media } = this.station;
    this.#orders.feedback({ sender: this.#sender, media, missing: [], copies: 1, flow, report: null, ...what });
  }
}
