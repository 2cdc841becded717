/** The viewer's half of the control protocol: commands and datagrams in, datagrams and outcomes out. No sockets, no timers. */
import { Problem } from '../base/problem.js';
import { type Millis, wrap } from '../base/units.js';
import {
  decodeMessage,
  encodeMessage,
  isReply,
  type Message,
  type MessageBody,
  message,
  NO_COOKIE,
  REQUEST_ID_MODULUS,
  type Reply,
  type Request,
  START_LENGTH,
} from '../wire/message.js';
import type { StationInfo } from '../wire/station-info.js';
import { PageCollector } from '../wire/station-pages.js';
import type { FlowRequest } from './flows.js';

/** Waits after the first, second, … sending of a request; after the last of them the server counts as silent. */
export const RETRY_WAITS: readonly Millis[] = [200, 400, 800, 1_600];
/** Leaving is only said twice: a server that does not hear it notices in 30 s. */
export const EXIT_WAITS: readonly Millis[] = [200, 400];
/** With a session and nothing else to say, the server hears from us so often. */
export const KEEP_ALIVE_PERIOD: Millis = 10_000;
/** While the server is lost it is called again so long after the last try. */
export const LOST_PERIOD: Millis = 1_000;
/** A path that changes our address with each datagram would make us answer challenges for ever. */
const MAX_CHALLENGES = 4;

interface Timed {
  /** From the first sending of the request to its answer: no more has passed since the server's time was taken. */
  roundTrip: Millis;
}

/** What the server said on tuning: the station, the number of the packet about to leave, its clock (Unix), the burst. */
export type Tuned = MessageBody<'tuned'> & Timed;

/** Where the replay begins. */
export type Replaying = MessageBody<'replaying'> & Timed;

/** What a viewer wants. */
export type Command =
  | { kind: 'stations' }
  | ({ kind: 'tune' | 'change' } & TuneRequest)
  | { kind: 'replay'; request: FlowRequest }
  | { kind: 'pause' | 'resume' | 'exit' };

export type TuneRequest = MessageBody<'tune'>;

export interface Outcomes {
  stations: StationInfo[];
  tune: Tuned;
  change: Tuned;
  replay: Replaying;
  pause: undefined;
  resume: undefined;
  exit: undefined;
}

export type Outcome = { ticket: number } & (
  | { ok: true; value: StationInfo[] | Tuned | Replaying | undefined }
  | { ok: false; problem: Problem }
);

/** What the server's clock was, within the time that its answer took. */
export type ClockAnswer = { serverTime: Millis } & Timed;

/**
 * `lost`: the server is silent or no longer has our station. `recovered`: it is back, and we are tuned again. `clock`: it
 * said what time it is.
 */
export type SessionEvent =
  | { kind: 'lost'; problem: Problem }
  | { kind: 'recovered'; tuned: Tuned | undefined }
  | ({ kind: 'clock' } & ClockAnswer);

/** What to do after a call. */
export interface Step {
  send: Buffer[];
  outcomes: Outcome[];
  events: SessionEvent[];
}

type Task = { command: Command | { kind: 'keepalive' }; ticket: number | undefined };

/** One request under way. */
interface Exchange {
  request: Request;
  sent: number;
  sentAt: Millis;
  firstSentAt: Millis;
  waits: readonly Millis[];
  challenges: number;
  /** The request is there to make the session anew: its success is not yet the command's. */
  restores: boolean;
}

/** The server answered, and said no. */
export class Refusal extends Problem {
  /** One of the protocol's error codes, or one that a later version of it has. */
  readonly reason: string;

  constructor({ code, message }: MessageBody<'error'>) {
    const isAboutStation = code === 'unknown-station' || code === 'off-air';
    super(isAboutStation ? 'station' : 'server', `The server refused: ${message}`, nextSteps[code] ?? nextStep);
    this.name = 'Refusal';
    this.reason = code;
  }
}

const nextStep = 'Ask for the list of stations again (msc list).';
const nextSteps: Record<string, string> = {
  busy: 'Try again later, or use another server.',
  'over-budget': 'Try again later, or have the server send more to single viewers (msc serve --help).',
  'too-early': 'Choose a later time.',
};

/** What a request is answered with, unless it is refused. */
const answerTo = (type: Request['type']): Reply['type'] => {
  if (type === 'tune' || type === 'change') return 'tuned';
  if (type === 'start') return 'stations';
  return type === 'replay' ? 'replaying' : 'ok';
};

/**
 * It is in charge of: one request after another, each repeated until it is answered; the cookie; keeping the session
 * alive; and making it anew, in the state in which it was, where the server has forgotten it.
 */
export class ClientState {
  readonly #name: string;
  readonly #keepAlivePeriod: Millis;
  #nextId: number;
  #cookie = NO_COOKIE;
  readonly #queue: Task[] = [];
  #task: Task | undefined;
  #exchange: Exchange | undefined;
  #pages = new PageCollector();
  /** What the session is to be like. */
  #station: string | undefined;
  #isPaused = false;
  #tuned: Tuned | undefined;
  #replaying: Replaying | undefined;
  #hasRestored = false;
  #isLost = false;
  #isClosed = false;
  #keepAliveAt: Millis = Number.POSITIVE_INFINITY;
  #step: Step = { send: [], outcomes: [], events: [] };

  /** `server` is what messages call it, `firstId` a random number of 32 bits. */
  constructor(options: { server: string; firstId: number; keepAlive?: Millis }) {
    const { server, firstId, keepAlive = KEEP_ALIVE_PERIOD } = options;
    this.#name = server;
    this.#keepAlivePeriod = keepAlive;
    this.#nextId = firstId;
  }

  /** When to call advance, or undefined for not until something else happens. */
  get wakeAt(): Millis | undefined {
    const exchange = this.#exchange;
    if (exchange !== undefined) return exchange.sentAt + exchange.waits[exchange.sent - 1];
    return Number.isFinite(this.#keepAliveAt) ? this.#keepAliveAt : undefined;
  }

  /** What the server knows us by: the newest that it gave; NO_COOKIE before the first. */
  get cookie(): Buffer {
    return this.#cookie;
  }

  /** Queues a command; its outcome bears the ticket. */
  command(command: Command, ticket: number, now: Millis): Step {
    this.#queue.push({ command, ticket });
    if (this.#task?.command.kind === 'keepalive') {
      // A command says more than a keep-alive does, and may have a server's silence to report: it goes first.
      this.#task = undefined;
      this.#exchange = undefined;
    }
    this.#begin(now);
    return this.#done();
  }

  advance(now: Millis): Step {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      if (now >= this.#keepAliveAt) {
        this.#queue.push({ command: { kind: 'keepalive' }, ticket: undefined });
        this.#begin(now);
      }
    } else if (now >= exchange.sentAt + exchange.waits[exchange.sent - 1]) {
      if (exchange.sent < exchange.waits.length) this.#send(now);
      else this.#giveUp(now);
    }
    return this.#done();
  }

  /** Asks whether the server is there and still knows us, where a session ought to be and nothing is under way. */
  check(now: Millis): Step {
    if (this.#exchange === undefined && this.#station !== undefined && !this.#isClosed) {
      this.#keepAliveAt = now;
      return this.advance(now);
    }
    return this.#done();
  }

  /** Takes a datagram that came from the server. */
  receive(datagram: Buffer, now: Millis): Step {
    const reply = decodeMessage(datagram);
    const exchange = this.#exchange;
    if (reply === null || !isReply(reply) || exchange?.request.requestId !== reply.requestId) return this.#done();
    if (reply.type === 'challenge') {
      // A cookie other than the one sent: once more, at once. The same again is a copy; the timer sees to the rest.
      if (!reply.cookie.equals(exchange.request.cookie) && exchange.challenges < MAX_CHALLENGES) {
        exchange.challenges++;
        this.#cookie = reply.cookie;
        exchange.request.cookie = reply.cookie;
        exchange.sent = 0;
        this.#send(now);
      }
      return this.#done();
    }
    this.#cookie = reply.cookie;
    this.#answered(exchange, reply, now);
    return this.#done();
  }

  #answered(exchange: Exchange, reply: Exclude<Reply, Message<'challenge'>>, now: Millis): void {
    const { request } = exchange;
    if (reply.type === 'stations') {
      if (request.type === 'start' && this.#pages.add(reply)) this.#listed(exchange, request, now);
      return;
    }
    if (request.type === 'start') return; // START is answered with pages only
    if (reply.type === 'error') {
      const canRestore = reply.body.code === 'no-session' && this.#station !== undefined && !this.#hasRestored;
      if (canRestore) this.#restore(now);
      else this.#fail(new Refusal(reply.body), now);
      return;
    }
    if (reply.type !== answerTo(request.type)) return;
    const roundTrip = now - exchange.firstSentAt;
    if (reply.type === 'tuned') {
      if (request.type !== 'tune' && request.type !== 'change') return;
      if (reply.body.station.id !== request.body.station) return;
      this.#tuned = { ...reply.body, roundTrip };
    } else if (reply.type === 'replaying') {
      if (request.type !== 'replay' || reply.body.flow !== request.body.flow) return;
      this.#replaying = { ...reply.body, roundTrip };
    } else if (reply.type === 'ok' && reply.body.serverTime !== undefined) {
      this.#step.events.push({ kind: 'clock', serverTime: reply.body.serverTime, roundTrip });
    }
    if (exchange.restores) this.#restored(exchange, now);
    else this.#succeed(now);
  }

  #listed(exchange: Exchange, request: Message<'start'>, now: Millis): void {
    if (this.#pages.isComplete) {
      this.#succeed(now);
    } else if (this.#pages.isAnswered(request.page)) {
      exchange.sent = 0;
      this.#send(now);
    }
  }

  /** The server has no session of ours: tune, pause if we were paused, and then what was wanted. */
  #restore(now: Millis): void {
    this.#hasRestored = true;
    const task = this.#task;
    if (task?.command.kind === 'exit') {
      this.#succeed(now);
      return;
    }
    const station = this.#station;
    if (station !== undefined) this.#exchangeFor(message('tune', this.#takeId(), { station }), now, true);
  }

  #restored(exchange: Exchange, now: Millis): void {
    if (exchange.request.type === 'tune' && this.#isPaused) {
      this.#exchangeFor(message('pause', this.#takeId(), {}), now, true);
      return;
    }
    const task = this.#task;
    if (task === undefined) return;
    if (task.command.kind === 'keepalive') this.#succeed(now);
    else this.#exchangeFor(this.#requestFor(task.command), now, false);
  }

  #succeed(now: Millis): void {
    const task = this.#task;
    if (task === undefined) return;
    const { command } = task;
    let value: StationInfo[] | Tuned | Replaying | undefined;
    switch (command.kind) {
      case 'stations':
        value = this.#pages.stations;
        break;
      case 'tune':
      case 'change':
        value = this.#tuned;
        this.#station = command.station;
        this.#isPaused = false;
        break;
      case 'replay':
        value = this.#replaying;
        break;
      case 'pause':
      case 'resume':
        this.#isPaused = command.kind === 'pause';
        break;
      case 'exit':
        this.#station = undefined;
        this.#isClosed = true;
        break;
      case 'keepalive':
        break;
    }
    if (task.ticket !== undefined) this.#step.outcomes.push({ ticket: task.ticket, ok: true, value });
    // The list is told without a session: only an answer within one shows that we are tuned.
    if (this.#isLost && command.kind !== 'stations') {
      this.#isLost = false;
      this.#step.events.push({ kind: 'recovered', tuned: this.#tuned });
    }
    this.#finish(now, this.#keepAlivePeriod);
  }

  #giveUp(now: Millis): void {
    if (this.#task?.command.kind === 'exit') {
      this.#succeed(now);
      return;
    }
    this.#fail(
      new Problem(
        'server',
        `The server ${this.#name} does not answer`,
        'Check that it runs and that no firewall stops UDP to it.',
      ),
      now,
      true,
    );
  }

  #fail(problem: Problem, now: Millis, isSilence = false): void {
    const task = this.#task;
    if (task === undefined) return;
    if (task.ticket !== undefined) this.#step.outcomes.push({ ticket: task.ticket, ok: false, problem });
    const isLoss = (isSilence || task.command.kind === 'keepalive') && this.#station !== undefined;
    if (isLoss && !this.#isLost) {
      this.#isLost = true;
      this.#step.events.push({ kind: 'lost', problem });
    }
    this.#finish(now, this.#isLost ? LOST_PERIOD : this.#keepAlivePeriod);
  }

  #finish(now: Millis, untilKeepAlive: Millis): void {
    this.#task = undefined;
    this.#exchange = undefined;
    this.#keepAliveAt =
      this.#station !== undefined && !this.#isClosed ? now + untilKeepAlive : Number.POSITIVE_INFINITY;
    this.#begin(now);
  }

  #begin(now: Millis): void {
    if (this.#task !== undefined) return;
    const task = this.#queue.shift();
    if (task === undefined) return;
    this.#task = task;
    this.#hasRestored = false;
    const { command } = task;
    if (command.kind === 'stations') this.#pages = new PageCollector();
    const request = command.kind === 'keepalive' ? message('keepalive', this.#takeId(), {}) : this.#requestFor(command);
    this.#exchangeFor(request, now, false);
  }

  #requestFor(command: Command): Request {
    const id = this.#takeId();
    switch (command.kind) {
      case 'stations':
        return message('start', id, {});
      case 'tune':
      case 'change':
        return message(command.kind, id, { station: command.station, burst: command.burst });
      case 'replay':
        return message('replay', id, command.request);
      default:
        return message(command.kind, id, {});
    }
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId = wrap(id + 1, REQUEST_ID_MODULUS);
    return id;
  }

  #exchangeFor(request: Request, now: Millis, restores: boolean): void {
    const waits = request.type === 'exit' ? EXIT_WAITS : RETRY_WAITS;
    this.#exchange = {
      request: { ...request, cookie: this.#cookie },
      sent: 0,
      sentAt: now,
      firstSentAt: now,
      waits,
      challenges: 0,
      restores,
    };
    this.#send(now);
  }

  #send(now: Millis): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const { request } = exchange;
    if (request.type === 'start') request.page = this.#pages.firstMissing;
    if (exchange.sent === 0) exchange.firstSentAt = now;
    exchange.sent++;
    exchange.sentAt = now;
    const minLength = request.type === 'start' && request.cookie.equals(NO_COOKIE) ? START_LENGTH : 0;
    this.#step.send.push(encodeMessage(request, { minLength }));
  }

  #done(): Step {
    const step = this.#step;
    this.#step = { send: [], outcomes: [], events: [] };
    return step;
  }
}
