/** Finds every reachable station, without an address. */
import { randomInt } from 'node:crypto';
import { Problem } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { DISCOVERY_GROUP, QUERY_PORT } from '../contract/addresses.js';
import { type Endpoint, openEndpoint } from '../net/endpoint.js';
import { isOnNetworkOf, listInterfaces, type NetInterface } from '../net/interfaces.js';
import { REQUEST_ID_MODULUS } from '../wire/message.js';
import type { MessageKey } from '../wire/seal.js';
import { FindState, type FoundStation, type Outgoing } from './find-state.js';
import type { LeftOut } from './left-out.js';

export { type FoundStation, MOST_STATIONS, type StationServer, serverNames } from './find-state.js';
export { type LeftOut, LeftOutNotes, leftOutLines } from './left-out.js';

/** Interval of looking for missing pages and the end. */
const TICK = Millis(25);

export interface FindOptions {
  /** Interfaces to ask on; by default all, loopback included. */
  interfaces?: readonly NetInterface[];
  /** Longest search; default 1,000 ms. It ends earlier when the lists of all servers are complete. */
  timeout?: Millis;
  /** With it, only servers that have the same key are believed. */
  key?: MessageKey;
  /** Whether the search may end early with these stations, although a busy server might not have answered yet. */
  isEnough?(found: readonly FoundStation[]): boolean;
  /** The result of the search before: its servers have precedence, and its stations keep their keys. */
  before?: readonly FoundStation[];
  /** Called at the end with what is not in the list. */
  onLeftOut?(leftOut: LeftOut): void;
  /** Time to live of the queries; default 1, the local network. */
  ttl?: number;
  /** Group and port of queries; differs from the default only in tests. */
  query?: { group: string; port: number };
  timers?: Timers;
}

/**
 * Asks on each interface and collects the answers, by server and number, each station once; an empty array for none. An
 * interface that does not work is skipped; rejects with a Problem when none works, or no query could be sent.
 */
export async function findStations({
  interfaces = listInterfaces(),
  timeout = Millis(1_000),
  key,
  isEnough = () => true,
  before,
  onLeftOut = () => undefined,
  ttl = 1,
  query = { group: DISCOVERY_GROUP, port: QUERY_PORT },
  timers = systemTimers,
}: FindOptions = {}): Promise<readonly FoundStation[]> {
  const endpoints = new Map<string, Endpoint>();
  let problem: unknown;
  const began = timers.now();
  const state = new FindState({
    localAddresses: [...new Set(interfaces.map(({ address }) => address))],
    query: { address: query.group, port: query.port },
    requestId: randomInt(REQUEST_ID_MODULUS),
    now: began,
    key,
    before,
    isOnNetwork: (address, localAddress) =>
      interfaces.some((at) => at.address === localAddress && isOnNetworkOf(at, address)),
  });
  let sent = 0;
  let failed = 0;
  const send = (outgoing: Outgoing[]): void => {
    for (const { datagram, localAddress, to } of outgoing) {
      const endpoint = endpoints.get(localAddress);
      if (endpoint === undefined) continue;
      sent++;
      endpoint.send(datagram, to);
    }
  };
  for (const { address } of interfaces) {
    if (endpoints.has(address)) continue;
    try {
      const endpoint = await openEndpoint({
        address,
        multicastTtl: ttl,
        onError: (error) => {
          failed++;
          problem = error;
        },
        onDatagram: (datagram, from) => send(state.receive(datagram, from, address, timers.now())),
      });
      endpoints.set(address, endpoint);
    } catch (error) {
      problem ??= error;
    }
  }
  if (endpoints.size === 0) {
    throw (
      problem ??
      new Problem('network', 'No network interface has an IPv4 address', 'Connect this machine to a network.')
    );
  }
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const now = timers.now();
      if (now - began >= timeout || (state.isSettled(now) && isEnough(state.found))) {
        resolve();
        return;
      }
      send(state.due(now));
      timers.after(TICK, tick);
    };
    tick();
  });
  await Promise.all([...endpoints.values()].map((endpoint) => endpoint.close()));
  if (sent > 0 && failed >= sent) throw problem;
  onLeftOut(state.leftOut);
  return state.found;
}
