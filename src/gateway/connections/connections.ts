/** The gateway's connections: who is let in, who makes room, and how long each may take. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isLoopback, type Place, placeOf } from '../../base/ip-network.js';
import { messageOf } from '../../base/problem.js';
import type { Timers } from '../../base/timers.js';
import { TokenBucket, type TokenBucketOptions } from '../../base/token-bucket.js';
import { Millis } from '../../base/units.js';
import type { Proxies } from '../access/proxies.js';
import { HttpProblem } from '../http-problem.js';
import { headersProblem, refuseConnection, sendAndEnd, serverOptions } from '../limits.js';
import { type Member, Shares } from './shares.js';
import { isOverdue, type Progress } from './times.js';

/**
 * Most connections: in all, of an address, and of an IPv6 /64, which is one host with very many addresses or a whole link of
 * viewers. Each idle one takes some 20 KiB: 100 MiB in all.
 */
const MOST_CONNECTIONS = 5_120;
const MOST_OF_ADDRESS = 1_024;
const MOST_OF_NETWORK = 2_560;
/**
 * Connections beyond these for the operator, who is known only by the headers of a request. Strangers pass through in
 * turn: each stays until as many others have come.
 */
const RESERVE = 64;
/** Limits on new connections: of an address (a page takes six at once, and a building can have one address), of a /64. */
const NEW_OF_ADDRESS = { rate: 200, capacity: 500 };
const NEW_OF_NETWORK = { rate: 800, capacity: 2_000 };
/** Addresses and networks whose new connections are counted; the oldest is forgotten. */
const MOST_COUNTED = 20_000;
/** Requests of one connection being answered. Browsers send the next after an answer, HTTP clients at most a few. */
const MOST_PIPELINED = 16;
/** Time between two checks of all connections. */
const CHECK_PERIOD = Millis(1_000);
/** Shortest time between two log lines. */
const LOG_PERIOD = Millis(60_000);

const full = (): HttpProblem =>
  new HttpProblem(503, 'Full', 'The gateway has no room for more connections. Try again in a moment.', {
    'retry-after': '5',
    connection: 'close',
  });
const tooMany = (): HttpProblem =>
  new HttpProblem(429, 'Too many connections', `An address has at most ${MOST_OF_ADDRESS} connections.`, {
    'retry-after': '5',
    connection: 'close',
  });
const tooSlow = (): HttpProblem => new HttpProblem(408, 'Request too slow', 'The request took too long to arrive.');

export interface ConnectionsOptions {
  timers: Timers;
  proxies: Proxies;
  /** Whether the request is the operator's, or of a person at the server's machine. Never rejects. */
  isPrivileged(request: IncomingMessage): Promise<boolean>;
  /** Most connections that the process has descriptors for now; undefined: MOST_CONNECTIONS. */
  mostNow?: () => number;
  log(line: string): void;
}

class Connection implements Member, Progress {
  readonly socket: Socket;
  readonly server: Server;
  /** Of the socket's address. */
  readonly own: Place;
  readonly isLocal: boolean;
  readonly isProxy: boolean;
  place: Place;
  isWaiting = true;
  isOperator = false;
  isReserved = false;
  phase: Progress['phase'] = 'headers';
  since: Millis;
  readBefore = 0;
  /** Bytes written before the answer to the current request. */
  writtenBefore = 0;
  taken = 0;
  takenAt: Millis;
  /** Requests being answered. */
  pending = 0;
  /** The next answer is the last. */
  isLast = false;

  constructor(socket: Socket, { server, now, isProxy }: { server: Server; now: Millis; isProxy: boolean }) {
    const { remoteAddress = '' } = socket;
    this.socket = socket;
    this.server = server;
    this.own = placeOf(remoteAddress);
    this.place = this.own;
    this.isProxy = isProxy;
    // Other addresses of 127.0.0.0/8 are nobody's way to the pages.
    this.isLocal = isLoopback(remoteAddress) && ['127.0.0.1', '::1'].includes(this.own.address);
    this.since = now;
    this.takenAt = now;
  }

  get activeAt(): Millis {
    return this.takenAt;
  }
}

/**
 * Responsible for:
 * - the server below Fastify, with every limit on its connections
 * - shares by network and address (shares.ts) and times (times.ts)
 * - the reserve: a request on one of its connections is answered only if it is privileged
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #shares: Shares<Connection>;
  readonly #connections = new Map<Duplex, Connection>();
  /** In order of the first connection. */
  readonly #arrivals = new Map<string, TokenBucket>();
  #cancelCheck: (() => void) | null = null;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
    const limits = { mostOfAddress: MOST_OF_ADDRESS, mostOfNetwork: MOST_OF_NETWORK, reserve: RESERVE };
    this.#shares = new Shares({ most: this.#most(), ...limits });
  }

  /** Connections that are open now. */
  get count(): number {
    return this.#connections.size;
  }

  /** For Fastify, which may make several servers for one host name. */
  createServer(handler: RequestListener): Server {
    const server = createServer(serverOptions, (request, response) => this.#onRequest(request, response, handler));
    server.maxHeadersCount = 0; // No limit: see headersProblem.
    server.prependListener('connection', (socket) => this.#onConnection(socket, server));
    server.on('clientError', (error, socket) => {
      this.#enter(socket, 'closing');
      refuseConnection(error, socket as Socket);
    });
    // Of accepting a connection, such as EMFILE: those that are there stay.
    server.on('error', (error) => {
      if (server.listening) this.#log(`A connection could not be accepted: ${messageOf(error)}`);
    });
    return server;
  }

  /** A request that becomes a WebSocket. False where it may not; the socket is then closed. */
  async admitUpgrade(request: IncomingMessage, socket: Duplex): Promise<boolean> {
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.pending > 0) {
      // Its answers to earlier requests would be in the way.
      socket.destroy();
      return false;
    }
    this.#begin(connection);
    const problem = headersProblem(request) ?? (await this.#problemOf(connection, request));
    if (problem === null) {
      this.#enter(socket, 'live');
      return !socket.destroyed;
    }
    this.refuse(socket, problem);
    return false;
  }

  /**
   * A request for a protocol that is not spoken here goes on without its Upgrade field (RFC 9110, section 7.8): it is parsed
   * again, as Node.js has stopped parsing. That leaves listeners on the socket, so its answer is the last.
   */
  ignoreUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.pending > 0) {
      socket.destroy();
      return;
    }
    connection.isLast = true;
    socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
    connection.server.emit('connection', socket);
  }

  /** Answers on a socket that is no WebSocket, and closes it. */
  refuse(socket: Duplex, problem: HttpProblem): void {
    this.#enter(socket, 'closing');
    sendAndEnd(socket, problem);
  }

  /** The request of this socket was the operator's: it never makes room for others. */
  setOperator(socket: Duplex): void {
    const connection = this.#connections.get(socket);
    if (connection) this.#shares.setOperator(connection);
  }

  close(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = null;
  }

  #onConnection(socket: Socket, server: Server): void {
    if (this.#connections.has(socket)) return; // See ignoreUpgrade.
    const { timers, proxies } = this.#options;
    const now = timers.now();
    const isProxy = proxies.isTrusted(socket.remoteAddress ?? '');
    const connection = new Connection(socket, { server, now, isProxy });
    this.#cancelCheck ??= this.#checkLater();
    // Closed without a reply, which would cost more than the connection.
    if (!connection.isLocal && !isProxy && !this.#mayArrive(connection.own, now)) {
      socket.destroy();
      return;
    }
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#shares.remove(connection);
    });
    const { displaced } = this.#shares.admit(connection);
    if (displaced || connection.isReserved) this.#log('Connections have to make room for others: HTTP is full.');
    displaced?.socket.destroy();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse, handler: RequestListener): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined || ++connection.pending > MOST_PIPELINED) {
      request.socket.destroy();
      return;
    }
    this.#begin(connection, request);
    if (connection.isLast) response.setHeader('connection', 'close');
    response.once('close', () => this.#answered(connection));
    const refuse = (problem: HttpProblem) => {
      response.writeHead(problem.status, { ...problem.headers, 'content-type': 'application/problem+json' });
      response.end(JSON.stringify(problem.body));
    };
    const tooLarge = headersProblem(request);
    if (tooLarge) refuse(tooLarge);
    else if (!connection.isReserved && !connection.isProxy) handler(request, response);
    else {
      void this.#problemOf(connection, request).then((problem) => {
        if (problem) refuse(problem);
        else handler(request, response);
      });
    }
  }

  /** The reason why a request gets no answer; null: it does. Takes it into the share of the proxy's client. */
  async #problemOf(connection: Connection, request: IncomingMessage): Promise<HttpProblem | null> {
    if (connection.isProxy) {
      const client = placeOf(this.#options.proxies.clientOf(request));
      if (
        client.address !== connection.place.address &&
        this.#shares.isFull(client) &&
        !(await this.#isPrivileged(connection, request))
      )
        return tooMany();
      this.#shares.move(connection, client);
    }
    if (!connection.isReserved || (await this.#isPrivileged(connection, request))) return null;
    return full();
  }

  async #isPrivileged(connection: Connection, request: IncomingMessage): Promise<boolean> {
    if (!(await this.#options.isPrivileged(request))) return false;
    if (this.#connections.has(connection.socket)) this.#shares.setOperator(connection);
    return true;
  }

  /** The headers of a request have come; `request` has a body, or not. */
  #begin(connection: Connection, request?: IncomingMessage): void {
    const hasBody =
      request !== undefined &&
      (request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0);
    connection.phase = hasBody ? 'body' : 'answer';
    connection.since = this.#options.timers.now();
    connection.takenAt = connection.since;
    if (!hasBody) this.#shares.setWaiting(connection, false);
    request?.once('end', () => {
      if (connection.phase !== 'body') return;
      if (connection.pending === 0) this.#rest(connection);
      else {
        connection.phase = 'answer';
        this.#shares.setWaiting(connection, false);
      }
    });
  }

  /** A response has ended. */
  #answered(connection: Connection): void {
    connection.pending--;
    // A body that the answer did not wait for is still to come, and has the time that it had.
    if (connection.pending === 0 && connection.phase === 'answer') this.#rest(connection);
  }

  /** Nothing is asked for. */
  #rest(connection: Connection): void {
    const { socket } = connection;
    if (!this.#connections.has(socket)) return;
    this.#enter(socket, 'idle');
    connection.readBefore = socket.bytesRead;
    connection.writtenBefore = socket.bytesWritten;
    this.#shares.setWaiting(connection, true);
    if (!connection.isProxy) return;
    // The next request can be another client's.
    this.#shares.unsetOperator(connection);
    this.#shares.move(connection, connection.own);
  }

  #enter(socket: Duplex, phase: Progress['phase']): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.phase = phase;
    connection.since = this.#options.timers.now();
  }

  /** Counts a new connection, unless its address or network has too many. */
  #mayArrive({ network, address }: Place, now: Millis): boolean {
    if (!this.#arrivalsOf(address, NEW_OF_ADDRESS, now).tryTake(1, now)) return false;
    return network === address || this.#arrivalsOf(network, NEW_OF_NETWORK, now).tryTake(1, now);
  }

  #arrivalsOf(key: string, limit: TokenBucketOptions, now: Millis): TokenBucket {
    const arrivals = this.#arrivals.get(key) ?? new TokenBucket(limit, now);
    if (!this.#arrivals.has(key) && this.#arrivals.size >= MOST_COUNTED) {
      const [oldest = ''] = this.#arrivals.keys();
      this.#arrivals.delete(oldest);
    }
    this.#arrivals.set(key, arrivals);
    return arrivals;
  }

  #most(): number {
    return Math.min(MOST_CONNECTIONS, this.#options.mostNow?.() ?? MOST_CONNECTIONS);
  }

  #checkLater(): () => void {
    return this.#options.timers.after(CHECK_PERIOD, () => {
      this.#check();
      const isDone = this.#connections.size === 0 && this.#arrivals.size === 0;
      this.#cancelCheck = isDone ? null : this.#checkLater();
    });
  }

  #check(): void {
    const now = this.#options.timers.now();
    this.#shares.most = this.#most();
    for (const { socket } of this.#shares.excess()) socket.destroy();
    for (const [key, arrivals] of this.#arrivals) if (arrivals.isFull(now)) this.#arrivals.delete(key);
    for (const connection of this.#connections.values()) {
      const { socket } = connection;
      if (!isOverdue(connection, socket, now)) continue;
      const isArriving = connection.phase === 'headers' || connection.phase === 'body';
      const isUnanswered = socket.bytesWritten === connection.writtenBefore;
      if (isArriving && isUnanswered && socket.bytesRead > connection.readBefore) {
        this.refuse(socket, tooSlow());
      } else socket.destroy();
    }
  }

  #log(line: string): void {
    const now = this.#options.timers.now();
    if (now - this.#loggedAt < LOG_PERIOD) return;
    this.#loggedAt = now;
    this.#options.log(line);
  }
}

/** The bytes of a request's line and headers, but for Upgrade. */
function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() !== 'upgrade') text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  }
  return Buffer.from(`${text}\r\n`, 'latin1');
}
