/** One search for stations: queries, answers, missing pages. No sockets, no timers. */

import { fairShare } from '../base/fair-share.js';
import type { SocketAddress } from '../base/socket-address.js';
import { Millis } from '../base/units.js';
import { message, START_LENGTH } from '../wire/message.js';
import { type MessageKey, type Mismatch, Seals } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import { PageCollector } from '../wire/station-pages.js';
import type { ForeignServer, LeftOut } from './left-out.js';

/** A server that sends a station, and the way to it: it answers at that address and port. */
export interface StationServer extends SocketAddress {
  /** For people. */
  readonly name: string;
  /** IPv4 address of our interface that the answer came by: the station's group is joined on it. */
  readonly localAddress: string;
  /** IPv4 address that its packets leave from, if that is another. */
  readonly source?: string;
}

/** A station with all servers that send it. */
export interface FoundStation {
  /** Unique in one search, and the same in the next, whichever of the servers answer. */
  readonly key: string;
  /** As the first of the servers describes it. */
  readonly info: StationInfo;
  /** By address. A server that is reached in two ways stands here twice. */
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

/** Requests in a row that a server may leave unanswered: it is waited for no longer, so that nobody stretches a search. */
const MOST_UNANSWERED = 5;

/** Stations of a list, on all servers: a page gets them in one message of some 3 MB. */
export const MOST_STATIONS = 4_096;
/** Servers that one search takes, so that each has room for at least 16 stations. A network of 254 machines has no more. */
const MOST_SERVERS = 256;
/** Servers of one address: several processes on a machine. */
const MOST_OF_ADDRESS = 16;
/** Servers of one station that are remembered: receivers try one after another. */
const MOST_SERVERS_OF_STATION = 16;
/** Servers left out that are counted. */
const MOST_REFUSED = 1_000;
/** Servers without our key that are remembered, to be named: anybody can answer, from any number of addresses. */
const MOST_FOREIGN = 100;

interface Server {
  readonly address: SocketAddress;
  readonly localAddress: string;
  readonly rank: number;
  cookie: Buffer;
  readonly pages: PageCollector;
  /** The latest requested page, when it was requested, and the requests since the last answer. */
  asked: number;
  askedAt: Millis;
  unanswered: number;
}

/** Rows that describe one stream, from different servers. */
interface Stream {
  info: StationInfo;
  servers: StationServer[];
}

export interface FindStateOptions {
  localAddresses: readonly string[];
  /** The discovery group and port. */
  query: SocketAddress;
  /** 32 bits; answers to other ids are ignored. */
  requestId: number;
  now: Millis;
  /** With it, only servers that have the same key are believed. */
  key?: MessageKey;
  /** Result of the search before, whose servers are taken first and whose stations keep their keys. */
  before?: readonly FoundStation[];
  /** Whether an address is on the network of the interface with that local address. */
  isOnNetwork?: (address: string, localAddress: string) => boolean;
}

/**
 * Responsible for:
 * - when to ask, and whom
 * - a list that is bounded and fair: no server, and no number of servers, displaces the others
 */
export class FindState {
  readonly #options: FindStateOptions;
  readonly #requestId: number;
  #queries = 0;
  #lastNews: Millis;
  readonly #servers = new Map<string, Server>();
  /** Servers of each address and of each rank. */
  readonly #ofAddress = new Map<string, number>();
  readonly #ofRank = [0, 0, 0, 0];
  /** Stations taken so far. */
  #count = 0;
  readonly #refused = new Set<string>();
  readonly #foreign = new Map<string, ForeignServer>();
  readonly #seals: Seals;
  /** Servers of the search before, and the one under each key. */
  readonly #known: ReadonlySet<string>;
  readonly #holders: ReadonlyMap<string, ReadonlySet<string>>;
  #found: FoundStation[] | null = null;

  constructor(options: FindStateOptions) {
    const { before = [], key = null } = options;
    this.#options = options;
    this.#seals = new Seals(key);
    this.#requestId = options.requestId;
    this.#lastNews = options.now;
    this.#holders = new Map(before.map(({ key, servers }) => [key, new Set(servers.map(serverKey))]));
    this.#known = new Set(before.flatMap(({ servers }) => servers.map(serverKey)));
  }

  /** Takes a datagram from `from` to the socket on `localAddress`; returns the datagrams to send in response. */
  receive(datagram: Buffer, from: SocketAddress, localAddress: string, now: Millis): Outgoing[] {
    const reading = this.#seals.read(datagram, from);
    if (reading?.kind === 'foreign') {
      const isAnswer = reading.type === 'challenge' && reading.requestId === this.#requestId;
      if (isAnswer) this.#noteForeign(from, reading.mismatch);
      return [];
    }
    if (reading === null || reading.message.requestId !== this.#requestId) return [];
    const reply = reading.message;
    const known = this.#servers.get(serverKey({ ...from, localAddress }));
    if (reply.type === 'challenge') {
      if (known !== undefined) {
        known.cookie = reply.cookie;
        return []; // a copy, or the answer to a repeated query; missing pages are requested later
      }
      const server = this.#admit(from, localAddress, reply.cookie, now);
      if (server === null) return [];
      this.#lastNews = now;
      return [this.#ask(server, now)];
    }
    if (reply.type !== 'stations' || known === undefined) return [];
    if (!this.#hasRoomFor(known)) known.pages.stop();
    const before = known.pages.count;
    if (!known.pages.add(reply)) return [];
    this.#count += known.pages.count - before;
    this.#found = null;
    known.unanswered = 0;
    this.#lastNews = now;
    const wantsMore = known.pages.isAnswered(known.asked) && !known.pages.isComplete;
    return wantsMore ? [this.#ask(known, now)] : [];
  }

  /** Datagrams due at `now`: queries, and requests for missing pages. Call it every few tens of milliseconds. */
  due(now: Millis): Outgoing[] {
    const { localAddresses, query: to, now: began } = this.#options;
    const out: Outgoing[] = [];
    while (this.#queries < QUERY_TIMES.length && now - began >= QUERY_TIMES[this.#queries]!) {
      this.#queries++;
      const query = this.#seals.encode(message('start', this.#requestId, {}), to, { minLength: START_LENGTH });
      out.push(...localAddresses.map((localAddress) => ({ datagram: query, localAddress, to })));
    }
    for (const server of this.#servers.values()) {
      const isDue = now - server.askedAt >= RETRY_TIME && server.unanswered < MOST_UNANSWERED;
      if (isDue && !server.pages.isComplete) out.push(this.#ask(server, now));
    }
    return out;
  }

  /** Whether the lists of all servers are complete, or the server silent, and nothing new came for a while. */
  isSettled(now: Millis): boolean {
    if (this.#servers.size === 0 || now - this.#lastNews < SETTLE_TIME) return false;
    for (const { pages, unanswered, askedAt } of this.#servers.values()) {
      const isSilent = unanswered >= MOST_UNANSWERED && now - askedAt >= RETRY_TIME;
      if (!pages.isComplete && !isSilent) return false;
    }
    return true;
  }

  /** By first server and number; of equal streams, one. At most MOST_STATIONS. */
  get found(): readonly FoundStation[] {
    this.#found ??= this.#find();
    return this.#found;
  }

  get leftOut(): LeftOut {
    const share = this.#share();
    const servers = [...this.#servers.values()];
    return {
      servers: this.#refused.size,
      foreign: this.#notBelieved(servers),
      cut: servers
        .filter(({ pages }) => pages.count > share || (pages.isComplete && pages.isCut))
        .map(({ address, pages }) => ({ server: address, taken: Math.min(share, pages.count) })),
      wrong: servers.flatMap(({ address, pages }) =>
        [...pages.faults].map(([field, stations]) => ({ server: address, field, stations })),
      ),
    };
  }

  #noteForeign({ address, port }: SocketAddress, mismatch: Mismatch): void {
    const name = `${address}:${port}`;
    const hasRoom = this.#foreign.size < MOST_FOREIGN || this.#foreign.has(name);
    if (hasRoom) this.#foreign.set(name, { address, port, mismatch });
  }

  /** Without those that are believed all the same: somebody forged an answer in their name. */
  #notBelieved(servers: readonly Server[]): ForeignServer[] {
    const believed = new Set(servers.map(({ address }) => `${address.address}:${address.port}`));
    return [...this.#foreign].filter(([name]) => !believed.has(name)).map(([, server]) => server);
  }

  /** A new server; null where others have precedence. */
  #admit(address: SocketAddress, localAddress: string, cookie: Buffer, now: Millis): Server | null {
    const key = serverKey({ ...address, localAddress });
    const rank = this.#rank(address, localAddress);
    const ofAddress = this.#ofAddress.get(address.address) ?? 0;
    const hasRoom = this.#servers.size < MOST_SERVERS || this.#dismissBehind(rank);
    if (ofAddress >= MOST_OF_ADDRESS || !hasRoom) {
      if (this.#refused.size < MOST_REFUSED) this.#refused.add(key);
      return null;
    }
    const pages = new PageCollector();
    const server: Server = { address, localAddress, rank, cookie, pages, asked: 0, askedAt: now, unanswered: 0 };
    this.#servers.set(key, server);
    this.#ofAddress.set(address.address, ofAddress + 1);
    this.#ofRank[rank]!++;
    return server;
  }

  /** A lower rank has precedence: a stranger may have any number of addresses, but few on this network. */
  #rank(address: SocketAddress, localAddress: string): number {
    if (this.#known.has(serverKey({ ...address, localAddress }))) return 0;
    if (address.address === localAddress) return 1;
    return this.#options.isOnNetwork?.(address.address, localAddress) ? 2 : 3;
  }

  /** Drops the last server with the highest rank above `rank`; false where there is none. */
  #dismissBehind(rank: number): boolean {
    const worst = this.#ofRank.findLastIndex((count) => count > 0);
    if (worst <= rank) return false;
    const [key, server] = [...this.#servers].findLast(([, each]) => each.rank === worst)!;
    const { address } = server.address;
    this.#servers.delete(key);
    this.#ofAddress.set(address, this.#ofAddress.get(address)! - 1);
    this.#ofRank[worst]!--;
    this.#count -= server.pages.count;
    this.#found = null;
    if (this.#refused.size < MOST_REFUSED) this.#refused.add(key);
    return true;
  }

  /** Whether more stations of the server are taken: there is room in all, or it has less than an equal part. */
  #hasRoomFor({ pages }: Server): boolean {
    return this.#count < MOST_STATIONS || pages.count < MOST_STATIONS / this.#servers.size;
  }

  #share(): number {
    return fairShare(
      [...this.#servers.values()].map(({ pages }) => pages.count),
      MOST_STATIONS,
    );
  }

  #find(): FoundStation[] {
    const share = this.#share();
    const streams = new Map<string, Stream>();
    for (const { address, localAddress, pages } of [...this.#servers.values()].sort(compareServers)) {
      const stations = pages.stations.slice(0, share).sort((a, b) => a.number - b.number);
      for (const info of stations) {
        const { source } = info;
        const server = { ...address, name: info.server, localAddress, ...(source !== undefined && { source }) };
        const name = streamKey(info);
        const stream = streams.get(name);
        if (stream === undefined) streams.set(name, { info, servers: [server] });
        else if (serverKey(stream.servers.at(-1)!) !== serverKey(server)) stream.servers.push(server);
      }
    }
    const keys = this.#keys(streams);
    return [...streams].map(([name, { info, servers }]) => {
      const [first, ...others] = this.#bounded(servers);
      return { key: keys.get(name)!, info, servers: [first!, ...others] };
    });
  }

  /** Servers of the search before have precedence. */
  #bounded(servers: readonly StationServer[]): readonly StationServer[] {
    if (servers.length <= MOST_SERVERS_OF_STATION) return servers;
    const isKnown = (server: StationServer): boolean => this.#known.has(serverKey(server));
    const byPrecedence = [...servers.filter(isKnown), ...servers.filter((server) => !isKnown(server))];
    return byPrecedence.slice(0, MOST_SERVERS_OF_STATION);
  }

  /**
   * The key of each stream: group, port and id. Where several servers claim those for different streams, all are listed: the
   * one of the server that had the key before keeps it, else the first has it, and the others' keys are longer.
   */
  #keys(streams: ReadonlyMap<string, Stream>): ReadonlyMap<string, string> {
    const holders = new Map<string, string>();
    for (const [name, { info, servers }] of streams) {
      const address = addressKey(info);
      const before = this.#holders.get(address);
      const isHolder = before !== undefined && servers.some((server) => before.has(serverKey(server)));
      if (isHolder || !holders.has(address)) holders.set(address, name);
    }
    const taken = new Set(holders.keys());
    const keys = new Map<string, string>();
    for (const [name, { info }] of streams) {
      const address = addressKey(info);
      const longer = `${address}/${info.schedule}`;
      const key = holders.get(address) === name ? address : taken.has(longer) ? name : longer;
      taken.add(key);
      keys.set(name, key);
    }
    return keys;
  }

  #ask(server: Server, now: Millis): Outgoing {
    server.asked = server.pages.firstMissing;
    server.askedAt = now;
    server.unanswered++;
    const start = message('start', this.#requestId, {}, { cookie: server.cookie, page: server.asked });
    const datagram = this.#seals.encode(start, server.address);
    return { datagram, localAddress: server.localAddress, to: server.address };
  }
}

const serverKey = ({ address, port, localAddress }: SocketAddress & { localAddress: string }): string =>
  `${localAddress} ${address}:${port}`;

const addressKey = ({ group, port, id }: StationInfo): string => `${group}:${port}/${id}`;

/** Equal where receivers receive the same packets in the same way. */
const streamKey = (info: StationInfo): string =>
  [addressKey(info), info.schedule, info.ssrc, info.format, info.bitrate, info.width, info.height].join('/');

/** Those on this machine and this network first; then by address, and not by a name that a server can choose. */
function compareServers(a: Server, b: Server): number {
  return (
    Math.max(1, a.rank) - Math.max(1, b.rank) ||
    compare(a.address.address, b.address.address) ||
    a.address.port - b.address.port ||
    compare(a.localAddress, b.localAddress)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The names of a station's servers, each once. */
export const serverNames = ({ servers }: FoundStation): string =>
  [...new Set(servers.map(({ name }) => name))].sort().join(', ');
