/** `msc serve`: stations from files onto the air. */
import { constants, hostname, setPriority } from 'node:os';
import { ADJUSTMENT_PERIOD, SlewingClock } from '../clock/clock.js';
import { openAnnouncer } from '../discovery/announcer.js';
import { conflictProblem, findConflicts } from '../discovery/conflicts.js';
import { type FoundStation, findStations } from '../discovery/find.js';
import { checkGroup, listInterfaces, loopback, type NetInterface, resolveInterface } from '../multicast/interfaces.js';
import { FecController } from '../playout/fec-controller.js';
import { type FecSetting, PlayoutPool } from '../playout/playout-pool.js';
import { Problem, systemCode } from '../problem/problem.js';
import type { MediaSettings } from '../reel/media/spool.js';
import { defaultStore, Store } from '../reel/store.js';
import { UnicastServer } from '../repair/unicast-server.js';
import { type Millis, millisToTicks } from '../wire/time.js';
import type { FecOption } from './fec-option.js';
import { loadStation, planStations, prepareStation, type ReadyStation, type StationPlan } from './lineup.js';
import { type Output, openOutput } from './output.js';
import { reportEnd, reportFigures, type StationOnAir } from './report.js';
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
  /** Threads that play, at most. */
  workers?: number;
  /** Parity of the stations. */
  fec: FecOption;
  /** Milliseconds between two reports of how it goes. */
  figures?: number;
  /** Bit/s that single viewers are sent at most, all together. */
  unicast: number;
  /** How far the stations reach back; without it, to their epoch. */
  history?: Millis;
  json: boolean;
  quiet: boolean;
  /** Ends the server. */
  signal: AbortSignal;
}

/** How often it is looked at how much parity the stations need. */
const FEC_CONTROL_PERIOD: Millis = 1_000;

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

  const { ttl, controlPort, workers, fec, figures, unicast, history } = options;
  const air = await Air.open({ at, ttl, controlPort, workers, fec, figures, unicast, history, server, output });
  try {
    const load = { settings, store, server, fec: fec === 'none' ? undefined : fec.size, output };
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
 * - everything that is open while stations are on the air: playout, what serves single viewers, announcements
 * - refusing a station that another server has on the air as something else
 */
class Air {
  readonly #output: Output;
  readonly #fec: FecOption;
  /** Of stations whose parity follows their viewers' losses. */
  readonly #fecControllers = new Map<string, FecController>();
  readonly #clock = new SlewingClock();
  readonly #ready: ReadyStation[] = [];
  readonly #failing = new Set<string>();
  #playout!: PlayoutPool;
  #unicast!: UnicastServer;
  readonly #closing: (() => Promise<void> | void)[] = [];

  private constructor(output: Output, fec: FecOption) {
    this.#output = output;
    this.#fec = fec;
  }

  static async open(options: {
    at: NetInterface;
    ttl: number;
    controlPort: number;
    workers?: number;
    fec: FecOption;
    figures?: Millis;
    unicast: number;
    history?: Millis;
    server: string;
    output: Output;
  }): Promise<Air> {
    const { at, ttl, controlPort, server, output, workers } = options;
    const log = (line: string) => output.say(line);
    const air = new Air(output, options.fec);
    try {
      const clock = setInterval(() => air.#clock.adjust(), ADJUSTMENT_PERIOD);
      air.#closing.push(() => clearInterval(clock));
      air.#playout = await PlayoutPool.open({
        clock: air.#clock,
        interfaceAddress: at.address,
        ttl,
        workers,
        onNote: log,
        onReadError: (id, message) => air.#sayUnreadable(id, message),
      });
      air.#closing.push(() => air.#playout.close());
      air.#unicast = await UnicastServer.open({
        clock: air.#clock,
        at,
        ttl,
        controlPort,
        server,
        budget: { total: options.unicast },
        history: options.history,
        onNote: log,
      });
      air.#closing.push(() => air.#unicast.close());
      const control = setInterval(() => air.#controlFec(), FEC_CONTROL_PERIOD);
      air.#closing.push(() => clearInterval(control));
      const announcer = await openAnnouncer({ stations: () => air.#infos(), localAddress: at.address, ttl, log });
      air.#closing.push(() => announcer.close());
      const { figures } = options;
      air.#closing.push(reportFigures({ stations: () => air.#onAir(), period: figures, output }));
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
    const info = ready.info(millisToTicks(this.#clock.now()));
    const [conflict] = findConflicts([info], found);
    if (conflict?.kind === 'conflict') {
      ready.station.close();
      return conflictProblem(conflict);
    }
    const { plan, station } = ready;
    const { width, height, aspectRatio, frameRate, bitrate, group, port } = info;
    this.#playout.add({ id: plan.id, station, group, port, bitrate, fec: this.#fecOf(plan.id) });
    const progress = this.#playout.progress(plan.id);
    if (progress) this.#unicast.add({ station, info, progress });
    this.#ready.push(ready);
    this.#ready.sort((a, b) => a.plan.number - b.plan.number);
    const twin = conflict ? `, together with ${conflict.other.info.server}` : '';
    const picture = `${width}×${height} ${aspectRatio}, ${frameRate} frames/s, ${(bitrate / 1e6).toFixed(1)} Mbit/s`;
    this.#output.say(`On the air: ${plan.number} ${plan.name}, ${picture}, rtp://${group}:${port}${twin}`);
    this.#output.event({ event: 'on-air', station: info });
    return null;
  }

  #fecOf(id: string): FecSetting | undefined {
    if (this.#fec === 'none') return undefined;
    const { size, mode } = this.#fec;
    if (mode !== 'auto') return { size, mode };
    const controller = new FecController();
    this.#fecControllers.set(id, controller);
    return { size, mode: controller.mode };
  }

  #controlFec(): void {
    for (const { plan } of this.#ready) {
      const controller = this.#fecControllers.get(plan.id);
      const before = controller?.mode;
      // Where nobody reports, nobody loses anything.
      const mode = controller?.report(this.#unicast.figures(plan.id)?.reports.loss.p95 ?? 0, this.#clock.now());
      if (mode === undefined || mode === before) continue;
      this.#playout.setFec(plan.id, mode);
      this.#output.say(`${plan.number} ${plan.name}: error correction is ${mode} from now on`);
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
    for (const { station } of this.#ready) station.close();
    reportEnd(this.#onAir(), this.#output);
  }

  #onAir(): StationOnAir[] {
    return this.#ready.flatMap(({ plan: { number, id } }) => {
      const progress = this.#playout.progress(id);
      return progress ? { number, id, progress, unicast: this.#unicast.figures(id) } : [];
    });
  }

  #sayUnreadable(id: string, message: string): void {
    const ready = this.#ready.find(({ plan }) => plan.id === id);
    if (!ready || this.#failing.has(id)) return;
    this.#failing.add(id);
    this.#output.say(`${ready.plan.number} ${ready.plan.name}: its reel cannot be read: ${message}`);
  }

  #infos() {
    const time = millisToTicks(this.#clock.now());
    return this.#ready.map((ready) => ready.info(time));
  }
}
