/** The server's half of the control protocol: datagrams in, datagrams out. No sockets, no timers. */

import type { SocketAddress } from '../base/socket-address.js';
import { type Millis, type PacketNumber, wrap, wrappedDistance } from '../base/units.js';
import type { ReceiverSession } from '../contract/api.js';
import {
  type AnyMessage,
  bodyLength,
  decodeMessage,
  type ErrorCode,
  encodeMessage,
  errorCodes,
  isRequest,
  MESSAGE_HEADER_LENGTH,
  type Message,
  message,
  NO_COOKIE,
  REQUEST_ID_MODULUS,
  type Reply,
  type Request,
  readdressed,
  readRequestHeader,
} from '../wire/message.js';
import type { StationInfo } from '../wire/station-info.js';
import { fitStation, PAGES_PER_REQUEST, paginate } from '../wire/station-pages.js';
import { checkCookie, goodUntil } from './cookie.js';
import type { Flows } from './flows.js';

/** Longest silence of a session. Clients send a keep-alive every 10 s, so two may get lost. */
export const SESSION_TIMEOUT: Millis = 30_000;
export const MAX_SESSIONS = 10_000;
/** Until a client has returned a cookie, no reply is longer than this times its request. */
export const AMPLIFICATION_LIMIT = 3;
/** Requests at most this far behind the latest are delayed copies; others come from a new client. */
const STALE_REQUESTS = 64;
/** Lifetime of a revision of the list, long enough to fetch all its pages; shorter if stations come or go. */
const REVISION_LIFETIME: Millis = 2_000;
/** Revisions are numbered by time in these units, so that numbers keep rising after a restart. */
const REVISION_UNIT: Millis = 100;
const REVISION_MODULUS = 0x1_0000;

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

/** The list as it was at one moment. */
interface Revision {
  made: Millis;
  /** Not wrapped. */
  number: number;
  /** The ids, in order. */
  ids: string;
  stations: number;
  pages: StationInfo[][];
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

/** The longest prefix of the name with which the CHALLENGE takes at most `limit` bytes. */
function challengeWithin(limit: number, reply: Message<'challenge'>): Message<'challenge'> {
  const characters = Array.from(reply.body.server);
  let fitted = reply;
  while (characters.length > 0 && MESSAGE_HEADER_LENGTH + bodyLength(fitted.body) > limit) {
    characters.pop();
    fitted = { ...reply, body: { ...reply.body, server: characters.join('') } };
  }
  return fitted;
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
  #list: Revision | undefined;
  /** Encoded, by their length limit: no more of them than requests have lengths. */
  #challenges: { stations: number; byLimit: Map<number, Buffer | null> } = { stations: -1, byLimit: new Map() };

  constructor(options: ServerStateOptions) {
    if (options.secret.length < 16) throw new RangeError('The secret needs 16 bytes or more');
    this.#options = options;
  }

  /** Replies to a datagram; none for one that is malformed or stale. `now` is Unix time. */
  handle(datagram: Buffer, from: SocketAddress, now: Millis): Buffer[] {
    this.counters.received++;
    const header = readRequestHeader(datagram);
    if (header === null) return this.#malformed();
    // A request may come from a forged address, at any rate: its body is not read yet.
    const { isGood, newest } = checkCookie(this.#options.secret, from, now, header.cookie);
    if (!isGood) return this.#challenge(header.requestId, newest, datagram.length * AMPLIFICATION_LIMIT, now);
    const request = decodeMessage(datagram);
    if (request === null || !isRequest(request)) return this.#malformed();
    const replies = request.type === 'start' ? this.#listing(request, now) : this.#inSession(request, from, now);
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

  #challenge(requestId: number, cookie: Buffer, limit: number, now: Millis): Buffer[] {
    const stations =
      this.#list !== undefined && this.#isListCurrent(now)
        ? this.#list.stations
        : this.#options.directory.stations().length;
    if (this.#challenges.stations !== stations) this.#challenges = { stations, byLimit: new Map() };
    const { byLimit } = this.#challenges;
    let reply = byLimit.get(limit);
    if (reply === undefined) {
      reply = this.#makeChallenge(stations, limit);
      byLimit.set(limit, reply);
    }
    if (reply === null) return [];
    this.counters.challenged++;
    return [readdressed(reply, requestId, cookie)];
  }

  /** Equal for all clients except for request id and cookie; null where none is short enough. */
  #makeChallenge(stations: number, limit: number): Buffer | null {
    const { server, controlPort } = this.#options;
    const body = { server: server.slice(0, 200), controlPort, stations };
    const reply = challengeWithin(limit, message('challenge', 0, body));
    return MESSAGE_HEADER_LENGTH + bodyLength(reply.body) > limit ? null : encodeMessage(reply);
  }

  #listing(request: Message<'start'>, now: Millis): Message<'stations'>[] {
    const stations = this.#options.directory.stations();
    const ids = stations.map(({ id }) => id).join();
    if (!this.#isListCurrent(now) || this.#list?.ids !== ids) this.#list = this.#makeRevision(stations, ids, now);
    const { number, pages } = this.#list;
    const revision = wrap(number, REVISION_MODULUS);
    return pages
      .slice(request.page, request.page + PAGES_PER_REQUEST)
      .map((body, at) => message('stations', 0, body, { page: request.page + at, pages: pages.length, revision }));
  }

  #isListCurrent(now: Millis): boolean {
    const age = this.#list === undefined ? Number.POSITIVE_INFINITY : now - this.#list.made;
    return age >= 0 && age < REVISION_LIFETIME;
  }

  #makeRevision(stations: readonly StationInfo[], ids: string, now: Millis): Revision {
    const number = Math.max(Math.floor(now / REVISION_UNIT), (this.#list?.number ?? 0) + 1);
    return { made: now, number, ids, stations: stations.length, pages: paginate(stations) };
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
        if (!isLive) return this.#refusal('no-session');
        return message('ok', 0, { serverTime: this.#options.directory.position(session.station)?.time });
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
      cookieUntil: 0,
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

  #refusal(code: ErrorCode): Message<'error'> {
    return message('error', 0, { code, message: errorCodes[code] });
  }
}
