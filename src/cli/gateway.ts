/** `msc gateway`: stations of the network for browsers and players, by HTTP. */
import { hostname } from 'node:os';
import { closeInOrder } from '../base/closing.js';
import { fewConnectionsLine, shareOfNetworkGateway } from '../base/descriptor-budget.js';
import type { Problem } from '../base/problem.js';
import { systemTimers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { findStations, LeftOutNotes } from '../discovery/find.js';
import { CredentialsFile } from '../gateway/access/credentials.js';
import { openGateway } from '../gateway/gateway.js';
import { NetworkCatalogue } from '../gateway/network-catalogue.js';
import { ReceiverLimit } from '../gateway/receiver-limit.js';
import { Viewers } from '../gateway/viewers.js';
import { changeText } from '../net/interface-state.js';
import { interfaceWatch } from '../net/interface-watch.js';
import { resolveInterface } from '../net/interfaces.js';
import { SilentServers } from '../receiver/silent-servers.js';
import { Tuner, troubleLine } from '../receiver/tuner.js';
import { ThumbnailChild } from '../reel/thumbnail-child.js';
import { descriptorLimit } from '../system/descriptor-limit.js';
import type { MessageKey } from '../wire/seal.js';
import { aborted } from './aborted.js';
import type { HttpAddress } from './http-option.js';
import { readKey } from './key.js';
import { countOf, type Output, openOutput } from './output.js';

export interface NetworkGatewayOptions {
  http: HttpAddress;
  /** Name or address; undefined: all interfaces. */
  interface?: string;
  /** Names or addresses of further interfaces on which stations are received. */
  also?: string[];
  /** IP addresses of proxies in front of it. */
  trustProxy?: string[];
  /** How long after its time stamp pages show each picture; undefined: COMMON_DELAY. */
  delay?: Millis;
  /** The folder of the operator's password and tokens; undefined: the user's. */
  config?: string;
  name?: string;
  /** With it, only servers that have the same key are believed. */
  key?: MessageKey;
}

export interface GatewayCommandOptions extends Omit<NetworkGatewayOptions, 'key'> {
  /** File with the key of the servers that are believed; undefined: those without one. */
  key?: string;
  json: boolean;
  quiet: boolean;
  /** Ends the gateway. */
  signal: AbortSignal;
}

export interface NetworkGateway {
  readonly url: string;
  readonly catalogue: NetworkCatalogue;
  close(): Promise<void>;
}

/** Period of asking servers for their clock: pages show every picture at its moment. */
const CLOCK_PERIOD = Millis(2_000);

/** Runs until `signal`; returns the exit code. Rejects with a Problem: no such interface, the port is taken. */
export async function runGateway(options: GatewayCommandOptions): Promise<number> {
  const output = openOutput(options);
  const key = await readKey(options.key, output.print);
  const gateway = await openNetworkGateway({ ...options, key }, output);
  try {
    output.print(`To watch in a browser: ${gateway.url}`);
    output.event({ event: 'http', url: gateway.url });
    const { catalogue } = gateway;
    let count = 0;
    catalogue.onChange(() => {
      if (catalogue.stations.length === count) return;
      count = catalogue.stations.length;
      output.print(`${countOf(count, 'station')} on the network`);
    });
    await catalogue.open();
    await aborted(options.signal);
    return 0;
  } finally {
    await gateway.close();
  }
}

/** A gateway that has not searched for stations yet: see `catalogue.open`. */
export async function openNetworkGateway(options: NetworkGatewayOptions, output: Output): Promise<NetworkGateway> {
  const { key } = options;
  const log = (line: string) => output.print(line);
  // The address of an interface can change: each search looks it up.
  const interfaces = () => (options.interface === undefined ? undefined : [resolveInterface(options.interface)]);
  interfaces(); // A wrong name is reported at once.
  const also = options.also?.map((name) => resolveInterface(name).address);
  const events = {
    onServer: (isLost: boolean) => log(isLost ? 'A server does not answer any more.' : 'The server answers again.'),
    onTrouble: (problem: Problem) => log(troubleLine(problem)),
  };
  const now = () => Millis(performance.timeOrigin + performance.now());
  const notes = new LeftOutNotes();
  const silent = new SilentServers();
  const limit = descriptorLimit();
  const share = shareOfNetworkGateway(limit);
  const few = fewConnectionsLine(limit, share.connections);
  if (few !== null) log(few);
  const catalogue = new NetworkCatalogue({
    find: async (before) =>
      findStations({
        interfaces: interfaces(),
        key,
        before,
        onLeftOut: (leftOut) => notes.next(leftOut, systemTimers.now()).forEach(log),
      }),
    createTuner: () => new Tuner(events, { also, keepAlive: CLOCK_PERIOD, key, silent }),
    limit: new ReceiverLimit(share.receivers),
    timers: systemTimers,
    now,
    log,
  });
  const thumbnailMaker = new ThumbnailChild({ timers: systemTimers, log });
  const context = {
    catalogue,
    viewers: new Viewers(),
    credentials: new CredentialsFile(options.config),
    server: options.name ?? hostname(),
    ttl: 1,
    trustedProxies: options.trustProxy,
    mostConnections: () => share.connections,
    delay: options.delay,
    timers: systemTimers,
    thumbnailMaker,
    now,
    log,
  };
  const { url, close } = await openGateway({ context, ...options.http });
  const stopWatching = interfaceWatch().onChange((change) => log(changeText(change)));
  return {
    url,
    catalogue,
    close: () => closeInOrder([stopWatching, close, () => thumbnailMaker.close(), () => catalogue.close()]),
  };
}
