/**
 * Decides where a stream comes from: the group, or a flow of the server. Datagrams, answers and the time in, orders out.
 */
import { Millis, PacketNumber, ticksToMillis } from '../base/units.js';
import { ServerClock } from '../clock/server-clock.js';
import { FIRST_CREDIT, greatestFlowSpeed } from '../contract/flow.js';
import type { ClockAnswer, Replaying, Tuned } from '../control/client-state.js';
import type { FlowRequest } from '../control/flows.js';
import { Refusal } from '../control/refusal.js';
import type { ReceivedBatch } from '../net/receive-batched.js';
import type { Feedback } from '../wire/feedback.js';
import type { StationInfo } from '../wire/station-info.js';
import { FlowCredit } from './flow-credit.js';
import { conflictProblem, strangerProblem } from './forgery.js';
import { packetRate } from './group-numbers.js';
import type { ReceiverStats } from './receiver-stats.js';
import { type Position, ReportSchedule } from './report-schedule.js';
import { RtpReceiver } from './rtp-receiver.js';
import { SilentGroup, silenceProblem } from './silent-group.js';
import type { StreamBuffer } from './stream-buffer.js';

/** Where a stream begins. */
export type Target = { kind: 'live' } | { kind: 'time'; time: Millis; item: boolean };

export type Order =
  /** Send this to the server, with the session's cookie. */
  | { type: 'feedback'; feedback: Omit<Feedback, 'cookie'> }
  /** Ask the server for this flow; the answer goes to `replaying` or `refused`. */
  | { type: 'replay'; request: FlowRequest }
  /** Ask whether the server is there, and where its station is; the answer goes to `addClock`. */
  | { type: 'check' }
  /** The server has sent nothing that it was asked for: another may. */
  | { type: 'unanswered' }
  /** Leave the group and join it again: nothing comes, although the server sends. */
  | { type: 'rejoin' }
  /** Report this: the server refused a flow, and the stream continues with what the group sends. */
  | { type: 'report'; error: unknown };

/** Whose packets: those of the station's servers where they are known, or of any address. */
export type Sources = 'servers' | 'any';

export interface StreamControllerOptions {
  station: StationInfo;
  /** Makes the buffer of a stream that begins. Whenever it has room again, `advance` has to be called. */
  createBuffer: () => StreamBuffer;
  /** How long a missing packet is waited for; default 200 ms, longer with a latency above that. */
  deadline?: Millis;
  /**
   * How long a recorder waits for what its server can still send: `deadline`, and long gaps are requested as flows;
   * undefined for viewers, who want to see what is on the air.
   */
  patience?: Millis;
  /** Interfaces on which the group is received. */
  paths: number;
  /** How long datagrams wait in the sockets. */
  latency: Millis;
  /** Speed of flows, as a multiple of the station's rate. */
  speed: number;
  /** Random numbers from 0 to 1. */
  random: () => number;
}

/** Seconds of packets that the reorder window holds at least: a burst rarely begins further back. */
const WINDOW_SECONDS = 15;
const LEAST_WINDOW = 8192;
/** 9 s at 300 Mbit/s, in 8 MB: a station that claims 1 Gbit/s would take 64 MB of a receiver before its first packet. */
const LARGEST_WINDOW = 2 ** 18;
/** How far ahead of its reader a flow is requested, times its speed. */
const AHEAD = Millis(500);
const DEADLINE = Millis(200);
/** With a long latency packets can be waited for until this long after the second look at the sockets. */
const DEADLINE_AFTER_LOOK = Millis(1_000);
/** A reader that is behind can wait longer: this share of its unread buffer, at most LONGEST_DEADLINE. */
const UNREAD_SHARE = 0.5;
const LONGEST_DEADLINE = Millis(3_000);
/** A flow without packets for this time has lost its last ones… */
const TAIL_WAIT = Millis(150);
/** …and for this time is requested again. */
const STALL_WAIT = Millis(600);
/** Packets at the end of a flow that are requested one by one. */
const LONGEST_TAIL = 256;
/** Pause after a flow that was refused or not answered. */
const RETRY = Millis(2_000);
/** Feedback without an answer for this time makes us ask whether the server is there. */
const UNANSWERED = Millis(1_000);
/**
 * Feedback without an answer for this time, and that of two looks at the sockets, is a reason to turn to another server of the
 * station: by then a lost packet has been requested at least three times, and is about to be given up.
 */
const UNHELPFUL = Millis(250);
/** Least time between two questions where the station is, when packets of the group are not believed. */
const DOUBTED = Millis(250);
/** How long a stream that is behind waits for a lost server while the group goes on: sessions ask again within 3 s. */
const PATIENCE = Millis(4_000);
/**
 * A group that its server sends, and that brings nothing for this time, is joined for any source: not every network
 * forwards a source-specific membership.
 */
const SILENT = Millis(3_000);
/**
 * Without a server that answers, and without a packet of a known one, for this time, packets of others count: a server may
 * have moved to another address, or another have taken over.
 */
const DESERTED = Millis(5_000);
/** Retransmissions kept until the flow they belong to is known. */
const MOST_EARLY = 8_192;

/** Gaps of more packets than this, or of this many seconds of packets, are requested as a flow where there is patience. */
const LONG_GAP = 256;
const LONG_GAP_SECONDS = 0.5;
/** Packets that a recorder holds while it waits for earlier ones, beyond those of WINDOW_SECONDS: some 90 MB. */
const MOST_AWAITING = 65_536;
/** Period of looking for signs of forgery, which are reported once. */
const WATCH_PERIOD = Millis(1_000);

const NO_ORDERS: readonly Order[] = [];
const KNOWN_SOURCES = { believes: 'servers', joins: 'servers' } as const;
const ANY_MEMBERSHIP = { believes: 'servers', joins: 'any' } as const;
const ANY_SOURCE = { believes: 'any', joins: 'any' } as const;

function windowFor(rate: number, patience: Millis = Millis(0)): number {
  const sizeFor = (seconds: number) => 2 ** Math.ceil(Math.log2(Math.max(1, rate) * seconds));
  const patient = Math.min(MOST_AWAITING, sizeFor(Math.max(1, patience / 1000)));
  return Math.min(LARGEST_WINDOW, Math.max(LEAST_WINDOW, sizeFor(WINDOW_SECONDS), patient));
}

const deadlineFor = (latency: Millis): Millis =>
  latency > DEADLINE ? Millis(2 * latency + DEADLINE_AFTER_LOOK) : DEADLINE;

/** `awaited` is the number of the flow that was requested so as to continue the stream, and not answered yet. */
type State =
  /** Nothing begins before the server has answered TUNE or is given up; what the group sends is kept. */
  | { name: 'waiting' }
  | { name: 'group'; awaited: number | null }
  | { name: 'flow'; flow: FlowCredit; awaited: number | null }
  /** The buffer is full. */
  | { name: 'stopped'; awaited: number | null };

type ServerState =
  /** It has never answered. */
  | { name: 'unknown' }
  /** With its last answer to TUNE. */
  | { name: 'present'; tuned: Tuned }
  | { name: 'lost'; tuned: Tuned | null; since: Millis };

/**
 * Responsible for:
 * - beginning where the server's answer says, and beginning again elsewhere
 * - going from flow to group and back, without a packet missing or coming twice
 * - stopping while the buffer is full, and continuing with the very next packet
 * - feedback: credit, missing packets, reports
 *
 * What feeds the stream:
 *
 *                 no burst                 buffer full
 *     waiting ───────────────▶ group ─────────────────────▶ stopped
 *        │                      ▲  ▲                         │ ▲ │
 *        │ burst        reached │  └──── refused, or server ─┘ │ │
 *        │            the group │        lost for PATIENCE     │ │
 *        │                      │         buffer full          │ │
 *        └───────────────────▶ flow ───────────────────────────┘ │
 *                               ▲    room: request, then answer  │
 *                               └────────────────────────────────┘
 *
 * A seek begins a stream of its own: from any state to `flow` when the server has answered, or to `group`. Until then the
 * state goes on as it is.
 */
export class StreamController {
  readonly station: StationInfo;
  readonly #options: StreamControllerOptions;
  readonly #deadline: Millis;
  /** Packets a second. */
  readonly #rate: number;
  readonly #speed: number;
  readonly #reception: RtpReceiver;
  readonly #clock = new ServerClock();
  /** SSRC of our feedback. */
  readonly #ssrc: number;
  #state: State = { name: 'waiting' };
  #server: ServerState = { name: 'unknown' };
  #reports: ReportSchedule | null = null;
  #flowNumber: number;
  /** Seeks that are not answered yet. */
  #seeks = 0;
  #retryAt = Millis(Number.NEGATIVE_INFINITY);
  /** Retransmissions while a flow is awaited: its first packets can come before the answer. null: none is awaited. */
  #early: Buffer[] | null = null;
  #unansweredSince: Millis | null = null;
  /** The `unansweredSince` that has been an order. */
  #orderedFor: Millis | null = null;
  readonly #unhelpful: Millis;
  /** Another server, or the same one after a loss, has nothing of the flow yet. */
  #isFlowGone = false;
  #watchedAt = Millis(Number.NEGATIVE_INFINITY);
  readonly #said = new Set<'stranger' | 'conflict' | 'silence'>();
  readonly #silentGroup = new SilentGroup();
  /** When the group's datagrams were first waited for. */
  #joinedAt: Millis | null = null;
  /** Whether packets of any source count, until a server answers or others are known. */
  #isDeserted = false;
  #checkedAt = Millis(Number.NEGATIVE_INFINITY);
  #oldest: Millis | null = null;
  #orders: Order[] = [];

  constructor(options: StreamControllerOptions) {
    const { station, deadline, patience, paths, latency, random } = options;
    this.#options = options;
    this.station = station;
    this.#deadline = deadline ?? patience ?? deadlineFor(latency);
    this.#unhelpful = Millis(Math.min(UNHELPFUL + 2 * latency, UNANSWERED));
    this.#rate = packetRate(station);
    this.#speed = Math.min(options.speed, greatestFlowSpeed(this.#rate));
    this.#ssrc = Math.floor(random() * 0x1_0000_0000);
    this.#flowNumber = Math.floor(random() * 0x7fff_ffff);
    // Until a server has answered, nothing can be repaired.
    const reorder = { deadline: deadline ?? deadlineFor(latency), window: windowFor(this.#rate, patience) };
    const isPatient = patience !== undefined;
    const clock = this.#clock;
    const buffer = this.#newBuffer();
    this.#reception = new RtpReceiver({
      station,
      buffer,
      reorder,
      paths,
      latency,
      isPatient,
      waits: true,
      clock,
      random,
    });
  }

  /** The stream that goes on; `begun` and `goLive` replace it. */
  get buffer(): StreamBuffer {
    return this.#reception.buffer;
  }

  /** Whether the group feeds the stream. */
  get isLive(): boolean {
    return this.#reception.base !== null;
  }

  /** How far back the station reaches; null while unknown. */
  get oldest(): Millis | null {
    return this.#oldest;
  }

  /** When `advance` has to be called for requests. All else is done in time if it is called once a second. */
  get wakeAt(): Millis {
    return this.#server.name === 'present' ? this.#reception.wakeAt : Millis(Number.POSITIVE_INFINITY);
  }

  /** The server's clock was at `serverTime` within the round trip that ends now; it was about to send packet `next`. */
  addClock({ serverTime, next, roundTrip }: ClockAnswer, now: Millis): void {
    this.#clock.add({ sent: Millis(now - roundTrip), received: now, time: serverTime });
    if (next !== undefined) this.#reception.anchor(next, serverTime, now);
  }

  serverNow(now: Millis): Millis | null {
    return this.#clock.at(now);
  }

  report(): ReceiverStats {
    return this.#reception.report();
  }

  /** Other servers are known. */
  forgetSources(): void {
    this.#isDeserted = false;
    this.#joinedAt = null;
  }

  /** The addresses whose packets count, on one of the interfaces; null: any. */
  setSources(path: number, addresses: readonly string[] | null): void {
    this.#reception.setSources(path, addresses);
  }

  /** Whose packets count now, and whose the group is to be joined for, which once changed stays so with the same servers. */
  sources(now: Millis, joined: Sources): { believes: Sources; joins: Sources } {
    this.#joinedAt ??= now;
    const silent = now - Math.max(this.#reception.numbers.arrivedAt ?? 0, this.#joinedAt);
    if (this.#server.name === 'present') this.#isDeserted = false;
    else if (silent >= DESERTED) this.#isDeserted = true;
    const isAny = joined === 'any' || silent >= SILENT;
    return this.#isDeserted ? ANY_SOURCE : isAny ? ANY_MEMBERSHIP : KNOWN_SOURCES;
  }

  /** A number for a flow about to be requested; its packets are kept until the answer. */
  nextFlow(): number {
    this.#flowNumber++;
    this.#early ??= [];
    return this.#flowNumber;
  }

  /** The server's answer to TUNE, null if there is none. The stream begins, unless a seek follows. */
  tuned(tuned: Tuned | null, now: Millis, { awaitsSeek = false } = {}): readonly Order[] {
    if (tuned !== null) this.#takeTuned(tuned, now);
    if (awaitsSeek) return NO_ORDERS;
    const burst = tuned?.burst ?? null;
    if (burst === null) this.#beginWithGroup(now);
    else this.#begin(burst.flow, burst, now);
    return this.advance(now);
  }

  /** Returns the request for a flow that begins a stream of its own at `target`; `begun` or `failed` follows. */
  seek(target: Target): FlowRequest {
    this.#seeks++;
    this.#setAwaited(null);
    return { flow: this.nextFlow(), speed: this.#speed, from: target };
  }

  /** The flow of a seek begins: the buffer is another from now on. */
  begun(answer: Replaying, now: Millis): readonly Order[] {
    this.#seeks--;
    this.#takeReplaying(answer, now);
    this.#begin(answer.flow, answer, now, this.#newBuffer());
    return this.advance(now);
  }

  /** A seek was refused or not answered: the stream goes on. */
  failed(): void {
    this.#seeks--;
    this.#dropEarly();
  }

  /** Begins a stream of its own with the next packets of the group. */
  goLive(now: Millis): readonly Order[] {
    this.#beginWithGroup(now, this.#newBuffer());
    return this.advance(now);
  }

  /** The answer to a replay order. */
  replaying(answer: Replaying, now: Millis): readonly Order[] {
    this.#takeReplaying(answer, now);
    if (answer.flow !== this.#awaited) return NO_ORDERS;
    this.#reception.resume();
    this.#follow(answer.flow, PacketNumber(answer.from), now);
    return this.advance(now);
  }

  /** A replay order was refused (a Refusal) or not answered. */
  refused(flow: number, error: unknown, now: Millis): readonly Order[] {
    if (flow !== this.#awaited) return NO_ORDERS;
    this.#setAwaited(null);
    this.#dropEarly();
    this.#retryAt = Millis(now + RETRY);
    if (this.#state.name === 'group' && this.isLive) {
      // What the server has no longer is lost. For other reasons it is asked again.
      this.#reception.failGap(!(error instanceof Refusal && error.reason === 'too-early'), now);
      return this.advance(now);
    }
    // A silent server can come back; if not, serverLost follows.
    if (!(error instanceof Refusal)) return NO_ORDERS;
    this.#orders.push({ type: 'report', error });
    this.#goAlone(now);
    return this.advance(now);
  }

  /** The server does not answer any more, or the session belongs to another station from now on. */
  serverLost(now: Millis): void {
    const tuned = this.#server.name === 'unknown' ? null : this.#server.tuned;
    this.#server = { name: 'lost', tuned, since: now };
    this.buffer.keepsUnread = false;
    this.#early = null;
  }

  /** The session is there again; `tuned` is the last answer to TUNE, null if there never was one. */
  serverBack(tuned: Tuned | null, now: Millis): readonly Order[] {
    const before = this.#server.name === 'unknown' ? null : this.#server.tuned;
    const known = tuned ?? before;
    if (known !== null) {
      // An answer from before the loss has been taken already.
      if (known !== before) this.#takeTuned(known, now);
      this.#server = { name: 'present', tuned: known };
      this.buffer.keepsUnread = true;
      this.#retryAt = now;
      this.#isFlowGone = true;
      this.#unansweredSince = null;
    }
    return this.advance(now);
  }

  takeGroup(batch: ReceivedBatch, now: Millis, path: number): readonly Order[] {
    this.#reception.take(batch, now, path);
    return this.advance(now);
  }

  takeParity(batch: ReceivedBatch, now: Millis): readonly Order[] {
    this.#reception.takeParity(batch, now);
    return this.advance(now);
  }

  takeShared(batch: ReceivedBatch, now: Millis): readonly Order[] {
    if (this.#reception.takeShared(batch, now)) this.#unansweredSince = null;
    return this.advance(now);
  }

  /** A retransmission to this receiver alone. `advance` has to follow; several can come before it. */
  takeOwn(datagram: Buffer, now: Millis): void {
    const fate = this.#reception.takeOwn(datagram, now);
    if (fate === 'refused') return;
    this.#unansweredSince = null;
    if (this.#early === null || (fate === 'taken' && this.#seeks === 0)) return;
    if (this.#early.length < MOST_EARLY) this.#early.push(datagram);
  }

  /** Delivers packets in order, and orders what is due. */
  advance(now: Millis): readonly Order[] {
    const reception = this.#reception;
    reception.canFetch = this.#server.name === 'present';
    reception.settle(now);
    if (now - this.#watchedAt >= WATCH_PERIOD) this.#watchForForgery(now);
    if (this.#server.name !== 'present') {
      this.#waitForServer(now);
      return this.#takeOrders();
    }
    reception.deadline = Millis(Math.max(this.#deadline, Math.min(LONGEST_DEADLINE, this.buffer.ahead * UNREAD_SHARE)));
    if (this.buffer.isFull && !reception.isStopped) this.#stop(now);
    if (this.#state.name === 'flow') this.#steer(this.#state.flow, now);
    else if (this.#state.name === 'stopped' && !this.buffer.isFull) this.#resume(now);
    else if (this.#state.name === 'group' && this.#options.patience !== undefined) this.#fetch(now);
    for (const { packets, copies } of reception.due(now)) {
      this.#unansweredSince ??= now;
      // A request is lost as often as an answer, and is smaller.
      const times = copies === 1 ? 1 : copies + 1;
      for (let i = 0; i < times; i++) this.#sendFeedback({ missing: packets, copies });
    }
    this.#reportIfDue(now);
    const since = this.#unansweredSince;
    if (since !== null && since !== this.#orderedFor && now - since >= this.#unhelpful) {
      this.#orderedFor = since;
      this.#orders.push({ type: 'unanswered' });
    }
    this.#checkIfDue(now);
    this.#rejoinIfSilent(now);
    return this.#takeOrders();
  }

  #takeOrders(): readonly Order[] {
    if (this.#orders.length === 0) return NO_ORDERS;
    const orders = this.#orders;
    this.#orders = [];
    return orders;
  }

  #newBuffer(): StreamBuffer {
    const buffer = this.#options.createBuffer();
    buffer.keepsUnread = this.#server.name === 'present';
    return buffer;
  }

  get #awaited(): number | null {
    return 'awaited' in this.#state ? this.#state.awaited : null;
  }

  #setAwaited(awaited: number | null): void {
    if ('awaited' in this.#state) this.#state.awaited = awaited;
  }

  /** Without a flow that is awaited no retransmission can be early. */
  #dropEarly(): void {
    if (this.#seeks === 0 && this.#awaited === null) this.#early = null;
  }

  #takeTuned(tuned: Tuned, now: Millis): void {
    const { roundTrip, members } = tuned;
    if (this.#server.name === 'lost') this.#server.tuned = tuned;
    else this.#server = { name: 'present', tuned };
    this.buffer.keepsUnread = true;
    this.#addPosition(tuned, now);
    this.#reception.nacks.addRoundTrip(roundTrip);
    this.#reports ??= new ReportSchedule(this.station.bitrate, this.#options.random, now);
    this.#reports.members = members;
  }

  #takeReplaying(replaying: Replaying, now: Millis): void {
    this.#addPosition(replaying, now);
    this.#oldest = Millis(replaying.oldest);
  }

  #addPosition({ next, serverTime, roundTrip }: Tuned | Replaying, now: Millis): void {
    this.addClock({ serverTime: Millis(serverTime), next: PacketNumber(next), roundTrip }, now);
  }

  /** Requests as a flow what the group has sent long before its packets of now. */
  #fetch(now: Millis): void {
    const reception = this.#reception;
    const isLong = reception.gap > Math.max(LONG_GAP, this.#rate * LONG_GAP_SECONDS);
    if (reception.next === null || !this.#mayRequest(now) || (!isLong && !reception.isBehind)) return;
    if (!reception.isBehind) reception.awaitGap();
    this.#requestFrom(reception.next);
  }

  /** Takes nothing more from the group, so that only what is missing is awaited. */
  finish(): void {
    this.#reception.finish();
  }

  /** After `finish`: whether nothing is missing any more. */
  get isComplete(): boolean {
    return this.#reception.isComplete;
  }

  /** Packets that are missing and can still come, about. */
  get missing(): number {
    return Math.max(this.#reception.nacks.missing, this.#reception.gap);
  }

  /** After `finish`: what has come is the stream, without what has not. */
  flush(now: Millis): void {
    this.#reception.flush(now);
  }

  /** Without the server a stream that needs it continues with the group, if that goes on. */
  #waitForServer(now: Millis): void {
    const server = this.#server;
    const isAlone = this.#state.name === 'waiting' || (this.#state.name === 'group' && !this.#reception.isBehind);
    if (server.name !== 'lost' || isAlone || this.buffer.isFull) return;
    // A server that has restarted is on the air before it is asked again: PATIENCE begins with its first packets.
    if (!this.#reception.numbers.isActive(now)) server.since = now;
    if (this.isLive || now - server.since >= (this.#options.patience ?? PATIENCE)) this.#goAlone(now);
  }

  /** Continues with the group alone. */
  #goAlone(now: Millis): void {
    if (this.isLive) {
      this.#endFlow(now);
      return;
    }
    this.buffer.unpinAll();
    this.#beginWithGroup(now);
    this.#reception.settle(now);
  }

  #endFlow(now: Millis): void {
    this.#reception.endFlow(now);
    this.#enter({ name: 'group', awaited: null });
  }

  #enter(state: State): void {
    this.#state = state;
    this.#dropEarly();
  }

  #beginWithGroup(now: Millis, buffer?: StreamBuffer): void {
    this.#reception.begin(null, this.#clock.at(now), now, buffer);
    this.#enter({ name: 'group', awaited: null });
  }

  #begin(flow: number, start: { from: number; time: number }, now: Millis, buffer?: StreamBuffer): void {
    const from = PacketNumber(start.from);
    this.#reception.begin(from, Millis(start.time), now, buffer);
    this.#follow(flow, from, now);
  }

  /** The flow begins; its packets that came early belong to the stream. */
  #follow(number: number, from: PacketNumber, now: Millis): void {
    this.#reception.expectFlow(from, now);
    const credit = PacketNumber(from + Math.ceil((this.#rate * FIRST_CREDIT) / 1000));
    const early = this.#early ?? [];
    this.#early = [];
    this.#enter({ name: 'flow', flow: new FlowCredit({ number, from, credit, rate: this.#rate }, now), awaited: null });
    this.#isFlowGone = false;
    if (early.length === 0) this.#unansweredSince ??= now;
    this.#reception.takeEarly(early, from, now);
  }

  /** Grants the flow credit; ends it when the group has been reached, and requests it again when it has stalled. */
  #steer(flow: FlowCredit, now: Millis): void {
    const { base, flow: position } = this.#reception;
    if (position === null || (base !== null && position + 1 >= base)) {
      this.#unansweredSince = null;
      this.#endFlow(now);
      return;
    }
    const wanted = base ?? PacketNumber(Math.max(flow.credit, this.#wanted()));
    if (flow.update(position, wanted, now)) {
      flow.grant(wanted, now);
      this.#sendFeedback();
    }
    const stalled = flow.stalledFor(now);
    if (base !== null && base - position <= LONGEST_TAIL && stalled >= TAIL_WAIT) {
      this.#endFlow(now);
    } else if ((stalled >= STALL_WAIT || this.#isFlowGone) && this.#mayRequest(now)) {
      this.#retryAt = Millis(now + RETRY);
      this.#unansweredSince ??= now;
      this.#requestFrom(PacketNumber(position + 1));
    }
  }

  /** The packet up to which the stream is wanted, not included: some seconds ahead of its reader. */
  #wanted(): PacketNumber {
    const missing = this.#speed * AHEAD - this.buffer.ahead;
    return PacketNumber((this.#reception.next ?? 0) + Math.max(0, Math.ceil((missing / 1000) * this.#rate)));
  }

  /** The buffer is full: the position of the stream is remembered, and nothing is taken. */
  #stop(now: Millis): void {
    const { next } = this.#reception;
    this.#reception.stop();
    if (this.#state.name === 'flow' && next !== null) {
      this.#state.flow.grant(next, now);
      this.#sendFeedback();
    }
    this.#enter({ name: 'stopped', awaited: this.#awaited });
  }

  #resume(now: Millis): void {
    const { next } = this.#reception;
    if (next !== null && this.#mayRequest(now)) this.#requestFrom(next);
  }

  #mayRequest(now: Millis): boolean {
    return this.#awaited === null && this.#seeks === 0 && now >= this.#retryAt;
  }

  #requestFrom(packet: PacketNumber): void {
    const flow = this.nextFlow();
    this.#setAwaited(flow);
    this.#isFlowGone = false;
    this.#orders.push({ type: 'replay', request: { flow, speed: this.#speed, from: { kind: 'packet', packet } } });
  }

  #reportIfDue(now: Millis): void {
    const report = this.#reports?.take(
      () => this.#reception.report(),
      () => this.#position(now),
      now,
    );
    if (report) this.#sendFeedback({ report });
  }

  /** Reports, once each, that others send to the group, and that there are two versions of a packet. */
  #watchForForgery(now: Millis): void {
    this.#watchedAt = now;
    const { stranger } = this.#reception;
    if (stranger !== null && !this.#said.has('stranger')) {
      this.#said.add('stranger');
      this.#orders.push({ type: 'report', error: strangerProblem(this.station, stranger) });
    }
    if (!this.#said.has('conflict') && this.#reception.report().conflicting > 0) {
      this.#said.add('conflict');
      this.#orders.push({ type: 'report', error: conflictProblem(this.station) });
    }
  }

  /** Asks whether the server is there, and where the station is. */
  #checkIfDue(now: Millis): void {
    const isSilent = this.#unansweredSince !== null && now - this.#unansweredSince >= UNANSWERED;
    const isInDoubt = this.#reception.isInDoubt && now - this.#checkedAt >= DOUBTED;
    if (!isSilent && !isInDoubt) return;
    this.#unansweredSince = null;
    this.#checkedAt = now;
    this.#orders.push({ type: 'check' });
  }

  #rejoinIfSilent(now: Millis): void {
    const { arrivedAt, anchored } = this.#reception.numbers;
    if (this.#joinedAt === null) return;
    const quietSince = Millis(Math.max(arrivedAt ?? 0, this.#joinedAt));
    const next = this.#silentGroup.look(quietSince, anchored?.at ?? null, now);
    if (next === 'ask') this.#orders.push({ type: 'check' });
    if (next !== 'join') return;
    this.#orders.push({ type: 'rejoin' });
    if (this.#said.has('silence')) return;
    this.#said.add('silence');
    this.#orders.push({ type: 'report', error: silenceProblem(this.station) });
  }

  #position(now: Millis): Position {
    const { ahead, newest } = this.buffer;
    const serverNow = this.#clock.at(now);
    const shown = newest === null ? null : ticksToMillis(newest) - ahead;
    const delay = Millis(serverNow === null || shown === null ? 0 : serverNow - shown);
    return { highest: this.#reception.numbers.highest ?? PacketNumber(0), buffer: ahead, delay };
  }

  #sendFeedback(content: Partial<Pick<Feedback, 'missing' | 'copies' | 'report'>> = {}): void {
    const state = this.#state;
    const flow = state.name === 'flow' ? { number: state.flow.number, credit: state.flow.credit } : null;
    const feedback = { sender: this.#ssrc, media: this.station.ssrc, missing: [], copies: 1, flow, report: null };
    this.#orders.push({ type: 'feedback', feedback: { ...feedback, ...content } });
  }
}
