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
import { AnswerWatch } from './answer-watch.js';
import { FlowCredit } from './flow-credit.js';
import { FlowRequests } from './flow-requests.js';
import { ForgeryWatch } from './forgery.js';
import { packetRate } from './group-numbers.js';
import type { ReceiverStats } from './receiver-stats.js';
import { type Position, ReportSchedule } from './report-schedule.js';
import { RtpReceiver } from './rtp-receiver.js';
import { SilentGroup, silenceProblem } from './silent-group.js';
import { SourceChoice, type Sources } from './source-choice.js';
import type { StreamBuffer } from './stream-buffer.js';
import { deadlineFor, deadlineWith, windowFor } from './stream-limits.js';
import { NO_ORDERS, type Order, Orders, type Target } from './stream-orders.js';
import type { StreamSequence } from './stream-sequence.js';

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

/** How far ahead of its reader a flow is requested, times its speed. */
const AHEAD = Millis(500);
/** A flow without packets for this time has lost its last ones… */
const TAIL_WAIT = Millis(150);
/** …and for this time is requested again. */
const STALL_WAIT = Millis(600);
/** Packets at the end of a flow that are requested one by one. */
const LONGEST_TAIL = 256;
/** How long a stream that is behind waits for a lost server while the group goes on: sessions ask again within 3 s. */
const PATIENCE = Millis(4_000);
/** Gaps of more packets than this, or of this many seconds of packets, are requested as a flow where there is patience. */
const LONG_GAP = 256;
const LONG_GAP_SECONDS = 0.5;
type State =
  /** Nothing begins before the server has answered TUNE or is given up; what the group sends is kept. */
  | { name: 'waiting' }
  | { name: 'group' }
  | { name: 'flow'; flow: FlowCredit }
  /** The buffer is full. */
  | { name: 'stopped' };

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
  readonly sequence: StreamSequence;
  readonly #options: StreamControllerOptions;
  readonly #deadline: Millis;
  /** Packets a second. */
  readonly #rate: number;
  readonly #speed: number;
  readonly #reception: RtpReceiver;
  readonly #clock = new ServerClock();
  readonly #orders: Orders;
  readonly #requests: FlowRequests;
  readonly #answers: AnswerWatch;
  readonly #choice = new SourceChoice();
  readonly #forgery: ForgeryWatch;
  #state: State = { name: 'waiting' };
  #server: ServerState = { name: 'unknown' };
  #reports: ReportSchedule | null = null;
  /** Another server, or the same one after a loss, has nothing of the flow yet. */
  #isFlowGone = false;
  readonly #silentGroup = new SilentGroup();
  #hasReportedSilence = false;
  #oldest: Millis | null = null;

  constructor(options: StreamControllerOptions) {
    const { station, deadline, patience, paths, latency, random } = options;
    this.#options = options;
    this.station = station;
    this.#deadline = deadline ?? patience ?? deadlineFor(latency);
    this.#rate = packetRate(station);
    this.#speed = Math.min(options.speed, greatestFlowSpeed(this.#rate));
    this.#orders = new Orders(station.ssrc, random);
    this.#requests = new FlowRequests(random);
    this.#answers = new AnswerWatch(latency);
    this.#forgery = new ForgeryWatch(station);
    // Until a server has answered, nothing can be repaired.
    const reorder = { deadline: deadline ?? deadlineFor(latency), window: windowFor(this.#rate, patience) };
    this.#reception = new RtpReceiver({
      ...{ station, reorder, paths, latency, random, waits: true },
      ...{ buffer: this.#newBuffer(), clock: this.#clock, isPatient: patience !== undefined },
    });
    this.sequence = this.#reception.sequence;
  }

  /** The stream that goes on; `begun` and `goLive` replace it. */
  get buffer(): StreamBuffer {
    return this.sequence.buffer;
  }

  /** Whether the group feeds the stream. */
  get isLive(): boolean {
    return this.sequence.base !== null;
  }

  /** How far back the station reaches; null while unknown. */
  get oldest(): Millis | null {
    return this.#oldest;
  }

  /** When `advance` has to be called for requests. All else is done in time if it is called once a second. */
  get wakeAt(): Millis {
    return this.#server.name === 'present' ? this.sequence.wakeAt : Millis(Number.POSITIVE_INFINITY);
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
    this.#choice.reset();
  }

  /** The addresses whose packets count, on one of the interfaces; null: any. */
  setSources(path: number, addresses: readonly string[] | null): void {
    this.#reception.setSources(path, addresses);
  }

  /** Whose packets count now, and whose the group is to be joined for, which once changed stays so with the same servers. */
  sources(now: Millis, joined: Sources): { believes: Sources; joins: Sources } {
    const { arrivedAt } = this.#reception.numbers;
    return this.#choice.choose({ joined, arrivedAt, isServerPresent: this.#server.name === 'present' }, now);
  }

  /** A number for a flow about to be requested; its packets are kept until the answer. */
  nextFlow(): number {
    return this.#requests.next();
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
    return { flow: this.#requests.seek(), speed: this.#speed, from: target };
  }

  /** The flow of a seek begins: the buffer is another from now on. */
  begun(answer: Replaying, now: Millis): readonly Order[] {
    this.#requests.endSeek();
    this.#takeReplaying(answer, now);
    this.#begin(answer.flow, answer, now, this.#newBuffer());
    return this.advance(now);
  }

  /** A seek was refused or not answered: the stream goes on. */
  failed(): void {
    this.#requests.endSeek();
    this.#requests.dropEarly();
  }

  /** Begins a stream of its own with the next packets of the group. */
  goLive(now: Millis): readonly Order[] {
    this.#beginWithGroup(now, this.#newBuffer());
    return this.advance(now);
  }

  /** The answer to a replay order. */
  replaying(answer: Replaying, now: Millis): readonly Order[] {
    this.#takeReplaying(answer, now);
    if (answer.flow !== this.#requests.awaited) return NO_ORDERS;
    this.sequence.resume();
    this.#follow(answer.flow, PacketNumber(answer.from), now);
    return this.advance(now);
  }

  /** A replay order was refused (a Refusal) or not answered. */
  refused(flow: number, error: unknown, now: Millis): readonly Order[] {
    if (flow !== this.#requests.awaited) return NO_ORDERS;
    this.#requests.forget();
    this.#requests.pause(now);
    if (this.#state.name === 'group' && this.isLive) {
      // What the server has no longer is lost. For other reasons it is asked again.
      this.sequence.failGap(!(error instanceof Refusal && error.reason === 'too-early'), now);
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
    this.#requests.serverLost();
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
      this.#requests.retry(now);
      this.#isFlowGone = true;
      this.#answers.answered();
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
    if (this.#reception.takeShared(batch, now)) this.#answers.answered();
    return this.advance(now);
  }

  /** A retransmission to this receiver alone. `advance` has to follow; several can come before it. */
  takeOwn(datagram: Buffer, now: Millis): void {
    const fate = this.#reception.takeOwn(datagram, now);
    if (fate === 'refused') return;
    this.#answers.answered();
    if (fate === 'far' || this.#requests.isSeeking) this.#requests.keepEarly(datagram);
  }

  /** Delivers packets in order, and orders what is due. */
  advance(now: Millis): readonly Order[] {
    const { sequence } = this;
    sequence.canFetch = this.#server.name === 'present';
    sequence.settle(now);
    if (this.#forgery.isDue(now)) this.#watchForForgery(now);
    if (this.#server.name !== 'present') {
      this.#waitForServer(now);
      return this.#orders.take();
    }
    sequence.deadline = deadlineWith(this.#deadline, this.buffer.ahead);
    if (this.buffer.isFull && !sequence.isStopped) this.#stop(now);
    if (this.#state.name === 'flow') this.#steer(this.#state.flow, now);
    else if (this.#state.name === 'stopped' && !this.buffer.isFull) this.#resume(now);
    else if (this.#state.name === 'group' && this.#options.patience !== undefined) this.#fetch(now);
    for (const { packets, copies } of sequence.due(now)) {
      this.#answers.asked(now);
      // A request is lost as often as an answer, and is smaller.
      const times = copies === 1 ? 1 : copies + 1;
      for (let i = 0; i < times; i++) this.#orders.sendFeedback(this.#credit, { missing: packets, copies });
    }
    this.#reportIfDue(now);
    if (this.#answers.takeTurn(now)) this.#orders.push({ type: 'unanswered' });
    if (this.#answers.takeQuestion(this.#reception.isInDoubt, now)) this.#orders.push({ type: 'check' });
    this.#rejoinIfSilent(now);
    return this.#orders.take();
  }

  #newBuffer(): StreamBuffer {
    const buffer = this.#options.createBuffer();
    buffer.keepsUnread = this.#server.name === 'present';
    return buffer;
  }

  #takeTuned(tuned: Tuned, now: Millis): void {
    const { roundTrip, members } = tuned;
    if (this.#server.name === 'lost') this.#server.tuned = tuned;
    else this.#server = { name: 'present', tuned };
    this.buffer.keepsUnread = true;
    this.#addPosition(tuned, now);
    this.sequence.nacks.addRoundTrip(roundTrip);
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
    const { sequence } = this;
    const isLong = sequence.gap > Math.max(LONG_GAP, this.#rate * LONG_GAP_SECONDS);
    if (sequence.next === null || !this.#requests.mayRequest(now) || (!isLong && !sequence.isBehind)) return;
    if (!sequence.isBehind) sequence.awaitGap();
    this.#requestFrom(sequence.next);
  }

  /** Without the server a stream that needs it continues with the group, if that goes on. */
  #waitForServer(now: Millis): void {
    const server = this.#server;
    const isAlone = this.#state.name === 'waiting' || (this.#state.name === 'group' && !this.sequence.isBehind);
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
    this.sequence.settle(now);
  }

  #endFlow(now: Millis): void {
    this.sequence.endFlow(now);
    this.#enterGroup();
  }

  #enterGroup(): void {
    this.#state = { name: 'group' };
    this.#requests.forget();
  }

  #beginWithGroup(now: Millis, buffer?: StreamBuffer): void {
    this.#reception.begin(null, this.#clock.at(now), now, buffer);
    this.#enterGroup();
  }

  #begin(flow: number, start: { from: number; time: number }, now: Millis, buffer?: StreamBuffer): void {
    const from = PacketNumber(start.from);
    this.#reception.begin(from, Millis(start.time), now, buffer);
    this.#follow(flow, from, now);
  }

  /** The flow begins; its packets that came early belong to the stream. */
  #follow(number: number, from: PacketNumber, now: Millis): void {
    this.sequence.expectFlow(from, now);
    const credit = PacketNumber(from + Math.ceil((this.#rate * FIRST_CREDIT) / 1000));
    this.#state = { name: 'flow', flow: new FlowCredit({ number, from, credit, rate: this.#rate }, now) };
    const early = this.#requests.takeEarly();
    this.#isFlowGone = false;
    if (early.length === 0) this.#answers.asked(now);
    this.#reception.takeEarly(early, from, now);
  }

  /** Grants the flow credit; ends it when the group has been reached, and requests it again when it has stalled. */
  #steer(flow: FlowCredit, now: Millis): void {
    const { base, flow: position } = this.sequence;
    if (position === null || (base !== null && position + 1 >= base)) {
      this.#answers.answered();
      this.#endFlow(now);
      return;
    }
    const wanted = base ?? PacketNumber(Math.max(flow.credit, this.#wanted()));
    if (flow.update(position, wanted, now)) {
      flow.grant(wanted, now);
      this.#orders.sendFeedback(this.#credit);
    }
    const stalled = flow.stalledFor(now);
    if (base !== null && base - position <= LONGEST_TAIL && stalled >= TAIL_WAIT) {
      this.#endFlow(now);
    } else if ((stalled >= STALL_WAIT || this.#isFlowGone) && this.#requests.mayRequest(now)) {
      this.#requests.pause(now);
      this.#answers.asked(now);
      this.#requestFrom(PacketNumber(position + 1));
    }
  }

  /** The packet up to which the stream is wanted, not included: some seconds ahead of its reader. */
  #wanted(): PacketNumber {
    const missing = this.#speed * AHEAD - this.buffer.ahead;
    return PacketNumber((this.sequence.next ?? 0) + Math.max(0, Math.ceil((missing / 1000) * this.#rate)));
  }

  /** The buffer is full: the position of the stream is remembered, and nothing is taken. */
  #stop(now: Millis): void {
    const { next } = this.sequence;
    this.sequence.stop();
    if (this.#state.name === 'flow' && next !== null) {
      this.#state.flow.grant(next, now);
      this.#orders.sendFeedback(this.#credit);
    }
    this.#state = { name: 'stopped' };
    this.#requests.dropEarly();
  }

  #resume(now: Millis): void {
    const { next } = this.sequence;
    if (next !== null && this.#requests.mayRequest(now)) this.#requestFrom(next);
  }

  #requestFrom(packet: PacketNumber): void {
    const flow = this.#requests.await();
    this.#isFlowGone = false;
    this.#orders.push({ type: 'replay', request: { flow, speed: this.#speed, from: { kind: 'packet', packet } } });
  }

  #reportIfDue(now: Millis): void {
    const report = this.#reports?.take(
      () => this.#reception.report(),
      () => this.#position(now),
      now,
    );
    if (report) this.#orders.sendFeedback(this.#credit, { report });
  }

  #watchForForgery(now: Millis): void {
    const signs = { stranger: this.#reception.stranger, conflicting: this.sequence.conflicting };
    for (const error of this.#forgery.look(signs, now)) this.#orders.push({ type: 'report', error });
  }

  #rejoinIfSilent(now: Millis): void {
    const { arrivedAt, anchored } = this.#reception.numbers;
    const quietSince = this.#choice.quietSince(arrivedAt);
    if (quietSince === null) return;
    const next = this.#silentGroup.look(quietSince, anchored?.at ?? null, now);
    if (next === 'ask') this.#orders.push({ type: 'check' });
    if (next !== 'join') return;
    this.#orders.push({ type: 'rejoin' });
    if (this.#hasReportedSilence) return;
    this.#hasReportedSilence = true;
    this.#orders.push({ type: 'report', error: silenceProblem(this.station) });
  }

  #position(now: Millis): Position {
    const { ahead, newest } = this.buffer;
    const serverNow = this.#clock.at(now);
    const shown = newest === null ? null : ticksToMillis(newest) - ahead;
    const delay = Millis(serverNow === null || shown === null ? 0 : serverNow - shown);
    return { highest: this.#reception.numbers.highest ?? PacketNumber(0), buffer: ahead, delay };
  }

  /** The credit of the flow that feeds the stream; null without one. */
  get #credit(): Feedback['flow'] {
    const state = this.#state;
    return state.name === 'flow' ? { number: state.flow.number, credit: state.flow.credit } : null;
  }
}
