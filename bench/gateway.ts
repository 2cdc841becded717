/**
 * What viewers by HTTP cost: one station of 5 Mbit/s to many of them, from this and other programs in turn, whichever
 * are installed. Needs Linux, ffmpeg, and a network namespace, in which all of it happens. `--help` tells the options.
 */
import { appendFileSync, chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Store } from '../src/reel/store.js';
import { type HttpServer, type HttpTask, httpServers } from './support/http-servers.js';
import type { ViewersOptions, ViewersReport } from './support/http-viewers.js';
import { ownNetwork, refuse } from './support/namespace.js';
import { cpuSeconds, memory, Program, threads } from './support/processes.js';
import { makeFilm, prepare } from './support/reels.js';
import { isInstalled, msc, report, scratch, shown, spread } from './support.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '10' },
    counts: { type: 'string', default: '0,1,100,300' },
    only: { type: 'string' },
    msc: { type: 'string', default: msc },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (options.help) {
  console.log(`npm run bench -- gateway [options]
  --rounds 2        in each, every program serves once
  --seconds 10      that it is measured for
  --counts 0,1,100,300    numbers of viewers
  --only a,b        programs whose name begins so: ${httpServers.map(({ name }) => name).join(', ')}
  --msc FILE        another build's bin/msc.js
  --json            stats as JSON`);
  process.exit();
}

await ownNetwork();
if (!isInstalled('ffmpeg')) refuse('bench gateway needs ffmpeg, for its film (apt-get install ffmpeg)');
const rounds = Number(options.rounds);
const window = Number(options.seconds);
const counts = options.counts.split(',').map(Number);
const isWanted = ({ name, command }: HttpServer) =>
  (!options.only || options.only.split(',').some((start) => name.startsWith(start))) &&
  (command === process.execPath || isInstalled(command));
const began = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

/** Until a program serves at its rate: Node.js compiles what is used most, and what waits in the network has been taken. */
const WARM_UP = 8;
/** Of the film, which others read once from its beginning. */
const LENGTH = 40;

const folder = scratch();
chmodSync(folder, 0o755);
const store = new Store(join(folder, 'store'));
await store.open();
say('Making a film and its reel');
const film = join(folder, 'film.mp4');
await makeFilm(film, LENGTH);
const reel = await prepare(store, film, options.msc);
const long = join(folder, 'long.ts');
const once = readFileSync(reel.packets);
for (let length = 0; length < WARM_UP + window + 20; length += LENGTH) appendFileSync(long, once);
chmodSync(long, 0o644);
const task: HttpTask = { msc: options.msc, folder, store: store.folder, reel, long };

interface Measured {
  /** Shares of a core, 0 to 1: the server, and the process of the viewers. */
  cpu: number;
  clients: number;
  /** Bytes, resident. */
  rss: number;
  /** Bit/s of all viewers, and of the one that got least in proportion to the average. */
  rate: number;
  least: number;
  jumps: number;
  ended: number;
}
const measured = new Map<string, Map<number, Measured[]>>();

async function measure(server: HttpServer, viewers: number): Promise<Measured> {
  const { programs, url } = await server.start(task);
  const groups = new Set([programs[0]!.group]);
  try {
    const words: ViewersOptions = { urls: Array.from({ length: viewers }, () => url) };
    const entry = fileURLToPath(new URL('./support/http-viewers.js', import.meta.url));
    const crowd = new Program(process.execPath, [entry, JSON.stringify(words)]);
    try {
      const lines = createInterface({ input: crowd.child.stdout! })[Symbol.asyncIterator]();
      if (viewers > 0) await lines.next();
      await sleep(WARM_UP * 1000);
      const look = () => ({
        time: performance.now() / 1000,
        cpu: cpuSeconds(threads(groups)),
        clients: cpuSeconds(threads(new Set([crowd.group]))),
      });
      crowd.child.stdin!.write('begin\n');
      const from = look();
      await sleep(window * 1000);
      const to = look();
      crowd.child.stdin!.write('end\n');
      const { bytes, least, seconds, jumps, ended }: ViewersReport = JSON.parse((await lines.next()).value);
      const time = to.time - from.time;
      return {
        cpu: (to.cpu - from.cpu) / time,
        clients: (to.clients - from.clients) / time,
        rss: memory(groups).rss,
        rate: (bytes * 8) / seconds,
        least: viewers === 0 ? 1 : (least * viewers) / bytes,
        jumps,
        ended,
      };
    } finally {
      await crowd.end();
    }
  } finally {
    for (const program of programs) await program.end();
  }
}

const contestants = httpServers.filter(isWanted);
for (let round = 1; round <= rounds; round++) {
  for (const server of contestants) {
    for (const viewers of counts) {
      say(`${server.name}, ${viewers} viewers, round ${round} of ${rounds}`);
      const byCount = measured.get(server.name) ?? new Map<number, Measured[]>();
      measured.set(server.name, byCount);
      byCount.set(viewers, [...(byCount.get(viewers) ?? []), await measure(server, viewers)]);
    }
  }
}

if (options.json) {
  const stats = [...measured].map(([name, byCount]) => [name, Object.fromEntries(byCount)]);
  console.log(JSON.stringify({ seconds: window, programs: Object.fromEntries(stats) }, null, 2));
  process.exit();
}
const over = (all: readonly Measured[], of: (one: Measured) => number, digits: number) =>
  shown(spread(all.map(of)), digits);
report(
  `One station of 5 Mbit/s to viewers by HTTP, ${rounds} × ${window} s: median (least–most)`,
  [...measured].flatMap(([name, byCount]) =>
    [...byCount].map(([viewers, all]) => {
      // The first one has the station's stream held in memory, which serves them all.
      const few = byCount.has(1) ? 1 : 0;
      const before = byCount.get(few)?.[0];
      const each = (one: Measured) => (viewers <= few || !before ? 0 : (one.rss - before.rss) / (viewers - few) / 1e3);
      return {
        program: name,
        viewers,
        'CPU, % of a core': over(all, ({ cpu }) => cpu * 100, 1),
        'Mbit/s': over(all, ({ rate }) => rate / 1e6, 0),
        'least of a viewer': over(all, ({ least }) => least, 2),
        'RSS, MB': over(all, ({ rss }) => rss / 1e6, 0),
        'kB a further viewer': over(all, each, 0),
        jumps: all.reduce((sum, { jumps }) => sum + jumps, 0),
        ended: all.reduce((sum, { ended }) => sum + ended, 0),
        'CPU of the viewers': over(all, ({ clients }) => clients * 100, 0),
      };
    }),
  ),
);
process.exit();
