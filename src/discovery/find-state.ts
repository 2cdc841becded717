/** One search for stations: queries, answers, missing pages. No sockets, no timers. */

import type { SocketAddress } from '../base/socket-address.js';
import { Millis } from '../base/units.js';
import { decodeMessage, encodeMessage, message, START_LENGTH } from '../wire/message.js';
import type { StationInfo } from '../wire/station-info.js';
import { PageCollector } from '../wire/station-pages.js';

/** A server that sends a station, and the way to it: it answers at that address and port. */
export interface StationServer extends SocketAddress {
  /** For people. */
  readonly name: string;
  /** IPv4 address of our interface that the answer came by: the station's group is joined on it. */
  readonly localAddress: string;
}

/** A station with all servers that send it. */
export interface FoundStation {
  /** Unique in one search, and the same in the next, whichever of the servers answer. */
  readonly key: string;
  /** As the first of the servers describes it. */
  readonly info: StationInfo;
  /** By name and address. A server that is reached in two ways stands here twice. */
  readonly servers: readonly [StationServer, ...StationServer[]];
}

/** A datagram to send from `localAddress`. */
export interface Outgoing {
  datagram: Buffer;
  localAddress: string;
  to: SocketAddress;
}

/** Times of the queries, from the beginning: datagrams get lost. */
export const QUERY_TIMES: readonly Millis[] = [0, 100, 300].map(Millis);
/** A search is over when all lists are complete and nothing new came for this time. */
export const SETTLE_TIME = Millis(150);
/** Time after which a missing page is requested again. */
const RETRY_TIME = Millis(100);

interface Server {
  address: SocketAddress;
  localAddress: string;
  cookie: Buffer;
  pages: PageCollector;
  /** The latest requested page, and when it was requested. */
  asked: number;
  askedAt: Millis;
}

export class FindState {
  readonly #localAddresses: readonly string[];
  readonly #query: SocketAddress;
  readonly #requestId: number;
  readonly #began: Millis;
  #queries = 0;
  #lastNews: Millis;
  readonly #servers = new Map<string, Server>();

  /** `requestId` has 32 bits; answers to other ids are ignored. `query`: the discovery group and port. */
  constructor(options: { localAddresses: readonly string[]; query: SocketAddress; requestId: number; now: Millis }) {
    this.#localAddresses = options.localAddresses;
    this.#query = options.query;
    this.#requestId = options.requestId;
    this.#began = options.now;
    this.#lastNews = options.now;
  }

  /** Takes a datagram from `from` to the socket on `localAddress`; returns the datagrams to send in response. */
  receive(datagram: Buffer, from: SocketAddress, localAddress: string, now: Millis): Outgoing[] {
    const reply = decodeMessage(datagram);
    if (reply === null || reply.requestId !== this.#requestId) return [];
    const key = `${localAddress} ${from.address}:${from.port}`;
    const known = this.#servers.get(key);
    if (reply.type === 'challenge') {
      if (known !== undefined) {
        known.cookie = reply.cookie;
        return []; // a copy, or the answer to a repeated query; missing pages are requested later
      }
      const server: Server = {
        address: from,
        localAddress,
        cookie: reply.cookie,
        pages: new PageCollector(),
        asked: 0,
        askedAt: now,
      };
      this.#servers.set(key, server);
      this.#lastNews = now;
      return [this.#ask(server, now)];
    }
    if (reply.type !== 'stations' || known === undefined) return [];
    if (!known.pages.add(reply)) return [];
    this.#lastNews = now;
    const wantsMore = known.pages.isAnswered(known.asked) && !known.pages.isComplete;
    return wantsMore ? [this.#ask(known, now)] : [];
  }

  /** Datagrams due at `now`: queries, and requests for missing pages. Call it every few tens of milliseconds. */
  due(now: Millis): Outgoing[] {
    const out: Outgoing[] = [];
    while (this.#queries < QUERY_TIMES.length && now - this.#began >= QUERY_TIMES[this.#queries]!) {
      this.#queries++;
      const query = encodeMessage(message('start', this.#requestId, {}), { minLength: START_LENGTH });
      out.push(...this.#localAddresses.map((localAddress) => ({ datagram: query, localAddress, to: this.#query })));
    }
    for (const server of this.#servers.values()) {
      if (!server.pages.isComplete && now - server.askedAt >= RETRY_TIME) out.push(this.#ask(server, now));
    }
    return out;
  }

  /** Whether the lists of all servers are complete, and nothing new came for a while. */
  isSettled(now: Millis): boolean {
    return (
      this.#servers.size > 0 &&
      now - this.#lastNews >= SETTLE_TIME &&
      [...this.#servers.values()].every(({ pages }) => pages.isComplete)
    );
  }

  /** By first server and number. Rows of equal id, group, port and schedule are the same packets: one station. */
  get found(): FoundStation[] {
    const rows = [...this.#servers.values()].flatMap(({ address, localAddress, pages }) =>
      pages.stations.map((info) => ({ info, server: { ...address, name: info.server, localAddress } })),
    );
    rows.sort((a, b) => compareServers(a.server, b.server) || a.info.number - b.info.number);
    const bySchedule = new Map<
      string,
      { key: string; info: StationInfo; servers: [StationServer, ...StationServer[]] }
    >();
    const keys = new Set<string>();
    for (const { info, server } of rows) {
      const address = `${info.group}:${info.port}/${info.id}`;
      const scheduled = `${address}/${info.schedule}`;
      const known = bySchedule.get(scheduled);
      if (known !== undefined) {
        known.servers.push(server);
        continue;
      }
      // Another schedule under the same address is a conflict of two servers; both are listed.
      const key = keys.has(address) ? scheduled : address;
      keys.add(key);
      bySchedule.set(scheduled, { key, info, servers: [server] });
    }
    return [...bySchedule.values()];
  }

  #ask(server: Server, now: Millis): Outgoing {
    server.asked = server.pages.firstMissing;
    server.askedAt = now;
    const start = message('start', this.#requestId, {}, { cookie: server.cookie, page: server.asked });
    return { datagram: encodeMessage(start), localAddress: server.localAddress, to: server.address };
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const compareServers = (a: StationServer, b: StationServer): number =>
  compare(a.name, b.name) || compare(a.address, b.address) || a.port - b.port;

/** The names of a station's servers, each once. */
export const serverNames = ({ servers }: FoundStation): string =>
  [...new Set(servers.map(({ name }) => name))].join(', ');
