/** `msc serve`: stations from files onto the air. */
import { constants, hostname, setPriority } from 'node:os';
import { Problem, systemCode } from '../base/problem.js';
import { systemTimers } from '../base/timers.js';
import type { Millis } from '../base/units.js';
import { findStations } from '../discovery/find.js';
import { CredentialsFile } from '../gateway/access/credentials.js';
import type { Gateway } from '../gateway/gateway.js';
import { Viewers } from '../gateway/viewers.js';
import type { MediaSettings } from '../media/settings.js';
import { checkGroup, listInterfaces, loopback, type NetInterface, resolveInterface } from '../net/interfaces.js';
import { defaultStore, Store } from '../reel/store.js';
import { ThumbnailChild } from '../reel/thumbnail-child.js';
import { Broadcaster } from '../server/broadcaster.js';
import { keptStation, noteSources } from '../server/kept-station.js';
import { loadStation, planStations, prepareStation, type ReadyStation, type StationPlan } from '../server/line-up.js';
import { ServerOperator } from '../server/operator.js';
import { findSlates, Slates } from '../server/slates.js';
import { findSources, type StationSource } from '../server/sources.js';
import { aborted } from './aborted.js';
import type { FecOption } from './fec-option.js';
import type { HttpAddress } from './http-option.js';
import { type Output, openOutput } from './output.js';

export interface ServeOptions {
  /** Files, folders, NAME=PATH; or what says what to play. */
  sources: string[] | (() => StationSource[]);
  /** Name or address; loopback where there is none. */
  interface?: string;
  store?: string;
  settings: MediaSettings;
  ttl: number;
  controlPort: number;
  /** The first station's group; the others count up from it. */
  group?: string;
  /** The server's name. */
  name?: string;
  /** Threads that play, at most. */
  workers?: number;
  /** Parity of the stations. */
  fec: FecOption;
  /** Milliseconds between two reports of how it goes. */
  stats?: number;
  /** Bit/s that single viewers are sent at most, all together. */
  unicast: number;
  /** How far the stations reach back; without it, to their epoch. */
  history?: Millis;
  json: boolean;
  quiet: boolean;
  /** Where browsers and players find the stations by HTTP; without it, nowhere. */
  http?: HttpAddress;
  /** How long after its time stamp pages show each picture; without it, COMMON_DELAY. */
  delay?: Millis;
  /** Files, NAME=FILE: what the operator can show in place of what stations play. */
  slate?: string[];
  /** The folder with the operator's password. */
  config?: string;
  /** Ends the server. */
  signal: AbortSignal;
}

/** How long other servers are given to say what they have on the air: longer would keep the stations waiting. */
const CONFLICT_TIMEOUT = 120;

/** Runs until `signal`; returns the exit code. Throws a Problem when nothing is left to play or nothing can be sent. */
export async function runServe(options: ServeOptions): Promise<number> {
  const output = openOutput(options);
  comeFirst();
  const { settings, signal } = options;
  const at = options.interface === undefined ? loopback() : resolveInterface(options.interface);
  if (options.group !== undefined) checkGroup(options.group);
  const server = options.name ?? hostname();
  const others = findStations({ interfaces: [at], timeout: CONFLICT_TIMEOUT });
  // Handled where it is awaited; a source that fails first must not leave it unhandled.
  others.catch(() => undefined);

  const problems: Problem[] = [];
  const onProblem = (problem: Problem, station?: number) => {
    problems.push(problem);
    output.warn(problem, station);
  };
  const sources = Array.isArray(options.sources) ? findSources(options.sources, onProblem) : options.sources();
  const plans = planStations(sources, { format: settings.format, firstGroup: options.group ?? null });
  if (plans.length === 0) throw nothingLeft(problems);
  const store = new Store(options.store ?? defaultStore(), { log: (line) => output.say(line) });
  await store.open();
  const slates = new Slates(findSlates(options.slate ?? [], store), { settings, store, output });

  const { ttl, controlPort, workers, fec, stats, unicast, history } = options;
  const air = await Broadcaster.open({ at, ttl, controlPort, workers, fec, stats, unicast, history, server, output });
  let gateway: Gateway | null = null;
  try {
    const load = { settings, store, server, fec: fec === 'none' ? undefined : fec.size, output };
    const operator = new ServerOperator({ air, at, slates, load: { ...load, signal }, onProblem });
    if (options.http) gateway = await openHttp({ ...options, address: options.http, air, operator, server, output });
    const found = await others;
    const add = async (ready: ReadyStation) => {
      if (ready.sources === null) await noteSources(ready, load);
      const problem = air.add(ready, found);
      if (problem) onProblem(problem, ready.plan.number);
    };
    const missing: StationPlan[] = [];
    for (const plan of plans) {
      const kept = await keptStation({ ...load, plan });
      const ready = kept ?? (await loadStation({ ...load, plan }).catch(() => null)); // Preparing says what is wrong with it.
      if (ready) await add(ready);
      else missing.push(plan);
    }
    sayWhere(at, output);
    for (const plan of missing) {
      if (signal.aborted) break;
      const told = (problem: Problem) => onProblem(problem, plan.number);
      const kept = await keptStation({ ...load, plan }, true);
      const preparing = kept ?? prepareStation({ ...load, plan, signal, onProblem: told });
      const ready = await Promise.resolve(preparing).catch((error) => {
        if (signal.aborted) return null;
        throw error;
      });
      if (ready) await add(ready);
    }
    if (air.isEmpty && !signal.aborted) throw nothingLeft(problems);
    if (options.http) await prepareSlates(slates, air, signal);
    await aborted(signal);
    return 0;
  } finally {
    await gateway?.close();
    await air.close();
  }
}

async function openHttp(options: {
  address: HttpAddress;
  config?: string;
  delay?: Millis;
  air: Broadcaster;
  operator: ServerOperator;
  server: string;
  ttl: number;
  output: Output;
}): Promise<Gateway> {
  const { address, config, delay, air, operator, server, ttl, output } = options;
  // Whoever has no viewers by HTTP does not wait for what serves them to be loaded.
  const { openGateway } = await import('../gateway/gateway.js');
  const thumbnailMaker = new ThumbnailChild({ timers: systemTimers, log: (line) => output.say(line) });
  const context = {
    catalogue: air.catalogue,
    viewers: new Viewers(),
    operator,
    credentials: new CredentialsFile(config),
    server,
    ttl,
    delay,
    timers: systemTimers,
    thumbnailMaker,
    now: () => air.now(),
    log: (line: string) => output.say(line),
  };
  const { host, port, orAnother = false } = address;
  const gateway = await openGateway({ context, host, port }).catch((error: Problem) => {
    if (!orAnother || systemCode(error.cause) !== 'EADDRINUSE') throw error;
    return openGateway({ context, host, port: 0 });
  });
  output.say(`To watch in a browser: ${gateway.url}`);
  output.say(`For its operator: ${gateway.url}/operator`);
  output.event({ event: 'http', url: gateway.url });
  return {
    url: gateway.url,
    async close() {
      await gateway.close();
      thumbnailMaker.close();
    },
  };
}

async function prepareSlates(slates: Slates, air: Broadcaster, signal: AbortSignal): Promise<void> {
  const stations = air.stations.map(({ station }) => station);
  await slates.prepare(stations, signal).catch((error) => {
    if (!signal.aborted) throw error;
  });
}

/** Asks the system to run this process before others: a packet that waits for the processor is late. */
function comeFirst(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch (error) {
    // Most systems allow it to administrators only.
    if (systemCode(error) !== 'ERR_SYSTEM_ERROR') throw error;
  }
}

function nothingLeft(problems: readonly Problem[]): Problem {
  const next = 'Give at least one video file, or a folder with some.';
  return new Problem(problems[0]?.code ?? 'source', 'nothing is left to play', next);
}

function sayWhere(at: NetInterface, output: Output): void {
  if (!at.internal) {
    output.say(`On the network of ${at.name} (${at.address}).`);
    return;
  }
  const reachable = listInterfaces().filter(({ internal }) => !internal);
  const choices = reachable.map(({ name, address }) => `--interface ${name} (${address})`).join(' or ');
  output.say(`On this machine only. To reach a network: ${choices || 'no other interface is up'}.`);
}
