/** One search for stations: what was asked, who answered, what is still missing. No sockets, no timers. */

import type { Millis } from '../base/units.js';
import type { SocketAddress } from '../net/receive.js';
import { decodeMessage, encodeMessage, message } from '../wire/message.js';
import type { StationInfo } from '../wire/station-info.js';
import { PageCollector } from '../wire/station-pages.js';

/** A station and the way to it. */
export interface FoundStation {
  info: StationInfo;
  /** The server's IPv4 address, and where it answers. */
  address: string;
  controlPort: number;
  /** IPv4 address of the interface of ours on which the answer came: join groups on this one. */
  localAddress: string;
}

/** A datagram to send from `localAddress`. */
export interface Outgoing {
  datagram: Buffer;
  localAddress: string;
  to: SocketAddress;
}

/** When the query is sent, counted from the beginning: datagrams get lost. */
export const QUERY_TIMES: readonly Millis[] = [0, 100, 300];
/** With nobody new for so long, and all lists complete, the search is over. */
export const SETTLE_TIME: Millis = 150;
/** A page that has not come after so long is asked for again. */
const RETRY_TIME: Millis = 100;
/** A START without a cookie is so long, in bytes, so that the CHALLENGE may be three times that. */
export const QUERY_LENGTH = 300;

interface Server {
  address: SocketAddress;
  localAddress: string;
  cookie: Buffer;
  pages: PageCollector;
  /** The page last asked for, and when. */
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

  /** `requestId` is a number of 32 bits; answers to others are not ours. `query`: the discovery group and port. */
  constructor(options: { localAddresses: readonly string[]; query: SocketAddress; requestId: number; now: Millis }) {
    this.#localAddresses = options.localAddresses;
    this.#query = options.query;
    this.#requestId = options.requestId;
    this.#began = options.now;
    this.#lastNews = options.now;
  }

  /** Takes a datagram that came from `from` to the socket on `localAddress`; returns what to send because of it. */
  receive(datagram: Buffer, from: SocketAddress, localAddress: string, now: Millis): Outgoing[] {
    const reply = decodeMessage(datagram);
    if (reply === null || reply.requestId !== this.#requestId) return [];
    const key = `${localAddress} ${from.address}:${from.port}`;
    const known = this.#servers.get(key);
    if (reply.type === 'challenge') {
      if (known !== undefined) {
        known.cookie = reply.cookie;
        return []; // a copy, or the answer to a repeated query; what is missing is asked for in time
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

  /** What is due at `now`: queries, and requests for pages that did not come. Call it every few tens of milliseconds. */
  due(now: Millis): Outgoing[] {
    const out: Outgoing[] = [];
    while (this.#queries < QUERY_TIMES.length && now - this.#began >= QUERY_TIMES[this.#queries]) {
      this.#queries++;
      const query = encodeMessage(message('start', this.#requestId, {}), { minLength: QUERY_LENGTH });
      out.push(...this.#localAddresses.map((localAddress) => ({ datagram: query, localAddress, to: this.#query })));
    }
    for (const server of this.#servers.values()) {
      if (!server.pages.isComplete && now - server.askedAt >= RETRY_TIME) out.push(this.#ask(server, now));
    }
    return out;
  }

  /** Whether every server that answered has told all it has, and nobody new came for a while. */
  isSettled(now: Millis): boolean {
    return (
      this.#servers.size > 0 &&
      now - this.#lastNews >= SETTLE_TIME &&
      [...this.#servers.values()].every(({ pages }) => pages.isComplete)
    );
  }

  /** By server and number; a server reached in two ways stands there twice. */
  get found(): FoundStation[] {
    const all = [...this.#servers.values()].flatMap(({ address, localAddress, pages }) =>
      pages.stations.map((info) => ({ info, address: address.address, controlPort: address.port, localAddress })),
    );
    return all.sort(
      (a, b) =>
        compare(a.info.server, b.info.server) ||
        compare(a.address, b.address) ||
        a.controlPort - b.controlPort ||
        a.info.number - b.info.number,
    );
  }

  #ask(server: Server, now: Millis): Outgoing {
    server.asked = server.pages.firstMissing;
    server.askedAt = now;
    const start = message('start', this.#requestId, {}, { cookie: server.cookie, page: server.asked });
    return { datagram: encodeMessage(start), localAddress: server.localAddress, to: server.address };
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * One row for each station, whichever servers send it: rows of equal id, group, port and schedule are the same
 * packets. The first of them stays.
 */
export function uniqueStations(found: readonly FoundStation[]): FoundStation[] {
  const seen = new Set<string>();
  return found.filter(({ info: { id, group, port, schedule } }) => {
    const key = JSON.stringify([id, group, port, schedule]);
    return !seen.has(key) && seen.add(key);
  });
}
