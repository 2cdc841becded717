/** `msc serve`: stations from files onto the air. */
import { randomBytes } from 'node:crypto';
import { constants, hostname, setPriority } from 'node:os';
import { SlewingClock } from '../clock/clock.js';
import { ControlServer } from '../control/server.js';
import { openAnnouncer } from '../discovery/announcer.js';
import { conflictProblem, findConflicts } from '../discovery/conflicts.js';
import { type FoundStation, findStations } from '../discovery/find.js';
import { checkGroup, listInterfaces, loopback, type NetInterface, resolveInterface } from '../multicast/interfaces.js';
import { openDatagramSender } from '../multicast/sender.js';
import { Playout, startPlayout } from '../playout/playout.js';
import { Problem, systemCode } from '../problem/problem.js';
import type { MediaSettings } from '../reel/media/spool.js';
import { defaultStore, Store } from '../reel/store.js';
import { millisToTicks } from '../wire/time.js';
import { loadStation, planStations, prepareStation, type ReadyStation, type StationPlan } from './lineup.js';
import { type Output, openOutput } from './output.js';
import { findSources, type StationSource } from './sources.js';

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
  json: boolean;
  quiet: boolean;
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
  const store = new Store(options.store ?? defaultStore());
  await store.open();

  const air = await Air.open({ at, ttl: options.ttl, controlPort: options.controlPort, server, output });
  try {
    const load = { settings, store, server, output };
    const found = await others;
    const add = (ready: ReadyStation) => {
      const problem = air.add(ready, found);
      if (problem) onProblem(problem, ready.plan.number);
    };
    const missing: StationPlan[] = [];
    for (const plan of plans) {
      const ready = await loadStation({ ...load, plan }).catch(() => null); // Preparing says what is wrong with it.
      if (ready) add(ready);
      else missing.push(plan);
    }
    sayWhere(at, output);
    for (const plan of missing) {
      if (signal.aborted) break;
      const told = (problem: Problem) => onProblem(problem, plan.number);
      const ready = await prepareStation({ ...load, plan, signal, onProblem: told }).catch((error) => {
        if (signal.aborted) return null;
        throw error;
      });
      if (ready) add(ready);
    }
    if (air.isEmpty && !signal.aborted) throw nothingLeft(problems);
    await aborted(signal);
    return 0;
  } finally {
    await air.close();
  }
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

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
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

/**
 * It is in charge of:
 * - everything that is open while stations are on the air: sender, control, announcements, playout
 * - refusing a station that another server has on the air as something else
 */
class Air {
  readonly #output: Output;
  readonly #clock = new SlewingClock();
  readonly #ready: ReadyStation[] = [];
  readonly #playout: Playout;
  readonly #closing: (() => Promise<void> | void)[] = [];

  private constructor(playout: Playout, output: Output) {
    this.#playout = playout;
    this.#output = output;
  }

  static async open(options: {
    at: NetInterface;
    ttl: number;
    controlPort: number;
    server: string;
    output: Output;
  }): Promise<Air> {
    const { at, ttl, controlPort, server, output } = options;
    const sender = await openDatagramSender({
      interfaceAddress: at.address,
      ttl,
      onError: ({ message }) => output.say(`Packets cannot be sent from ${at.name} (${at.address}): ${message}`),
    });
    const air = new Air(new Playout(sender), output);
    air.#closing.push(() => sender.close());
    try {
      const log = (line: string) => output.say(line);
      const control = await ControlServer.open({
        server,
        port: controlPort,
        interfaces: [at],
        directory: {
          stations: () => air.#infos(),
          position: (id) => air.#position(id),
        },
        now: () => air.#clock.now(),
        secret: randomBytes(32),
        log,
      });
      air.#closing.push(() => control.close());
      const announcer = await openAnnouncer({ stations: () => air.#infos(), localAddress: at.address, ttl, log });
      air.#closing.push(() => announcer.close());
      air.#closing.push(startPlayout(air.#playout, () => air.#clock.now()));
      return air;
    } catch (error) {
      await air.close();
      throw error;
    }
  }

  get isEmpty(): boolean {
    return this.#ready.length === 0;
  }

  /** Puts a station on the air; if another server has another programme on its group, returns that problem instead. */
  add(ready: ReadyStation, found: readonly FoundStation[]): Problem | null {
    const now = this.#clock.now();
    const info = ready.info(millisToTicks(now));
    const [conflict] = findConflicts([info], found);
    if (conflict?.kind === 'conflict') {
      ready.station.close();
      return conflictProblem(conflict);
    }
    const { plan, station } = ready;
    let isFailing = false;
    this.#playout.add({
      id: plan.id,
      station,
      group: plan.group,
      port: plan.port,
      now,
      onReadError: (error) => {
        if (!isFailing) this.#output.say(`${plan.number} ${plan.name}: its reel cannot be read: ${error}`);
        isFailing = true;
      },
    });
    this.#ready.push(ready);
    this.#ready.sort((a, b) => a.plan.number - b.plan.number);
    const twin = conflict ? `, together with ${conflict.other.info.server}` : '';
    const { width, height, aspectRatio, frameRate, bitrate, group, port } = info;
    const picture = `${width}×${height} ${aspectRatio}, ${frameRate} frames/s, ${(bitrate / 1e6).toFixed(1)} Mbit/s`;
    this.#output.say(`On the air: ${plan.number} ${plan.name}, ${picture}, rtp://${group}:${port}${twin}`);
    this.#output.event({ event: 'on-air', station: info });
    return null;
  }

  async close(): Promise<void> {
    const sent = this.#ready.map(({ plan }) => this.#playout.counters(plan.id));
    for (const close of this.#closing.reverse()) await close();
    for (const { station } of this.#ready) station.close();
    const total = (of: 'packets' | 'droppedLate') => sent.reduce((sum, counters) => sum + (counters?.[of] ?? 0), 0);
    const { median, p99, max } = this.#playout.lateness();
    const packets = total('packets');
    if (packets === 0) return;
    const lateness = `late by ${median} ms in the median, ${p99} ms at the 99th percentile, ${max} ms at most`;
    this.#output.say(`Sent ${packets} packets, ${lateness}; ${total('droppedLate')} dropped.`);
    this.#output.event({
      event: 'off-air',
      packets,
      droppedLate: total('droppedLate'),
      lateness: { median, p99, max },
    });
  }

  #infos() {
    const time = millisToTicks(this.#clock.now());
    return this.#ready.map((ready) => ready.info(time));
  }

  #position(id: string) {
    const next = this.#playout.next(id);
    return next === undefined ? undefined : { next, time: this.#clock.now() };
  }
}
