/** A server on the air, those who watch it, and an attacker: each a process, at a host of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { StationInfo } from '../../../src/wire/station-info.js';
import type { CollectTask } from '../collect.js';
import { endPrograms, HelperProcess, Program, type ProgramOptions } from '../processes.js';
import type { Prepared } from '../reels.js';
import { type Serving, serveStations } from '../serve.js';
import type { AttackTask } from './attacks.js';
import type { ControlTask } from './control.js';
import { type Host, INTERFACE, SERVER } from './lan.js';
import type { Witness } from './outcome.js';
import type { PagesTask } from './pages.js';
import type { Plan } from './plans.js';
import type { TuningTask } from './tuning.js';

export const VIEWERS = '10.77.0.2';
const HTTP_PORT = 8_080;
const GATEWAY_PORT = 8_081;
const CONTROL_PORT = 5_601;
const STATIONS = 5;
const PASSWORD = 'correct horse';

const SITE = `http://${SERVER}:${HTTP_PORT}`;
const SESSION = `http://127.0.0.1:${HTTP_PORT}/api/v1/session`;

/** The server has one processor, the attacker the other: it stands for another machine. Witnesses run on both. */
const onProcessor = (number: number): readonly string[] => ['taskset', '-c', String(number)];
const VICTIM = 0;
const ATTACKER = 1;
const env = { MSC_INTERFACE: INTERFACE };

export interface Hosts {
  viewers: Host;
  attacker: Host;
}

export interface SceneOptions {
  /** bin/msc.js of the build. */
  program: string;
  store: string;
  film: Prepared;
  hosts: Hosts;
  plan: Plan;
  /** The attacker's addresses and rates. */
  attack: Pick<AttackTask, 'from' | 'rate' | 'connections'>;
}

/** Those who watch. */
export interface Watchers {
  gateway: Program;
  /** Of the attacked station, and of another. */
  recorders: HelperProcess[];
  /** Receives the other stations. */
  listener: HelperProcess;
  witnesses: Record<Witness, HelperProcess>;
}

/** Responsible for: starting the programs, and ending all of them. */
export class Scene {
  readonly #options: SceneOptions;
  readonly #config = mkdtempSync(join(tmpdir(), 'msc-bench-config-'));
  readonly #atViewers: ProgramOptions;

  constructor(options: SceneOptions) {
    this.#options = options;
    this.#atViewers = { before: options.hosts.viewers.inside, env };
  }

  /** Puts the stations on the air. Rejects when they are not in time. */
  async serve(): Promise<Serving> {
    const { program, store, film, plan } = this.#options;
    if (plan.hasPassword) await this.#setPassword();
    const limit = plan.files === undefined ? [] : ['sh', '-c', `ulimit -n ${plan.files}; exec "$@"`, 'sh'];
    return serveStations({
      ...{ program, store, sources: Array<string>(STATIONS).fill(film.source) },
      flags: ['--http', `0.0.0.0:${HTTP_PORT}`, '--config', this.#config, '--name', 'server', ...(plan.flags ?? [])],
      spawning: { before: [...onProcessor(VICTIM), ...limit], env },
    });
  }

  /** Starts all who watch, and resolves when they are ready: the recorders receive. */
  async watch(stations: readonly StationInfo[]): Promise<Watchers> {
    const { program, film, plan } = this.#options;
    const words = ['gateway', '--http', `0.0.0.0:${GATEWAY_PORT}`, '--config', this.#config, '--json', '--quiet'];
    const gateway = new Program(process.execPath, [program, ...words], this.#atViewers);
    const [attacked, other] = stations as [StationInfo, StationInfo];
    const recording = (id: string): CollectTask => ({
      ...{ reference: film.packets, reel: null },
      source: { command: [process.execPath, program, 'record', id, '--output', '-', '--quiet'] },
    });
    const listening = stations.slice(2).map(({ group, port }) => ({ group, port, address: VIEWERS }));
    const tuning: TuningTask = { dist: join(dirname(program), '..', 'dist'), station: attacked.id };
    const server = { address: SERVER, port: CONTROL_PORT };
    const control: ControlTask = { server, address: VIEWERS, station: other.id };
    const pages: PagesTask = {
      urls: [`${SITE}/`, `${SITE}/api/v1/stations`, `http://${VIEWERS}:${GATEWAY_PORT}/api/v1/stations`],
    };
    const body = plan.hasPassword ? JSON.stringify({ password: PASSWORD }) : undefined;
    const operator: PagesTask = { urls: [SESSION], body };
    const recorders = await Promise.all([attacked, other].map(({ id }) => this.#start('collect', recording(id))));
    const [listener, ...others] = await Promise.all([
      this.#start('receive', listening),
      this.#start('attack/tuning', tuning),
      this.#start('attack/control', control),
      this.#start('attack/pages', pages),
      this.#start('attack/pages', operator, { env }),
    ]);
    for (const recorder of recorders) await recorder.read(); // It receives.
    const witnesses = { tuning: others[0], control: others[1], pages: others[2], operator: others[3] };
    return { gateway, recorders, listener, witnesses };
  }

  /** Starts the attacker, which prepares itself. */
  attacker(stations: readonly StationInfo[]): Promise<HelperProcess> {
    const { plan, hosts, attack } = this.#options;
    const before = [...(plan.isSpoofed ? [] : hosts.attacker.inside), ...onProcessor(ATTACKER)];
    const task: AttackTask = {
      ...{ name: plan.name, stations, ...attack, from: plan.isSpoofed ? [SERVER] : attack.from },
      server: { address: SERVER, port: CONTROL_PORT },
      http: { address: SERVER, port: HTTP_PORT },
      gateway: { address: VIEWERS, port: GATEWAY_PORT },
    };
    return this.#start('attack/attacker', task, { before, env });
  }

  async end(): Promise<void> {
    await endPrograms();
    rmSync(this.#config, { recursive: true, force: true });
  }

  #start(name: string, task: unknown, spawning = this.#atViewers): Promise<HelperProcess> {
    return HelperProcess.start(name, task, spawning);
  }

  async #setPassword(): Promise<void> {
    const words = [this.#options.program, 'operator', 'password', '--config', this.#config, '--quiet'];
    const setting = new Program(process.execPath, words);
    setting.child.stdin!.end(`${PASSWORD}\n`);
    await new Promise((resolve) => setting.child.once('close', resolve));
  }
}
