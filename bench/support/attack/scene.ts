/** A server on the air, and those who watch it while it is attacked. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StationInfo } from '../../../src/wire/station-info.js';
import type { CollectTask } from '../collect.js';
import type { CompletenessReport } from '../completeness.js';
import { HelperProcess, memory, multicastSent, Program, type ProgramOptions } from '../processes.js';
import type { Received } from '../receive.js';
import type { Prepared } from '../reels.js';
import { serveStations } from '../serve.js';
import type { AttackTask } from './attacks.js';
import type { ControlTask } from './control.js';
import { type Host, INTERFACE, SERVER } from './lan.js';
import type { PagesTask } from './pages.js';
import { type Answer, lastBad, summary } from './series.js';
import type { TuningTask } from './tuning.js';

export const VIEWERS = '10.77.0.2';
const HTTP_PORT = 8_080;
const GATEWAY_PORT = 8_081;
const CONTROL_PORT = 5_601;
const STATIONS = 5;
export const PASSWORD = 'correct horse';

/** Slower answers than these are not those of a server at rest: to a request, a page, a viewer that tunes. Milliseconds. */
const AT_REST = { control: 50, pages: 500, tuning: 250 };
const SAMPLE_PERIOD = 500;

export interface Hosts {
  viewers: Host;
  attacker: Host;
}

/** An attack, and what the server needs for it. */
export interface Plan {
  name: string;
  /** More options of `msc serve`. */
  flags?: readonly string[];
  /** Open files that the server may have. */
  files?: number;
  /** From the server's own address. */
  isSpoofed?: boolean;
  /** Begins before the server. */
  isEarlier?: boolean;
  /** The operator has a password. */
  hasPassword?: boolean;
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
  /** Seconds. */
  rest: number;
  length: number;
}

export interface Outcome {
  /** Seconds from the command to the last station on the air; null: they never were. */
  onAirAfter: number | null;
  /** Datagrams or connections a second. */
  rate: number;
  tuning: ReturnType<typeof summary>;
  control: ReturnType<typeof summary>;
  pages: ReturnType<typeof summary>;
  operator: ReturnType<typeof summary>;
  /** Packets that recorders miss, of the attacked station and of another; and forged ones among those recorded. */
  missing: [attacked: number, other: number];
  forged: number;
  /** Of other stations' packets on arrival, 99th percentile, ms; null: none arrived. */
  lateness: number | null;
  /** Bytes above those at rest, at most. */
  memory: { server: number; gateway: number; recorders: number };
  /** Multicast during the attack, as a multiple of that at rest. */
  multicast: number;
  /** Seconds from the end of the attack until all is as at rest; Infinity: not within the rest. */
  backAfter: number;
  /** Programs that ended. */
  ended: string[];
}

/** The server has one processor, the attacker the other: it stands for another machine. Witnesses run on both. */
const onProcessor = (number: number): readonly string[] => ['taskset', '-c', String(number)];
const VICTIM = 0;
const ATTACKER = 1;
const env = { MSC_INTERFACE: INTERFACE };

/** Runs one attack: rest, attack, rest. */
export async function play(options: SceneOptions): Promise<Outcome> {
  const { program, hosts, plan, film, rest, length } = options;
  const config = mkdtempSync(join(tmpdir(), 'msc-bench-config-'));
  const inViewers: ProgramOptions = { before: hosts.viewers.inside, env };
  const running: Program[] = [];
  const start = async (name: string, task: unknown, spawning = inViewers) => {
    const helper = await HelperProcess.start(name, task, spawning);
    running.push(helper);
    return helper;
  };
  const attacker = async (stations: readonly StationInfo[]) => {
    const before = [...(plan.isSpoofed ? [] : hosts.attacker.inside), ...onProcessor(ATTACKER)];
    const { attack } = options;
    const task: AttackTask = {
      ...{ name: plan.name, stations, ...attack, from: plan.isSpoofed ? [SERVER] : attack.from },
      server: { address: SERVER, port: CONTROL_PORT },
      http: { address: SERVER, port: HTTP_PORT },
      gateway: { address: VIEWERS, port: GATEWAY_PORT },
    };
    return start('attack/attacker', task, { before, env });
  };
  try {
    if (plan.hasPassword) await setPassword(program, config);
    const limit = plan.files === undefined ? [] : ['sh', '-c', `ulimit -n ${plan.files}; exec "$@"`, 'sh'];
    const serve = () =>
      serveStations({
        ...{ program, store: options.store, sources: Array<string>(STATIONS).fill(film.source) },
        flags: ['--http', `0.0.0.0:${HTTP_PORT}`, '--config', config, '--name', 'server', ...(plan.flags ?? [])],
        spawning: { before: [...onProcessor(VICTIM), ...limit], env },
      });
    if (plan.isEarlier) return await early(options, serve, attacker);
    const { server, stations, onAirAfter } = await serve();
    running.push(server);
    const gateway = new Program(
      process.execPath,
      [program, 'gateway', '--http', `0.0.0.0:${GATEWAY_PORT}`, '--config', config, '--json', '--quiet'],
      inViewers,
    );
    running.push(gateway);
    const [attacked, other] = stations as [StationInfo, StationInfo];
    const dist = join(dirname(program), '..', 'dist');
    const recording = (id: string): CollectTask => ({
      ...{ reference: film.packets, reel: null },
      source: { command: [process.execPath, program, 'record', id, '--output', '-', '--quiet'] },
    });
    const watching: ControlTask = {
      ...{ server: { address: SERVER, port: CONTROL_PORT }, address: VIEWERS, station: other.id },
    };
    const reading: PagesTask = {
      urls: [
        `http://${SERVER}:${HTTP_PORT}/`,
        `http://${SERVER}:${HTTP_PORT}/api/v1/stations`,
        `http://${VIEWERS}:${GATEWAY_PORT}/api/v1/stations`,
      ],
    };
    const operating: PagesTask = { urls: [`http://127.0.0.1:${HTTP_PORT}/api/v1/session`] };
    const tuningTask: TuningTask = { dist, station: attacked.id };
    const listening = stations.slice(2).map(({ group, port }) => ({ group, port, address: VIEWERS }));
    const recorders = await Promise.all([attacked, other].map(({ id }) => start('collect', recording(id))));
    const [listener, control, pages, operator, tuning, attacking] = await Promise.all([
      start('receive', listening),
      start('attack/control', watching),
      start('attack/pages', reading),
      start('attack/pages', operating, { env }),
      start('attack/tuning', tuningTask),
      attacker(stations),
    ]);
    for (const recorder of recorders) await recorder.read(); // It receives.
    const samples: { at: number; server: number; gateway: number; recorders: number }[] = [];
    const pss = (of: readonly Program[]) => memory(new Set(of.map(({ group }) => group))).pss;
    const sample = () => {
      samples.push({ at: Date.now(), server: pss([server]), gateway: pss([gateway]), recorders: pss(recorders) });
    };
    const wait = async (seconds: number) => {
      for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(SAMPLE_PERIOD)) sample();
    };
    for (const each of running) if (each !== attacking) each.prefer();
    await sleep(2_000); // Programs compile their code.
    for (const recorder of recorders) recorder.write('begin');
    const before = { at: Date.now(), octets: multicastSent().octets };
    await wait(rest);
    const calm = await Promise.all(recorders.map((recorder) => recorder.ask<CompletenessReport>('end')));
    const from = Date.now();
    const octets = multicastSent().octets;
    listener.write('begin');
    const attack = attacking.ask<{ sent: number; seconds: number }>(`begin ${length * 1000}`);
    attack.catch(() => undefined); // It is awaited below.
    await wait(length);
    const to = Date.now();
    const during = multicastSent().octets;
    const { sent, seconds } = await attack;
    await wait(rest);
    const over = Date.now();

    const ended = [
      ...(server.hasEnded ? ['server'] : []),
      ...(gateway.hasEnded ? ['gateway'] : []),
      ...(recorders.some(({ hasEnded }) => hasEnded) ? ['recorder'] : []),
    ];
    const reports = await Promise.all(
      recorders.map((recorder) => recorder.ask<CompletenessReport>('end').catch(() => null)),
    );
    const missing = reports.map((report, i) =>
      missingOf(report, calm[i]!, { calm: from - before.at, all: over - before.at }),
    );
    const received = await listener.ask<Received>('end clocked').catch(() => null);
    const answersOf = async (witness: HelperProcess) => witness.ask<Answer[]>('end').catch((): Answer[] => []);
    const answers = {
      tuning: await answersOf(tuning),
      control: await answersOf(control),
      pages: await answersOf(pages),
      operator: await answersOf(operator),
    };
    const window = { from, to };
    const tail = { from: to, to: over };
    const grown = (of: 'server' | 'gateway' | 'recorders') => {
      const atRest = samples.filter(({ at }) => at < from).at(-1)![of];
      return Math.max(...samples.filter(({ at }) => at >= from).map((each) => each[of])) - atRest;
    };
    const back = Math.max(
      lastBad(answers.tuning, tail, to, AT_REST.tuning),
      lastBad(answers.control, tail, to, AT_REST.control),
      lastBad(answers.pages, tail, to, AT_REST.pages),
    );
    const isBack = back < rest - 1 && ended.length === 0;
    return {
      ...{ onAirAfter, rate: sent / seconds, ended, forged: reports[0]?.unknown ?? 0 },
      tuning: summary(answers.tuning, window),
      control: summary(answers.control, window),
      pages: summary(answers.pages, window),
      operator: summary(answers.operator, window),
      missing: [missing[0]!, missing[1]!],
      lateness: received?.lateness?.p99 ?? null,
      memory: { server: grown('server'), gateway: grown('gateway'), recorders: grown('recorders') },
      multicast: (during - octets) / (to - from) / ((octets - before.octets) / (from - before.at)),
      backAfter: isBack ? back : Number.POSITIVE_INFINITY,
    };
  } finally {
    await Promise.all(running.map((each) => each.end()));
    rmSync(config, { recursive: true, force: true });
  }
}

/** TS packets that a recorder lacks: those between others, and those that should have come since. Milliseconds. */
function missingOf(
  report: CompletenessReport | null,
  before: CompletenessReport,
  { calm, all }: { calm: number; all: number },
): number {
  // A recorder is behind by what it buffers, which differs by this much at most.
  const spare = 500;
  const wanted = Math.round((before.expected / calm) * (all - spare));
  const { expected, missing } = report ?? { expected: 0, missing: 0 };
  return missing + Math.max(0, wanted - expected);
}

/** The attack begins before the server: does it go on the air? */
async function early(
  { length }: SceneOptions,
  serve: () => ReturnType<typeof serveStations>,
  attacker: (stations: readonly StationInfo[]) => Promise<HelperProcess>,
): Promise<Outcome> {
  const first = await serve();
  await first.server.end();
  const attacking = await attacker(first.stations);
  const claiming = attacking.ask<{ sent: number; seconds: number }>(`begin ${(length + 10) * 1000}`);
  claiming.catch(() => undefined);
  await sleep(1_000);
  const serving = await serve().catch(() => null);
  const nothing = summary([], { from: 0, to: 0 });
  await serving?.server.end();
  return {
    ...{ onAirAfter: serving?.onAirAfter ?? null, rate: Number.NaN, ended: serving === null ? ['server'] : [] },
    ...{ tuning: nothing, control: nothing, pages: nothing, operator: nothing, missing: [0, 0], forged: 0 },
    ...{ lateness: null, memory: { server: 0, gateway: 0, recorders: 0 }, multicast: 1, backAfter: 0 },
  };
}

async function setPassword(program: string, config: string): Promise<void> {
  const setting = new Program(process.execPath, [program, 'operator', 'password', '--config', config, '--quiet']);
  setting.child.stdin!.end(`${PASSWORD}\n`);
  await new Promise((resolve) => setting.child.once('close', resolve));
  await setting.end();
}
