/**
 * The client's half of the control protocol: commands and datagrams in, datagrams and outcomes out. No sockets, no
 * timers.
 */
import { Problem } from '../base/problem.js';
import type { SocketAddress } from '../base/socket-address.js';
import { Millis, PacketNumber, wrap } from '../base/units.js';
import { mismatchProblem } from '../discovery/mismatch.js';
import {
  isReply,
  type Message,
  type MessageBody,
  message,
  NO_COOKIE,
  REQUEST_ID_MODULUS,
  type Reply,
  type Request,
} from '../wire/message.js';
import { type MessageKey, Seals } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import { Exchange } from './exchange.js';
import type { FlowRequest } from './flows.js';
import { Refusal } from './refusal.js';

/** Longest silence of the client in a session. */
export const KEEP_ALIVE_PERIOD = Millis(10_000);
/** Wait between two tries to reach a lost server. */
export const LOST_PERIOD = Millis(1_000);

interface Timed {
  /** From the first sending of the request to its answer: no more has passed since the server took its time. */
  roundTrip: Millis;
}

/** The answer to tuning: the station, the number of the packet about to leave, the server's clock (Unix), the burst. */
export type Tuned = MessageBody<'tuned'> & Timed;

/** Where the replay begins. */
export type Replaying = MessageBody<'replaying'> & Timed;

/** A viewer's command. */
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

type Value = Outcomes[keyof Outcomes];

export type Outcome = { ticket: number } & ({ ok: true; value: Value } | { ok: false; problem: Problem });

/** The server's clock, as it was within the time that the answer took, and the station's packet about to leave then. */
export type ClockAnswer = { serverTime: Millis; next?: PacketNumber } & Timed;

/**
 * `lost`: the server is silent or no longer has our station. `recovered`: it is back, and we are tuned again. `clock`: it
 * sent its time.
 */
export type SessionEvent =
  | { kind: 'lost'; problem: Problem }
  | { kind: 'recovered'; tuned: Tuned }
  | ({ kind: 'clock' } & ClockAnswer);

/** What to do after a call. */
export interface Step {
  send: Buffer[];
  outcomes: Outcome[];
  events: SessionEvent[];
}

interface TunedSession {
  readonly kind: 'tuned' | 'lost';
  readonly station: string;
  readonly isPaused: boolean;
  readonly tuned: Tuned;
}

type SessionState = { readonly kind: 'none' | 'closed' } | TunedSession;

interface Task {
  readonly command: Command | { kind: 'keepalive' };
  /** Of a command. */
  readonly ticket?: number;
}

/** The current request: a task's own, or one that restores the session before it. */
type Work =
  | { readonly kind: 'idle'; readonly keepAliveAt: Millis }
  | { readonly kind: 'asking'; readonly task: Task; readonly exchange: Exchange; readonly hasRestored: boolean }
  | { readonly kind: 'restoring'; readonly task: Task; readonly exchange: Exchange };

/** Without a session: no keep-alive. */
const NEVER = Millis(Number.POSITIVE_INFINITY);
const idle = (keepAliveAt: Millis): Work => ({ kind: 'idle', keepAliveAt });

/** The type of the answer to a request that is not refused. */
const answerTo = (type: Request['type']): Reply['type'] => {
  if (type === 'tune' || type === 'change') return 'tuned';
  if (type === 'start') return 'stations';
  return type === 'replay' ? 'replaying' : 'ok';
};

/**
 * The session as it should be on the server; EXIT closes it in any state:
 *
 *     ┌──────┐   tuned   ┌───────┐  silence, or a keep-alive is refused   ┌──────┐
 *     │ none ├──────────►│ tuned ├───────────────────────────────────────►│ lost │
 *     └──────┘           └───────┘◄───────────────────────────────────────┴──────┘
 *                                   an answer within the session
 *
 * The request under way:
 *
 *     ┌──────┐  command, keep-alive is due   ┌────────┐  no-session   ┌───────────┐
 *     │ idle ├──────────────────────────────►│ asking ├──────────────►│ restoring │
 *     │      │◄──────────────────────────────┤        │◄──────────────┤           │
 *     └──▲───┘  answered, refused, silence   └────────┘   restored    └─────┬─────┘
 *        └──────────────────────────────────────────────────────────────────┘
 *                                refused, silence
 *
 * Responsible for: one request after another; the cookie; believing only those who have our key; keeping the session alive;
 * making it again as it was, where the server has forgotten it.
 */
export class ClientState {
  readonly #server: SocketAddress;
  readonly #seals: Seals;
  readonly #keepAlivePeriod: Millis;
  #nextId: number;
  #cookie = NO_COOKIE;
  readonly #queue: Task[] = [];
  #session: SessionState = { kind: 'none' };
  #work: Work = idle(NEVER);
  #step: Step = { send: [], outcomes: [], events: [] };

  /** `firstId` is a random number of 32 bits. With a key, only sealed replies of the server are believed. */
  constructor(options: { server: SocketAddress; firstId: number; keepAlive?: Millis; key?: MessageKey }) {
    const { server, firstId, keepAlive = KEEP_ALIVE_PERIOD, key = null } = options;
    this.#server = server;
    this.#seals = new Seals(key);
    this.#keepAlivePeriod = keepAlive;
    this.#nextId = firstId;
  }

  /** Time of the next `advance`; undefined while nothing is due. */
  get wakeAt(): Millis | undefined {
    const work = this.#work;
    if (work.kind !== 'idle') return work.exchange.wakeAt;
    return Number.isFinite(work.keepAliveAt) ? work.keepAliveAt : undefined;
  }

  /** The newest cookie that the server gave us; NO_COOKIE before the first. */
  get cookie(): Buffer {
    return this.#cookie;
  }

  /** Queues a command; its outcome carries the ticket. */
  command(command: Command, ticket: number, now: Millis): Step {
    this.#queue.push({ command, ticket });
    const work = this.#work;
    // A command takes precedence over a keep-alive: its caller waits for it.
    if (work.kind !== 'idle' && work.task.command.kind === 'keepalive') this.#work = idle(NEVER);
    this.#begin(now);
    return this.#done();
  }

  advance(now: Millis): Step {
    const work = this.#work;
    if (work.kind === 'idle') {
      if (now >= work.keepAliveAt) {
        this.#queue.push({ command: { kind: 'keepalive' } });
        this.#begin(now);
      }
    } else if (now >= work.exchange.wakeAt) {
      if (work.exchange.isExhausted) this.#giveUp(work, now);
      else this.#step.send.push(work.exchange.send(now));
    }
    return this.#done();
  }

  /** Sends a keep-alive now, if there should be a session and no request is under way. */
  check(now: Millis): Step {
    if (this.#work.kind !== 'idle' || this.#tuning === null) return this.#done();
    this.#work = idle(now);
    return this.advance(now);
  }

  /** Our address has changed: the request under way is sent again, or a keep-alive, so that the server knows the new one. */
  moved(now: Millis): Step {
    const work = this.#work;
    if (work.kind === 'idle') return this.check(now);
    const exchange = this.#exchange(work.exchange.request, now);
    this.#work = { ...work, exchange };
    return this.#done();
  }

  /** Takes a datagram that came from the server. */
  receive(datagram: Buffer, now: Millis): Step {
    const work = this.#work;
    if (work.kind === 'idle') return this.#done();
    const { requestId } = work.exchange.request;
    const reading = this.#seals.read(datagram, this.#server);
    if (reading?.kind === 'foreign' && reading.requestId === requestId) work.exchange.mismatch = reading.mismatch;
    if (reading?.kind !== 'message') return this.#done();
    const reply = reading.message;
    if (!isReply(reply) || reply.requestId !== requestId) return this.#done();
    if (reply.type === 'challenge') {
      const again = work.exchange.sendWith(reply.cookie, now);
      if (again === null) return this.#done();
      this.#cookie = reply.cookie;
      this.#step.send.push(again);
      return this.#done();
    }
    this.#cookie = reply.cookie;
    this.#onReply(work, reply, now);
    return this.#done();
  }

  #onReply(work: Exclude<Work, { kind: 'idle' }>, reply: Exclude<Reply, Message<'challenge'>>, now: Millis): void {
    const { task, exchange } = work;
    const { request } = exchange;
    const tuning = this.#tuning;
    if (request.type === 'start') {
      if (reply.type === 'stations' && exchange.pages.add(reply)) this.#onPage(task, exchange, request, now);
      return;
    }
    if (reply.type === 'error') {
      const canRestore = reply.body.code === 'no-session' && work.kind === 'asking' && !work.hasRestored;
      if (canRestore && tuning !== null) this.#restore(task, tuning.station, now);
      else this.#fail(task, new Refusal(reply.body), now);
      return;
    }
    if (reply.type !== answerTo(request.type)) return;
    const roundTrip = exchange.roundTrip(now);
    let value: Tuned | Replaying | undefined;
    if (reply.type === 'tuned') {
      if (request.type !== 'tune' && request.type !== 'change') return;
      if (reply.body.station.id !== request.body.station) return;
      value = { ...reply.body, roundTrip };
      if (work.kind === 'restoring' && tuning !== null) this.#session = { ...tuning, tuned: value };
    } else if (reply.type === 'replaying') {
      if (request.type !== 'replay' || reply.body.flow !== request.body.flow) return;
      value = { ...reply.body, roundTrip };
    } else if (reply.type === 'ok' && reply.body.serverTime !== undefined) {
      const { serverTime, next } = reply.body;
      const position = next === undefined ? {} : { next: PacketNumber(next) };
      this.#step.events.push({ kind: 'clock', serverTime: Millis(serverTime), ...position, roundTrip });
    }
    if (work.kind === 'restoring') this.#onRestored(task, request, now);
    else this.#succeed(task, value, now);
  }

  #onPage(task: Task, exchange: Exchange, request: Message<'start'>, now: Millis): void {
    const { pages } = exchange;
    if (pages.isComplete) this.#succeed(task, pages.stations, now);
    else if (pages.isAnswered(request.page)) this.#step.send.push(exchange.sendNext(now));
  }

  /** The server has forgotten the session: tunes, pauses if it was paused, and then repeats the request. */
  #restore(task: Task, station: string, now: Millis): void {
    if (task.command.kind === 'exit') this.#succeed(task, undefined, now);
    else this.#askToRestore(task, message('tune', this.#takeId(), { station }), now);
  }

  #onRestored(task: Task, request: Request, now: Millis): void {
    if (request.type === 'tune' && this.#tuning?.isPaused) {
      this.#askToRestore(task, message('pause', this.#takeId(), {}), now);
    } else if (task.command.kind === 'keepalive') this.#succeed(task, undefined, now);
    else this.#ask(task, true, now);
  }

  #succeed({ command, ticket }: Task, value: Value, now: Millis): void {
    const before = this.#session.kind;
    const tuning = this.#tuning;
    if (command.kind === 'exit') this.#session = { kind: 'closed' };
    else if (command.kind === 'tune' || command.kind === 'change') {
      this.#session = { kind: 'tuned', station: command.station, isPaused: false, tuned: value as Tuned };
    } else if (tuning !== null && command.kind !== 'stations') {
      // The list needs no session: only an answer within one shows that it exists.
      const isPaused = command.kind === 'pause' || (command.kind !== 'resume' && tuning.isPaused);
      this.#session = { ...tuning, kind: 'tuned', isPaused };
    }
    if (ticket !== undefined) this.#step.outcomes.push({ ticket, ok: true, value });
    if (before === 'lost' && this.#session.kind === 'tuned') {
      this.#step.events.push({ kind: 'recovered', tuned: this.#session.tuned });
    }
    this.#finish(now, this.#keepAlivePeriod);
  }

  #giveUp({ task, exchange }: { task: Task; exchange: Exchange }, now: Millis): void {
    if (task.command.kind === 'exit') {
      this.#succeed(task, undefined, now);
      return;
    }
    const name = `${this.#server.address}:${this.#server.port}`;
    const next = 'Check that it runs and that no firewall stops UDP to it.';
    const silence = new Problem('server', `The server ${name} does not answer`, next);
    this.#fail(task, exchange.mismatch === null ? silence : mismatchProblem(name, exchange.mismatch), now, true);
  }

  #fail({ command, ticket }: Task, problem: Problem, now: Millis, isSilence = false): void {
    if (ticket !== undefined) this.#step.outcomes.push({ ticket, ok: false, problem });
    if (this.#session.kind === 'tuned' && (isSilence || command.kind === 'keepalive')) {
      this.#session = { ...this.#session, kind: 'lost' };
      this.#step.events.push({ kind: 'lost', problem });
    }
    this.#finish(now, this.#session.kind === 'lost' ? LOST_PERIOD : this.#keepAlivePeriod);
  }

  #finish(now: Millis, untilKeepAlive: Millis): void {
    this.#work = idle(this.#tuning === null ? NEVER : Millis(now + untilKeepAlive));
    this.#begin(now);
  }

  #begin(now: Millis): void {
    if (this.#work.kind !== 'idle') return;
    const task = this.#queue.shift();
    if (task !== undefined) this.#ask(task, false, now);
  }

  #ask(task: Task, hasRestored: boolean, now: Millis): void {
    const exchange = this.#exchange(this.#requestFor(task.command), now);
    this.#work = { kind: 'asking', task, exchange, hasRestored };
  }

  #askToRestore(task: Task, request: Request, now: Millis): void {
    this.#work = { kind: 'restoring', task, exchange: this.#exchange(request, now) };
  }

  #exchange(request: Request, now: Millis): Exchange {
    const exchange = new Exchange({ ...request, cookie: this.#cookie }, now, (sent, options) =>
      this.#seals.encode(sent, this.#server, options),
    );
    this.#step.send.push(exchange.send(now));
    return exchange;
  }

  #requestFor(command: Task['command']): Request {
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

  /** The session that the server should have; null while there is none. */
  get #tuning(): TunedSession | null {
    const session = this.#session;
    return session.kind === 'tuned' || session.kind === 'lost' ? session : null;
  }

  #done(): Step {
    const step = this.#step;
    this.#step = { send: [], outcomes: [], events: [] };
    return step;
  }
}
