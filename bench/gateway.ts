import { appendFileSync, chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Millis } from '../src/base/units.js';
import { attempt, available, finish, log, openBenchmark } from './support/benchmark.js';
import { type HttpServer, type HttpTask, httpServers } from './support/http-servers.js';
import type { ViewersReport, ViewersTask } from './support/http-viewers.js';
import { mscOption, nameFilter, outOption, readOptions } from './support/options.js';
import { HelperProcess, usageDuring } from './support/processes.js';
import { makeReel } from './support/reels.js';
import { over, sum } from './support/stats.js';

const options = readOptions(
  'Cost of HTTP viewers: one station of 5 Mbit/s to many viewers, by this and other programs. Needs Linux and root.',
  {
    rounds: [2, 'measurements of each program and number of viewers'],
    seconds: [10, 'length of a measurement'],
    counts: [[0, 1, 100, 300], 'numbers of viewers'],
    only: ['', `programs whose names begin with ${httpServers.map(({ name }) => name).join(', ')}`],
    ...outOption,
    ...mscOption,
  },
);
const { folder, store } = await openBenchmark(['ffmpeg']);

/** Time for a program to reach its rate: Node.js compiles hot code, and data queued in the network is read. Seconds. */
const WARM_UP = 8;
/** Length of the film, which other programs read once from its beginning. Seconds. */
const LENGTH = 40;

chmodSync(folder, 0o755);
const reel = await makeReel(store, { duration: LENGTH, program: options.msc });
const long = join(folder, 'long.ts');
const film = readFileSync(reel.packets);
for (let length = 0; length < WARM_UP + options.seconds + 20; length += LENGTH) appendFileSync(long, film);
chmodSync(long, 0o644);
const task: HttpTask = { msc: options.msc, folder, store: store.folder, reel, long };

interface Measured {
  program: string;
  viewers: number;
  /** Shares of a core, 0 to 1: of the server, and of the process of the viewers. */
  cpu: number;
  clients: number;
  /** Bytes, resident. */
  rss: number;
  /** Bit/s of all viewers, and the share that the slowest viewer received of the mean. */
  rate: number;
  least: number;
  jumps: number;
  ended: number;
}

async function measure(server: HttpServer, viewers: number): Promise<Measured> {
  const { programs, url } = await server.start(task);
  const running = [...programs];
  try {
    const viewing: ViewersTask = { urls: Array<string>(viewers).fill(url) };
    const crowd = await HelperProcess.start('http-viewers', viewing);
    running.push(crowd);
    await sleep(WARM_UP * 1000);
    crowd.write('begin');
    const [usage, clients] = await Promise.all(
      [programs[0]!, crowd].map((program) => usageDuring(program, Millis(options.seconds * 1000))),
    );
    const { bytes, least, seconds, jumps, ended } = await crowd.ask<ViewersReport>('end');
    return {
      program: server.name,
      viewers,
      cpu: usage!.cpu,
      clients: clients!.cpu,
      rss: usage!.rss,
      rate: (bytes * 8) / seconds,
      least: viewers === 0 ? 1 : (least * viewers) / bytes,
      jumps,
      ended,
    };
  } finally {
    for (const program of running) await program.end();
  }
}

const isWanted = nameFilter(options.only);
const wanted = httpServers.filter(({ name }) => isWanted(name));
const servers = available(wanted.map((server) => ({ needs: server.needs, make: () => [server] })));
const measured: Measured[] = [];
for (let round = 1; round <= options.rounds; round++) {
  for (const server of servers) {
    for (const viewers of options.counts) {
      const run = `${server.name}, ${viewers} viewers, round ${round} of ${options.rounds}`;
      log(run);
      await attempt(run, async () => measured.push(await measure(server, viewers)));
    }
  }
}

const cases = servers.flatMap(({ name }) => options.counts.map((viewers) => ({ program: name, viewers })));
const measurementsOf = (program: string, viewers: number) =>
  measured.filter((one) => one.program === program && one.viewers === viewers);
const rows = cases.map(({ program, viewers }) => {
  const all = measurementsOf(program, viewers);
  // The first viewer makes the server hold the stream in memory, which serves all others.
  const few = options.counts.includes(1) ? 1 : 0;
  const [before] = measurementsOf(program, few);
  const perViewer = ({ rss }: Measured) => (viewers <= few || !before ? 0 : (rss - before.rss) / (viewers - few) / 1e3);
  return {
    program,
    viewers,
    'CPU, % of a core': over(all, ({ cpu }) => cpu * 100, 1),
    'Mbit/s': over(all, ({ rate }) => rate / 1e6, 0),
    'slowest viewer': over(all, ({ least }) => least, 2),
    'RSS, MB': over(all, ({ rss }) => rss / 1e6, 0),
    'kB per further viewer': over(all, perViewer, 0),
    jumps: sum(all.map(({ jumps }) => jumps)),
    ended: sum(all.map(({ ended }) => ended)),
    'CPU of the viewers, %': over(all, ({ clients }) => clients * 100, 0),
  };
});
const title = `One station of 5 Mbit/s to HTTP viewers, ${options.rounds} × ${options.seconds} s: median (least–most)`;
finish({ tables: [[title, rows]], data: { seconds: options.seconds, measured }, out: options.out });
