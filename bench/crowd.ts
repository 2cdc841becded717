/**
 * What many viewers ask of one server: 200 that lose the same packet, 100 that lose 5% each, and 50,000 forged requests
 * a second while others watch. Needs Linux, ffmpeg, and a network namespace, in which all of it happens. `--help` tells
 * the options.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openSession } from '../src/control/client.js';
import { findStations } from '../src/discovery/find.js';
import { loopback } from '../src/net/interfaces.js';
import { Store } from '../src/reel/store.js';
import { channelsOf, type FoundChannel } from '../src/viewer/channels.js';
import { quantile } from './support/arrivals.js';
import type { CrowdOptions, CrowdReport } from './support/crowd.js';
import type { FloodOptions } from './support/flood.js';
import { Listener } from './support/listener.js';
import { ownNetwork, refuse } from './support/namespace.js';
import { Program, threads } from './support/processes.js';
import { makeFilm, prepare } from './support/reels.js';
import { type Serving, serveStations } from './support/serve.js';
import { isInstalled, msc, report, scratch, write } from './support.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '8' },
    requests: { type: 'string', default: '50000' },
    out: { type: 'string' },
    msc: { type: 'string', default: msc },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (options.help) {
  console.log(`npm run bench -- crowd [options]
  --only a,b        parts whose name begins so: same, loss, flood
  --seconds 8       of each
  --requests 50000  forged ones, a second
  --out FILE        stats as JSON
  --msc FILE        another build's bin/msc.js
  --json            stats as JSON on standard output`);
  process.exit();
}
const window = Number(options.seconds) * 1_000;
if (!(window >= 1_000)) refuse(`--seconds ${options.seconds}: it is a number from 1`);
const isWanted = (name: string) => !options.only || options.only.split(',').some((start) => name.startsWith(start));

await ownNetwork();
if (!isInstalled('ffmpeg')) refuse('it needs ffmpeg, for its film (apt-get install ffmpeg)');
const began = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

const folder = scratch();
const store = new Store(join(folder, 'store'));
await store.open();
say('Making a film and its reel');
const film = join(folder, 'film.mp4');
await makeFilm(film, 20);
await prepare(store, film, options.msc);

const serve = (stations: number): Promise<Serving> =>
  serveStations(options.msc, Array<string>(stations).fill(film), ['--store', store.folder]);

async function firstChannel(): Promise<FoundChannel> {
  const channels = channelsOf(await findStations({ interfaces: [loopback()] }));
  return channels.find(({ info }) => info.number === 1) ?? refuse('the server is not found');
}

/** Receivers, as this benchmark has hold of them: see crowd.ts. */
class Crowd {
  readonly #program: Program;
  readonly #lines: AsyncIterator<string>;

  private constructor(program: Program) {
    this.#program = program;
    this.#lines = createInterface({ input: program.child.stdout! })[Symbol.asyncIterator]();
  }

  static async gather(task: CrowdOptions): Promise<Crowd> {
    const entry = fileURLToPath(new URL('support/crowd.js', import.meta.url));
    const crowd = new Crowd(new Program(process.execPath, [entry, JSON.stringify(task)]));
    await crowd.#line();
    return crowd;
  }

  tell(line: string): void {
    this.#program.child.stdin!.write(`${line}\n`);
  }

  async end(): Promise<CrowdReport> {
    this.tell('end');
    const result = JSON.parse(await this.#line());
    await this.#program.end();
    return result;
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (!done) return value;
    await once(this.#program.child, 'close');
    throw new Error(`the receivers ended: ${this.#program.said}`);
  }
}

/** Shares of a core that each thread of the server takes meanwhile, the busiest first. */
async function cpuDuring(server: Program, time: number): Promise<number[]> {
  const group = new Set([server.group]);
  const look = () => ({ of: threads(group), at: performance.now() / 1_000 });
  const before = look();
  await sleep(time);
  const after = look();
  return [...after.of]
    .map(([tid, { cpu }]) => (cpu - (before.of.get(tid)?.cpu ?? 0)) / (after.at - before.at))
    .sort((a, b) => b - a);
}
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
const percent = (share: number) => (share * 100).toFixed(2);

const SETTLE = 3_000;
const results: Record<string, unknown> = {};

/** How many packets leave the server when all of many receivers lose the same one. */
async function samePacket(receivers: number): Promise<void> {
  say(`${receivers} receivers that lose the same packet`);
  const { server } = await serve(1);
  const crowd = await Crowd.gather({ channel: await firstChannel(), receivers });
  await sleep(SETTLE);
  const times = Math.max(3, Math.round(window / 500));
  const drop = async (count: number) => {
    for (let i = 0; i < count; i++) {
      crowd.tell('drop');
      await sleep(500);
    }
  };
  // What the process does for the first time takes it long: its two hundred are slower than as many machines.
  await drop(4);
  crowd.tell('begin');
  await drop(times);
  const counts = await crowd.end();
  await server.end();
  results.same = { receivers, times, ...counts };
  report(`${receivers} receivers lose the same packet, ${times} times`, [
    {
      'lost before repair': counts.lostBeforeRepair,
      after: counts.lost,
      'repairs to all': counts.multicast,
      'to one each': counts.unicast,
      'repairs a loss': ((counts.multicast + counts.unicast) / times).toFixed(2),
    },
  ]);
}

/** What it costs the server that each of many receivers loses other packets. */
async function differentPackets(receivers: number, share: number): Promise<void> {
  const { server } = await serve(1);
  say(`${receivers} receivers that lose nothing`);
  const crowd = await Crowd.gather({ channel: await firstChannel(), receivers });
  await sleep(SETTLE);
  const calm = await cpuDuring(server, window);
  say(`${receivers} receivers that lose ${share * 100}% each`);
  crowd.tell(`lose ${share}`);
  await sleep(SETTLE);
  crowd.tell('begin');
  const busy = await cpuDuring(server, window);
  const counts = await crowd.end();
  await server.end();
  results.loss = { receivers, share, seconds: window / 1_000, calm, busy, ...counts };
  report(`${receivers} receivers lose ${share * 100}% each, ${window / 1_000} s`, [
    {
      'lost before repair': counts.lostBeforeRepair,
      after: counts.lost,
      'repairs/s to one each': (counts.unicast / (window / 1_000)).toFixed(0),
      'to all': (counts.multicast / (window / 1_000)).toFixed(0),
      'server CPU, % of a core': percent(sum(busy)),
      'without loss': percent(sum(calm)),
      'busiest thread': percent(busy[0]!),
    },
  ]);
}

const STATIONS = 20;

/** What viewers notice of forged requests. */
async function flood(requests: number): Promise<void> {
  const { server, stations } = await serve(STATIONS);
  const channel = await firstChannel();
  const rows: Record<string, string | number>[] = [];
  const stats: Record<string, unknown>[] = [];
  for (const rate of [0, requests]) {
    say(`${rate} forged requests a second`);
    const listener = await Listener.start(stations.slice(0, 4));
    await sleep(SETTLE);
    const entry = fileURLToPath(new URL('support/flood.js', import.meta.url));
    const task: FloodOptions = {
      controlPort: channel.found.servers[0].port,
      station: channel.info.id,
      ssrc: channel.info.ssrc,
      requests: rate,
      seconds: (window + SETTLE) / 1_000,
    };
    const flooding = rate === 0 ? null : new Program(process.execPath, [entry, JSON.stringify(task)]);
    await sleep(SETTLE / 2);
    listener.begin();
    const [cpu, tuning] = await Promise.all([cpuDuring(server, window), tuneAgainAndAgain(channel, window)]);
    const { lateness, lost } = await listener.end(true);
    await listener.close();
    if (flooding?.hasEnded) throw new Error(`the flood ended early: ${flooding.said}`);
    await flooding?.end();
    if (!lateness) throw new Error('nothing was received');
    stats.push({ requests: rate, lateness, lost, tuning, cpu });
    rows.push({
      'forged requests/s': rate,
      'late p50, ms': lateness.p50.toFixed(2),
      p99: lateness.p99.toFixed(2),
      max: lateness.max.toFixed(2),
      'within 5 ms, %': percent(lateness.within5),
      lost: lost ?? '',
      'tuned, times': tuning.times.length,
      'not tuned': tuning.failures,
      'tuning p50, ms': quantile(tuning.times, 0.5).toFixed(1),
      'tuning p99': quantile(tuning.times, 0.99).toFixed(1),
      'server CPU, %': percent(sum(cpu)),
      'busiest thread': percent(cpu[0]!),
    });
  }
  await server.end();
  results.flood = stats;
  report(`${STATIONS} stations on the air while forged requests come, ${window / 1_000} s each`, rows);
}

/** A viewer that comes, tunes and leaves. Milliseconds from its first datagram to the server's answer. */
async function tuneAgainAndAgain(
  { info, found }: FoundChannel,
  time: number,
): Promise<{ times: number[]; failures: number }> {
  const times: number[] = [];
  let failures = 0;
  for (const end = performance.now() + time; performance.now() < end; await sleep(50)) {
    const session = await openSession(found.servers[0]);
    const asked = performance.now();
    await session.tune(info.id).then(
      () => times.push(performance.now() - asked),
      () => failures++,
    );
    await session.exit();
  }
  return { times, failures };
}

if (isWanted('same')) await samePacket(200);
if (isWanted('loss')) await differentPackets(100, 0.05);
if (isWanted('flood')) await flood(Number(options.requests));
if (options.out) write(options.out, `${JSON.stringify(results, null, 2)}\n`);
process.exit();
