/** The server's control sockets. Their answers are decided in server-state.ts. */

import { Problem, systemCode } from '../base/problem.js';
import type { SocketAddress } from '../base/socket-address.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { CONTROL_PORT, DISCOVERY_GROUP, QUERY_PORT } from '../contract/addresses.js';
import type { ReceiverSession } from '../contract/api.js';
import { type Endpoint, type EndpointOptions, openEndpoint } from '../net/endpoint.js';
import { isOnNetworkOf, type NetInterface } from '../net/interfaces.js';
import { type GroupOptions, type GroupSocket, openGroup, RECEIVE_BUFFER } from '../net/receive.js';
import { isRtcp } from '../wire/feedback.js';
import type { MessageKey } from '../wire/seal.js';
import type { Flows } from './flows.js';
import { type ControlCounters, ServerState, type StationDirectory } from './server-state.js';

const EXPIRY_PERIOD = Millis(1_000);

export interface ControlServerOptions {
  /** For people. */
  server: string;
  /** UDP port of the control socket; 0 for any free one. */
  port?: number;
  /** Interfaces to be reached on: by their addresses, and by queries on their networks. */
  interfaces: readonly NetInterface[];
  directory: StationDirectory;
  flows: Flows;
  /** Unix time. */
  now: () => Millis;
  /** 32 random bytes. */
  secret: Buffer;
  /** See ServerStateOptions. */
  key?: MessageKey;
  /** Logs a line. */
  log: (line: string) => void;
  /** Called with every RTCP datagram that arrives at the control port. */
  onFeedback?: (datagram: Buffer, from: SocketAddress) => void;
  /** Opens the sockets; by default Node.js's. Datagrams are not kept after the callback. */
  sockets?: SocketOpener;
  /** Time to live of multicast packets. */
  ttl?: number;
  /** Group and port of queries; differs from the default only in tests. */
  query?: { group: string; port: number };
  timers?: Timers;
}

/** As `openEndpoint` and `openGroup` of src/net. */
export interface SocketOpener {
  openEndpoint(options: EndpointOptions): Endpoint | Promise<Endpoint>;
  openGroup(options: GroupOptions): GroupSocket | Promise<GroupSocket>;
}

function portProblem(error: unknown, port: number): unknown {
  if (!(error instanceof Problem) || systemCode(error.cause) !== 'EADDRINUSE') return error;
  return new Problem(
    'network',
    `Port ${port} is in use, perhaps by another server on this machine`,
    'End that one, or choose another port with --control-port.',
    { cause: error.cause },
  );
}

/**
 * Index of the interface to answer a query through: the one on the client's network; for a query that came through
 * routers, the first one that leaves this machine; -1 for none. On Linux, a query also arrives on interfaces that other
 * programs joined on, and loopback must not be answered from another interface: the client takes the interface of the
 * answer for that of the stations.
 */
export function wayTo(asker: string, interfaces: readonly NetInterface[]): number {
  const near = interfaces.findIndex((each) => isOnNetworkOf(each, asker));
  if (near >= 0 || asker.startsWith('127.')) return near;
  return interfaces.findIndex(({ internal }) => !internal);
}

/**
 * Responsible for:
 * - a control socket on each interface's address, which is not shared
 * - one query socket, shared with the other servers of the machine; answers leave from the control socket on the
 *   client's network, so that their source is the server's address, and a server on loopback answers only this machine
 * - ending silent sessions
 */
export class ControlServer {
  readonly #state: ServerState;
  readonly #endpoints: readonly Endpoint[];
  readonly #timers: Timers;
  readonly #now: () => Millis;
  readonly #onFeedback: (datagram: Buffer, from: SocketAddress) => void;
  #interfaces: readonly NetInterface[];
  #query: GroupSocket | undefined;
  #stopExpiry: () => void = () => undefined;

  private constructor(state: ServerState, endpoints: readonly Endpoint[], options: ControlServerOptions) {
    this.#state = state;
    this.#endpoints = endpoints;
    this.#interfaces = options.interfaces;
    this.#now = options.now;
    this.#onFeedback = options.onFeedback ?? (() => undefined);
    this.#timers = options.timers ?? systemTimers;
  }

  /** Opens the sockets. Rejects with a Problem: port in use, no such interface. */
  static async open(options: ControlServerOptions): Promise<ControlServer> {
    if (options.interfaces.length === 0) throw new RangeError('A control server needs an interface');
    const onError = (error: Error): void => options.log(`control: ${error.message}`);
    const query = options.query ?? { group: DISCOVERY_GROUP, port: QUERY_PORT };
    const { sockets = { openEndpoint, openGroup } } = options;
    const endpoints: Endpoint[] = [];
    let receive: (datagram: Buffer, from: SocketAddress, through: Endpoint) => void = () => undefined;
    let port = options.port ?? CONTROL_PORT;
    try {
      for (const { address } of options.interfaces) {
        const endpoint: Endpoint = await sockets.openEndpoint({
          address,
          port,
          multicastTtl: options.ttl,
          receiveBuffer: RECEIVE_BUFFER,
          onError,
          onDatagram: (datagram, from) => receive(datagram, from, endpoint),
        });
        endpoints.push(endpoint);
        port = endpoint.port;
      }
      const { server, directory, flows, secret, key } = options;
      const state = new ServerState({ server, directory, flows, secret, key, controlPort: port });
      const control = new ControlServer(state, endpoints, options);
      receive = (datagram, from, through) => control.#answer(datagram, from, through);
      control.#query = await sockets.openGroup({
        group: query.group,
        port: query.port,
        localAddress: options.interfaces.map(({ address }) => address),
        onError,
        onDatagram: (datagram, from) => {
          const at = wayTo(from.address, control.#interfaces);
          if (at >= 0) control.#answer(datagram, from, endpoints[at]!);
        },
      });
      control.#expireRegularly();
      return control;
    } catch (error) {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
      throw portProblem(error, port);
    }
  }

  /** The control sockets, one for each interface. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  get port(): number {
    return this.#endpoints[0]!.port;
  }

  get counters(): Readonly<ControlCounters> {
    return this.#state.counters;
  }

  sessions(): ReceiverSession[] {
    return this.#state.sessions();
  }

  /** The station that feedback with this cookie is about; see ServerState. */
  acceptsFeedback(from: SocketAddress, cookie: Buffer, now: Millis): { station: string } | null {
    return this.#state.acceptsFeedback(from, cookie, now);
  }

  /** Counts packets that feedback asks for; see ServerState. */
  countWork(from: SocketAddress, packets: number): void {
    this.#state.countWork(from, packets);
  }

  members(station: string): { sessions: number; addresses: number } {
    return this.#state.members(station);
  }

  /**
   * Opens the sockets again on the same interfaces, which have returned or moved. Sessions stay. Rejects with a Problem
   * where one cannot be opened; call it again then.
   */
  async reopen(interfaces: readonly NetInterface[]): Promise<void> {
    this.#interfaces = interfaces;
    const addresses = interfaces.map(({ address }) => address);
    for (const [i, endpoint] of this.#endpoints.entries()) await endpoint.reopen(addresses[i]!);
    await this.#query?.reopen(addresses);
  }

  async close(): Promise<void> {
    this.#stopExpiry();
    await Promise.all([this.#query?.close(), ...this.#endpoints.map((endpoint) => endpoint.close())]);
  }

  #answer(datagram: Buffer, from: SocketAddress, through: Endpoint): void {
    if (isRtcp(datagram, 0, datagram.length)) {
      this.#onFeedback(datagram, from);
      return;
    }
    for (const reply of this.#state.handle(datagram, from, this.#now(), through)) through.send(reply, from);
  }

  #expireRegularly(): void {
    this.#stopExpiry = this.#timers.after(EXPIRY_PERIOD, () => {
      this.#state.expire(this.#now());
      this.#expireRegularly();
    });
  }
}
