/** `msc serve`: stations from files onto the air. */
import { constants, hostname, setPriority } from 'node:os';
import { closeInOrder } from '../base/closing.js';
import { connectionsBeside, fewConnectionsLine } from '../base/descriptor-budget.js';
import { Problem, systemCode } from '../base/problem.js';
import { systemTimers } from '../base/timers.js';
import type { Millis } from '../base/units.js';
import { CredentialsFile } from '../gateway/access/credentials.js';
import { LocalCatalogue } from '../gateway/local-catalogue.js';
import { Viewers } from '../gateway/viewers.js';
import { commonSettings, type MediaSettings } from '../media/settings.js';
import { checkGroup, listInterfaces, type NetInterface } from '../net/interfaces.js';
import { ThumbnailChild } from '../reel/thumbnail-child.js';
import type { FecConfig, ServerConfigInput, StationConfigInput } from '../server/config.js';
import type { Preferences } from '../server/preferences.js';
import { openServer, type Server } from '../server/server.js';
import { descriptorLimit } from '../system/descriptor-limit.js';
import { aborted } from './aborted.js';
import type { HttpAddress } from './http-option.js';
import { type Output, openOutput } from './output.js';
import { printEvents, showStatus } from './serve-report.js';
import { slatesOf, stationsOf } from './station-arguments.js';

/** Closes one thing. */
type Close = () => Promise<void> | void;

/** The options of every command that puts stations on the air. */
export interface OnAirOptions {
  /** Name or address; default loopback. */
  interface?: string;
  store?: string;
  settings: MediaSettings;
  /** Of all stations. */
  preferences: Preferences;
  ttl: number;
  controlPort: number;
  /** File with the key of the viewers that are answered; undefined: all are. */
  key?: string;
  /** The server's name. */
  name?: string;
  /** Most playout threads. */
  workers?: number;
  /** Whether copied films are decoded to find damage. */
  decodeCheck: boolean;
  /** Parity of the stations. */
  fec: FecConfig;
  /** Time between two reports of the counters. */
  stats?: Millis;
  /** bit/s for single viewers, all together. */
  unicast: number;
  /** How far the stations reach back; default to their epoch. */
  history?: Millis;
  json: boolean;
  quiet: boolean;
  /** Where browsers and players get the stations by HTTP; default nowhere. */
  http?: HttpAddress;
  /** IP addresses of proxies in front of it. */
  trustProxy?: string[];
  /** How long after its time stamp pages show each picture; default COMMON_DELAY. */
  delay?: Millis;
  /** FILE or NAME=FILE: films that the operator can show in place of a programme. */
  slate?: string[];
  /** The folder with the operator's password. */
  config?: string;
  /** Ends the server. */
  signal: AbortSignal;
}

export interface ServeOptions extends OnAirOptions {
  /** Files, folders, NAME=PATH. */
  sources: string[];
  /** The group of the first station; the others count up from it. */
  group?: string;
}

/** Runs until `signal`; returns the exit code. Rejects with a Problem when nothing is left to play or nothing can be sent. */
export async function runServe({ sources, group, ...options }: ServeOptions): Promise<number> {
  if (group !== undefined) checkGroup(group);
  return putOnAir(stationsOf(sources, group), options);
}

/** The same for stations of any kind. */
export async function putOnAir(stations: StationConfigInput[], options: OnAirOptions): Promise<number> {
  raisePriority();
  const { http, signal } = options;
  const output = openOutput(options);
  const problems: Problem[] = [];
  const closing: Close[] = [];
  try {
    const onEvent = printEvents(output, (problem) => problems.push(problem));
    const server = await openServer(configOf(stations, options), onEvent);
    closing.push(() => server.close());
    closing.push(showStatus(output, () => server.countersOnAir.map(({ progress }) => progress)));
    if (http) await openHttp({ server, address: http, closing, output, ...options });
    printReach(server.interface, output);
    await Promise.race([server.startStations(), aborted(signal)]);
    if (signal.aborted) return 0;
    if (server.operator.view().stations.length === 0) throw nothingLeft(problems);
    if (http) await Promise.race([server.prepareSlates(), aborted(signal)]);
    await aborted(signal);
    return 0;
  } finally {
    await closeInOrder(closing.reverse());
  }
}

function configOf(stations: StationConfigInput[], options: OnAirOptions): ServerConfigInput {
  return {
    name: options.name ?? hostname(),
    interface: options.interface,
    ttl: options.ttl,
    controlPort: options.controlPort,
    key: options.key,
    workers: options.workers,
    decodeCheck: options.decodeCheck,
    fec: options.fec,
    unicastBudget: options.unicast,
    history: options.history,
    statsPeriod: options.stats,
    store: options.store,
    ...commonSettings(options.settings),
    ...options.preferences,
    stations,
    slates: slatesOf(options.slate ?? []),
  };
}

/** Opens the gateway for the stations of this server. */
async function openHttp(options: {
  server: Server;
  address: HttpAddress;
  closing: Close[];
  config?: string;
  trustProxy?: string[];
  delay?: Millis;
  output: Output;
}): Promise<void> {
  const { server, address, closing, config, trustProxy, delay, output } = options;
  // Loaded only where it is needed: the gateway is most of the program.
  const { openGateway } = await import('../gateway/gateway.js');
  const log = (line: string) => output.print(line);
  const now = () => server.now();
  const catalogue = new LocalCatalogue({ now, timers: systemTimers, history: server.config.history });
  server.onEvent((event) => {
    if (event.kind === 'on-air') catalogue.add(server.stationOnAir(event.station.id)!);
    else if (event.kind === 'off-air') catalogue.remove(event.station.id);
    else if (event.kind === 'changed') catalogue.changed(event.station.id);
  });
  closing.push(() => catalogue.close());
  const thumbnailMaker = new ThumbnailChild({ timers: systemTimers, log });
  closing.push(() => thumbnailMaker.close());
  const limit = descriptorLimit();
  const mostConnections = () => connectionsBeside(limit, server.descriptorsNeeded);
  const few = fewConnectionsLine(limit, mostConnections());
  if (few !== null) log(few);
  const context = {
    catalogue,
    viewers: new Viewers(),
    operator: server.operator,
    credentials: new CredentialsFile(config),
    server: server.config.name,
    ttl: server.config.ttl,
    trustedProxies: trustProxy,
    mostConnections,
    delay,
    timers: systemTimers,
    thumbnailMaker,
    now,
    log,
  };
  const { host, port, orAnother = false } = address;
  const gateway = await openGateway({ context, host, port }).catch((error: Problem) => {
    if (!orAnother || systemCode(error.cause) !== 'EADDRINUSE') throw error;
    return openGateway({ context, host, port: 0 });
  });
  closing.push(() => gateway.close());
  output.print(`To watch in a browser: ${gateway.url}`);
  output.print(`For its operator: ${gateway.url}/operator`);
  output.event({ event: 'http', url: gateway.url });
}

/** Asks the system for a higher priority: a packet that waits for the processor is late. */
function raisePriority(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch (error) {
    // Most systems allow it to administrators only.
    if (systemCode(error) !== 'ERR_SYSTEM_ERROR') throw error;
  }
}

function nothingLeft(problems: readonly Problem[]): Problem {
  const next = 'Give at least one file of video or sound, or a folder with some.';
  return new Problem(problems[0]?.code ?? 'source', 'nothing is left to play', next);
}

function printReach(at: NetInterface, output: Output): void {
  if (!at.internal) {
    output.print(`On the network of ${at.name} (${at.address}).`);
    return;
  }
  const reachable = listInterfaces().filter(({ internal }) => !internal);
  const choices = reachable.map(({ name, address }) => `--interface ${name} (${address})`).join(' or ');
  output.print(`On this machine only. To reach a network: ${choices || 'no other interface is up'}.`);
}
