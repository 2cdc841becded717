/** The server's half of the control protocol: datagrams in, datagrams out. No sockets, no timers. */

import type { SocketAddress } from '../base/socket-address.js';
import { Millis, type PacketNumber, wrappedDistance } from '../base/units.js';
import type { ReceiverSession } from '../contract/api.js';
import {
  type AnyMessage,
  decodeMessage,
  type ErrorCode,
  encodeMessage,
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
import type { StationInfo } from '../wire/station-info.js';
import { fitStation } from '../wire/station-pages.js';
import { checkCookie, goodUntil } from './cookie.js';
import type { Flows } from './flows.js';
import { StationList } from './station-list.js';

/** Longest silence of a session. Clients send a keep-alive every 10 s, so two may get lost. */
export const SESSION_TIMEOUT = Millis(30_000);
export const MAX_SESSIONS = 10_000;
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
}

/** Greatest speed of a burst, as a multiple of its station's. */
export const BURST_SPEED = 10;

interface SessionRecord extends Omit<ReceiverSession, 'state'> {
  /** A session that has left stays until it expires, so that late copies of its requests do not restore it. */
  state: 'playing' | 'paused' | 'left';
  lastRequest: number;
  /** The answer to lastRequest. */
  lastReply: Reply;
  /** Cookie of the latest feedback, and the time until which it need not be checked again. */
  cookie: Buffer;
  cookieUntil: Millis;
}

/** Totals since the process began. */
export interface ControlCounters {
  received: number;
  /** Not a message, or not a request. */
  malformed: number;
  /** Answered with CHALLENGE: no valid cookie. */
  challenged: number;
  /** Late copies of earlier requests: dropped. */
  stale: number;
  /** The latest request again: answered as before. */
  repeated: number;
  /** Answered with ERROR. */
  refused: number;
  /** Sessions begun, left by EXIT, and ended by silence. */
  begun: number;
  left: number;
  expired: number;
}

const keyOf = ({ address, port }: SocketAddress): string => `${address}:${port}`;

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
 * - sessions and their ends
 * - answering a repeated request as before
 * - the counters
 */
export class ServerState {
  readonly counters: ControlCounters = {
    received: 0,
    malformed: 0,
    challenged: 0,
    stale: 0,
    repeated: 0,
    refused: 0,
    begun: 0,
    left: 0,
    expired: 0,
  };
  readonly #options: ServerStateOptions;
  /** In order of lastSeen. */
  readonly #sessions = new Map<string, SessionRecord>();
  /** Sessions of each station. */
  readonly #members = new Map<string, number>();
  readonly #list: StationList;

  constructor(options: ServerStateOptions) {
    if (options.secret.length < 16) throw new RangeError('The secret needs 16 bytes or more');
    const { server, controlPort, directory } = options;
    this.#options = options;
    this.#list = new StationList({ server, controlPort, stations: () => directory.stations() });
  }

  /** Replies to a datagram; none for one that is malformed or stale. `now` is Unix time. */
  handle(datagram: Buffer, from: SocketAddress, now: Millis): Buffer[] {
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
      return [challenge];
    }
    const request = decodeMessage(datagram);
    if (request === null || !isRequest(request)) return this.#malformed();
    const replies = request.type === 'start' ? this.#list.pages(request, now) : this.#inSession(request, from, now);
    return replies.map((reply) => encodeMessage({ ...reply, requestId: request.requestId, cookie: newest }));
  }

  /** Ends sessions that have been silent too long. Call it about once a second. */
  expire(now: Millis): void {
    for (const [key, session] of this.#sessions) {
      if (now - session.lastSeen < SESSION_TIMEOUT) return; // the rest were seen later
      this.#sessions.delete(key);
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

  /** Number of sessions of a station. */
  members(station: string): number {
    return this.#members.get(station) ?? 0;
  }

  /** The session that feedback with this cookie belongs to; null for none, or an invalid cookie. */
  acceptsFeedback(from: SocketAddress, cookie: Buffer, now: Millis): Pick<ReceiverSession, 'station'> | null {
    const session = this.#sessions.get(keyOf(from));
    if (session === undefined || session.state === 'left') return null;
    // Usually the same as before: only a new cookie is computed.
    if (now >= session.cookieUntil || !cookie.equals(session.cookie)) {
      if (!checkCookie(this.#options.secret, from, now, cookie).isGood) return null;
      session.cookie = Buffer.from(cookie);
      session.cookieUntil = goodUntil(now);
    }
    return session;
  }

  #malformed(): Buffer[] {
    this.counters.malformed++;
    return [];
  }

  #inSession(request: Exclude<Request, Message<'start'>>, from: SocketAddress, now: Millis): AnyMessage[] {
    const key = keyOf(from);
    const session = this.#sessions.get(key);
    if (session !== undefined) {
      const behind = wrappedDistance(request.requestId, session.lastRequest, REQUEST_ID_MODULUS);
      if (behind > 0 && behind <= STALE_REQUESTS) {
        this.counters.stale++;
        return [];
      }
      session.lastSeen = now;
      this.#sessions.delete(key); // back in at the end: the map is in order of lastSeen
      this.#sessions.set(key, session);
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
    const found = directory.stations().find((station) => station.id === id);
    const station = found === undefined ? null : fitStation(found);
    if (station === null) return this.#refusal('unknown-station');
    const position = directory.position(id);
    if (position === undefined) return this.#refusal('off-air');
    if (before === undefined && this.#sessions.size >= MAX_SESSIONS) return this.#refusal('busy');
    this.#setStation(before, id, from, now);
    const request = burst && ({ flow: burst.flow, speed: BURST_SPEED, from: { kind: 'live' } } as const);
    const start = request && flows.begin(from, id, request, now);
    const { next, time: serverTime } = position;
    const hasBurst = burst !== undefined && typeof start === 'object';
    return message('tuned', 0, {
      station,
      next,
      serverTime,
      members: this.members(id),
      burst: hasBurst ? { flow: burst.flow, from: start.from, time: start.time } : null,
    });
  }

  #setStation(before: SessionRecord | undefined, station: string, { address, port }: SocketAddress, now: Millis): void {
    const isLive = before !== undefined && before.state !== 'left';
    if (isLive) this.#leaveStation(before);
    else this.counters.begun++;
    this.#members.set(station, this.members(station) + 1);
    if (before !== undefined) {
      before.station = station;
      before.state = 'playing';
      return;
    }
    this.#sessions.set(keyOf({ address, port }), {
      address,
      port,
      station,
      state: 'playing',
      lastSeen: now,
      // #inSession sets the request and its reply.
      lastRequest: 0,
      lastReply: message('ok', 0, {}),
      cookie: NO_COOKIE,
      cookieUntil: Millis(0),
    });
  }

  #leaveStation(session: SessionRecord): void {
    this.#options.flows.end(session);
    const left = this.members(session.station) - 1;
    if (left === 0) this.#members.delete(session.station);
    else this.#members.set(session.station, left);
  }

  #replay(request: Message<'replay'>['body'], session: SessionRecord, now: Millis): Reply {
    const { directory, flows } = this.#options;
    const position = directory.position(session.station);
    if (position === undefined) return this.#refusal('off-air');
    const start = flows.begin(session, session.station, request, now);
    if (typeof start === 'string') return this.#refusal(start);
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
