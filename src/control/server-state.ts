/** The server's half of the control protocol: datagrams in, datagrams out. No sockets, no timers. */

import type { Party } from '../base/fair-shares.js';
import { type SocketAddress, socketKey } from '../base/socket-address.js';
import { Millis, type PacketNumber, wrappedDistance } from '../base/units.js';
import type { ReceiverSession } from '../contract/api.js';
import {
  type AnyMessage,
  type ErrorCode,
  errorCodes,
  isRequest,
  type Message,
  message,
  NO_COOKIE,
  REQUEST_ID_MODULUS,
  type Reply,
  type Request,
  readRequestHeader,
} from '../wire/message.js';
import { type MessageKey, Seals } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import { checkCookie, goodUntil } from './cookie.js';
import type { Flows } from './flows.js';
import { SessionTable } from './session-table.js';
import { StationList } from './station-list.js';
import { FEEDBACK_STEPS, FLOW_STEPS, PACKET_STEPS, REQUEST_STEPS, SEAL_STEPS, workload } from './workload.js';

/** Longest silence of a session. Clients send a keep-alive every 10 s, so two may get lost. */
export const SESSION_TIMEOUT = Millis(30_000);
/** Until a client has returned a cookie, no reply is longer than this times its request. */
export const AMPLIFICATION_LIMIT = 3;
/** Requests at most this far behind the latest are delayed copies; others come from a new client. */
const STALE_REQUESTS = 64;

/** The stations as the protocol needs them. */
export interface StationDirectory {
  stations(): readonly StationInfo[];
  /** The packet about to leave and the server's clock (Unix epoch); undefined while the station sends nothing. */
  position(id: string): { next: PacketNumber; time: Millis } | undefined;
}

export interface ServerStateOptions {
  /** For people. */
  server: string;
  controlPort: number;
  directory: StationDirectory;
  flows: Flows;
  /** 32 random bytes, new in each process. */
  secret: Buffer;
  /** With it, only requests that are sealed with the same key are answered, and all replies are sealed. */
  key?: MessageKey;
}

/** Greatest speed of a burst, as a multiple of its station's. */
export const BURST_SPEED = 10;

interface SessionRecord extends Omit<ReceiverSession, 'state'> {
  /** Of its address and port. */
  readonly key: string;
  /** A session that has left stays until it expires, so that late copies of its requests do not restore it. */
  state: 'playing' | 'paused' | 'left';
  lastRequest: number;
  /** The answer to lastRequest. */
  lastReply: Reply;
  /** Cookie of the latest feedback, and the time until which it need not be checked again. */
  cookie: Buffer;
  cookieUntil: Millis;
}

/** The sessions of a station: all of them, and those of each address. */
interface Members {
  sessions: number;
  readonly addresses: Map<string, number>;
}

/** Totals since the process began. */
export interface ControlCounters {
  received: number;
  /** Not a message, or not a request. */
  malformed: number;
  /** With a valid cookie and without our seal: dropped. */
  foreign: number;
  /** Answered with CHALLENGE: no valid cookie. */
  challenged: number;
  /** Late copies of earlier requests: dropped. */
  stale: number;
  /** The latest request again: answered as before. */
  repeated: number;
  /** Dropped with a good cookie: their client causes more work than its share. */
  excess: number;
  /** Answered with ERROR. */
  refused: number;
  /** Sessions begun, left by EXIT, ended by silence, and ended for others in a full table. */
  begun: number;
  left: number;
  expired: number;
  displaced: number;
}

/**
 * A session on the server, which 30 s of silence end in any state:
 *
 *     ┌──────┐   TUNE   ┌─────────┐          PAUSE           ┌────────┐
 *     │ none ├─────────►│ playing ├─────────────────────────►│ paused │
 *     └──────┘          │         │◄─────────────────────────┤        │
 *                       └─┬─────▲─┘  RESUME, TUNE, CHANGE    └───┬────┘
 *                    EXIT │     │ TUNE                           │ EXIT
 *                       ┌─▼─────┴─┐                              │
 *                       │  left   │◄─────────────────────────────┘
 *                       └─────────┘
 *
 * Responsible for:
 * - telling clients from forged addresses by cookie: a request without a valid one costs reading its header and no more
 * - a fair share of the work for each client that has one
 * - answering only those who have our key, if we have one
 * - sessions and their ends
 * - answering a repeated request as before
 * - the counters
 */
export class ServerState {
  readonly counters: ControlCounters = {
    received: 0,
    malformed: 0,
    foreign: 0,
    challenged: 0,
    stale: 0,
    repeated: 0,
    excess: 0,
    refused: 0,
    begun: 0,
    left: 0,
    expired: 0,
    displaced: 0,
  };
  readonly #options: ServerStateOptions;
  readonly #sessions = new SessionTable<SessionRecord>((session) => {
    if (session.state !== 'left') this.#leaveStation(session);
    this.counters.displaced++;
  });
  readonly #members = new Map<string, Members>();
  readonly #list: StationList;
  readonly #work = workload();
  readonly #seals: Seals;

  constructor(options: ServerStateOptions) {
    if (options.secret.length < 16) throw new RangeError('The secret needs 16 bytes or more');
    const { server, controlPort, directory, key = null } = options;
    this.#options = options;
    this.#seals = new Seals(key);
    const isSealed = key !== null;
    this.#list = new StationList({ server, controlPort, isSealed, stations: () => directory.stations() });
  }

  /**
   * Replies to a datagram; none for one that is malformed, foreign or stale. `now` is Unix time, `at` the control socket
   * that the replies leave from.
   */
  handle(datagram: Buffer, from: SocketAddress, now: Millis, at: SocketAddress): Buffer[] {
    this.counters.received++;
    const header = readRequestHeader(datagram);
    if (header === null) return this.#malformed();
    // A request may come from a forged address, at any rate: its body is not read yet.
    const { isGood, newest } = checkCookie(this.#options.secret, from, now, header.cookie);
    if (!isGood) {
      const limit = datagram.length * AMPLIFICATION_LIMIT;
      const challenge = this.#list.challenge(header.requestId, newest, limit, now);
      if (challenge === null) return [];
      this.counters.challenged++;
      this.#seals.seal(challenge, at);
      return [challenge];
    }
    if (!this.#mayCause(REQUEST_STEPS, { address: from.address, key: socketKey(from) }, now)) return [];
    const reading = this.#seals.read(datagram, at);
    if (reading?.kind === 'foreign') {
      this.counters.foreign++;
      return [];
    }
    if (reading === null || !isRequest(reading.message)) return this.#malformed();
    const request = reading.message;
    if (request.type === 'start') {
      const pages = this.#list.pages({ ...request, cookie: newest }, now);
      for (const page of pages) this.#seals.seal(page, at);
      if (this.#options.key !== undefined) this.#count(from, pages.length * SEAL_STEPS);
      return pages;
    }
    const replies = this.#inSession(request, from, now);
    return replies.map((reply) => this.#seals.encode({ ...reply, requestId: request.requestId, cookie: newest }, at));
  }

  /** Ends sessions that have been silent too long. Call it about once a second. */
  expire(now: Millis): void {
    for (const session of this.#sessions.expire(Millis(now - SESSION_TIMEOUT))) {
      if (session.state === 'left') continue;
      this.#leaveStation(session);
      this.counters.expired++;
    }
  }

  /** Sessions with their stations. */
  sessions(): ReceiverSession[] {
    return [...this.#sessions.values()].flatMap(({ address, port, station, state, lastSeen }) =>
      state === 'left' ? [] : [{ address, port, station, state, lastSeen }],
    );
  }

  /** The number of a station's sessions, and of the addresses that they are at. */
  members(station: string): { sessions: number; addresses: number } {
    const { sessions = 0, addresses } = this.#members.get(station) ?? {};
    return { sessions, addresses: addresses?.size ?? 0 };
  }

  /**
   * The session that feedback with this cookie belongs to; null for none, for an invalid cookie, and for a session that
   * causes more work than its share.
   */
  acceptsFeedback(from: SocketAddress, cookie: Buffer, now: Millis): Pick<ReceiverSession, 'station'> | null {
    const key = socketKey(from);
    const session = this.#sessions.get(key);
    if (session === undefined || session.state === 'left') return null;
    // Usually the same as before: only a new cookie is computed.
    if (now >= session.cookieUntil || !cookie.equals(session.cookie)) {
      if (!checkCookie(this.#options.secret, from, now, cookie).isGood) return null;
      session.cookie = Buffer.from(cookie);
      session.cookieUntil = goodUntil(now);
    }
    return this.#mayCause(FEEDBACK_STEPS, session, now) ? session : null;
  }

  /** Counts the packets that accepted feedback asks for. */
  countWork(from: SocketAddress, packets: number): void {
    this.#count(from, packets * PACKET_STEPS);
  }

  /** Counts work that an answered client has caused beyond its datagram. */
  #count(from: SocketAddress, steps: number): void {
    this.#work.take({ address: from.address, key: socketKey(from) }, steps);
  }

  #mayCause(steps: number, client: Party, now: Millis): boolean {
    const isAllowed = this.#work.allows(client, steps, 0, now);
    if (isAllowed) this.#work.take(client, steps);
    else this.counters.excess++;
    return isAllowed;
  }

  #malformed(): Buffer[] {
    this.counters.malformed++;
    return [];
  }

  #inSession(request: Exclude<Request, Message<'start'>>, from: SocketAddress, now: Millis): AnyMessage[] {
    const key = socketKey(from);
    const session = this.#sessions.get(key);
    if (session !== undefined) {
      const behind = wrappedDistance(request.requestId, session.lastRequest, REQUEST_ID_MODULUS);
      if (behind > 0 && behind <= STALE_REQUESTS) {
        this.counters.stale++;
        return [];
      }
      this.#sessions.seen(key, session, now);
      if (behind === 0) {
        this.counters.repeated++;
        return [session.lastReply];
      }
    }
    const reply = this.#answer(request, session, from, now);
    if (reply.type === 'error') this.counters.refused++;
    const after = this.#sessions.get(key);
    if (after !== undefined) {
      after.lastRequest = request.requestId;
      after.lastReply = reply;
    }
    return [reply];
  }

  #answer(
    request: Exclude<Request, Message<'start'>>,
    session: SessionRecord | undefined,
    from: SocketAddress,
    now: Millis,
  ): Reply {
    const isLive = session !== undefined && session.state !== 'left';
    switch (request.type) {
      case 'tune':
        return this.#tune(request.body, session, from, now);
      case 'change':
        return isLive ? this.#tune(request.body, session, from, now) : this.#refusal('no-session');
      case 'replay':
        return isLive ? this.#replay(request.body, session, now) : this.#refusal('no-session');
      case 'pause':
      case 'resume':
        if (!isLive) return this.#refusal('no-session');
        session.state = request.type === 'pause' ? 'paused' : 'playing';
        return message('ok', 0, {});
      case 'keepalive':
        return isLive ? this.#position(session.station) : this.#refusal('no-session');
      case 'exit':
        if (isLive) {
          this.#leaveStation(session);
          session.state = 'left';
          this.counters.left++;
        }
        return message('ok', 0, {}); // also when it has left already
    }
  }

  #tune(
    { station: id, burst }: Message<'tune'>['body'],
    before: SessionRecord | undefined,
    from: SocketAddress,
    now: Millis,
  ): Reply {
    const { directory, flows } = this.#options;
    const station = this.#list.find(id);
    if (station === null) return this.#refusal('unknown-station');
    const position = directory.position(id);
    if (position === undefined) return this.#refusal('off-air');
    if (before !== undefined) this.#setStation(before, id);
    else if (!this.#begin(id, from, now)) return this.#refusal('busy');
    const request = burst && ({ flow: burst.flow, speed: BURST_SPEED, from: { kind: 'live' } } as const);
    const start = request && flows.begin(from, id, request, now);
    if (typeof start === 'object') this.#count(from, FLOW_STEPS);
    const { next, time: serverTime } = position;
    const hasBurst = burst !== undefined && typeof start === 'object';
    return message('tuned', 0, {
      station,
      next,
      serverTime,
      members: this.members(id).sessions,
      burst: hasBurst ? { flow: burst.flow, from: start.from, time: start.time } : null,
    });
  }

  /** Begins a session, which plays; false where the client's address has its share of them. */
  #begin(station: string, { address, port }: SocketAddress, now: Millis): boolean {
    const key = socketKey({ address, port });
    const isAdded = this.#sessions.add(key, {
      address,
      port,
      key,
      station,
      state: 'playing',
      lastSeen: now,
      // #inSession sets the request and its reply.
      lastRequest: 0,
      lastReply: message('ok', 0, {}),
      cookie: NO_COOKIE,
      cookieUntil: Millis(0),
    });
    if (!isAdded) return false;
    this.counters.begun++;
    this.#join(station, address);
    return true;
  }

  #setStation(session: SessionRecord, station: string): void {
    if (session.state !== 'left') this.#leaveStation(session);
    else this.counters.begun++;
    session.station = station;
    session.state = 'playing';
    this.#join(station, session.address);
  }

  #join(station: string, address: string): void {
    const members = this.#members.get(station) ?? { sessions: 0, addresses: new Map<string, number>() };
    this.#members.set(station, members);
    members.sessions++;
    members.addresses.set(address, (members.addresses.get(address) ?? 0) + 1);
  }

  #leaveStation(session: SessionRecord): void {
    const { station, address } = session;
    this.#options.flows.end(session);
    const members = this.#members.get(station)!;
    const left = members.addresses.get(address)! - 1;
    if (left === 0) members.addresses.delete(address);
    else members.addresses.set(address, left);
    members.sessions--;
    if (members.sessions === 0) this.#members.delete(station);
  }

  #replay(request: Message<'replay'>['body'], session: SessionRecord, now: Millis): Reply {
    const { directory, flows } = this.#options;
    const position = directory.position(session.station);
    if (position === undefined) return this.#refusal('off-air');
    const start = flows.begin(session, session.station, request, now);
    if (typeof start === 'string') return this.#refusal(start);
    this.#count(session, FLOW_STEPS);
    const { next, time: serverTime } = position;
    return message('replaying', 0, { flow: request.flow, ...start, next, serverTime });
  }

  /** The server's clock, and where its station is then: a receiver believes its packets by that. */
  #position(station: string): Message<'ok'> {
    const position = this.#options.directory.position(station);
    return message('ok', 0, position === undefined ? {} : { serverTime: position.time, next: position.next });
  }

  #refusal(code: ErrorCode): Message<'error'> {
    return message('error', 0, { code, message: errorCodes[code] });
  }
}
