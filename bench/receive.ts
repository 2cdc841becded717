/**
 * What receiving costs: one station of 5 Mbit/s into a file, by `msc record`, FFmpeg and multicat in turn, whichever are
 * installed; and many stations in one process. Needs Linux, ffmpeg, and a network namespace, in which all of it happens.
 * `--help` tells the options.
 */
import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openGroupBatched } from '../src/net/receive-batched.js';
import { receiveStation } from '../src/receiver/station-receiver.js';
import { Store } from '../src/reel/store.js';
import type { StationInfo } from '../src/wire/station-info.js';
import { ownNetwork, refuse } from './support/namespace.js';
import { memory, Program, type Thread, threads } from './support/processes.js';
import { makeFilm, prepare } from './support/reels.js';
import { isInstalled, msc, report, scratch, shown, spread } from './support.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '8' },
    counts: { type: 'string', default: '100' },
    latencies: { type: 'string', default: '20' },
    only: { type: 'string' },
    msc: { type: 'string', default: msc },
    receive: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (options.help) {
  console.log(`npm run bench -- receive [options]
  --rounds 2        in each, every program receives once
  --seconds 8       that it is measured for
  --counts 1,100    numbers of stations in one process
  --latencies 20    milliseconds that packets may wait there to be taken together
  --only a,b        programs whose name begins so: msc, ffmpeg, multicat, many
  --msc FILE        another build's bin/msc.js
  --json            stats as JSON`);
  process.exit();
}

/** What a process of many stations is told. */
interface ManyTask {
  stations: StationInfo[];
  latency: number;
}

/** The process of many stations: receives them until its standard input ends, then prints what it got. */
async function receiveMany({ stations, latency }: ManyTask): Promise<void> {
  const onError = (error: Error) => {
    throw error;
  };
  const buffer = { maxBytes: 1_000_000 };
  const receivers = await Promise.all(
    stations.map((station) =>
      receiveStation({ station, localAddress: '127.0.0.1', openGroup: openGroupBatched, latency, buffer, onError }),
    ),
  );
  process.stdin.resume();
  await once(process.stdin, 'end');
  const reports = receivers.map((receiver) => receiver.report());
  const sum = (of: (report: (typeof reports)[number]) => number) => reports.reduce((all, each) => all + of(each), 0);
  console.log(JSON.stringify({ packets: sum(({ received }) => received), lost: sum(({ lost }) => lost) }));
  process.exit();
}
if (options.receive) await receiveMany(JSON.parse(options.receive));

await ownNetwork();
if (!isInstalled('ffmpeg')) refuse('bench receive needs ffmpeg, for its film (apt-get install ffmpeg)');
const rounds = Number(options.rounds);
const window = Number(options.seconds);
const numbers = (list: string) => list.split(',').map(Number);
const isWanted = (name: string) => !options.only || options.only.split(',').some((start) => name.startsWith(start));
const began = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

const folder = scratch();
const store = new Store(join(folder, 'store'));
await store.open();
say('Making a film and its reel');
const film = join(folder, 'film.mp4');
await makeFilm(film, 30);
await prepare(store, film, options.msc);

/** Puts the film on the air as so many stations. */
async function serve(count: number): Promise<{ server: Program; stations: StationInfo[] }> {
  const sources = Array.from({ length: count }, (_, i) => `S${i + 1}=${film}`);
  const flags = ['--store', store.folder, '--control-port', '0', '--json', '--quiet'];
  const server = new Program(process.execPath, [options.msc, 'serve', ...sources, ...flags]);
  const stations: StationInfo[] = [];
  const onAir = new Promise<void>((resolve) => {
    createInterface({ input: server.child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line);
      if (event.event === 'on-air') stations.push(event.station);
      if (stations.length === count) resolve();
    });
  });
  await Promise.race([onAir, once(server.child, 'close')]);
  if (stations.length < count) throw new Error(`msc serve: ${stations.length} of ${count} stations. ${server.said}`);
  return { server, stations };
}

interface Measured {
  /** Shares of a core, 0 to 1. */
  cpu: number;
  /** A second. */
  wakeUps: number;
  /** Bytes. */
  rss: number;
  /** Messages, of one packet or several, for which the kernel had no room in the program's sockets. */
  dropped: number;
}

/** Of the sockets at these ports: proc(5), /proc/net/udp. */
const dropsAt = (ports: ReadonlySet<number>): number =>
  readFileSync('/proc/self/net/udp', 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => ports.has(Number.parseInt(fields[1]!.split(':')[1]!, 16)))
    .reduce((sum, fields) => sum + Number(fields[fields.length - 1]), 0);

async function measure(program: Program, warmUp: number, stations: readonly StationInfo[]): Promise<Measured> {
  const group = new Set([program.group]);
  const ports = new Set(stations.map(({ port }) => port));
  const look = () => {
    if (program.hasEnded) throw new Error(program.said);
    const all = [...threads(group).values()];
    const sum = (of: (thread: Thread) => number) => all.reduce((total, thread) => total + of(thread), 0);
    return { time: performance.now() / 1000, cpu: sum(({ cpu }) => cpu), sleeps: sum(({ sleeps }) => sleeps) };
  };
  await sleep(warmUp * 1000);
  const from = look();
  await sleep(window * 1000);
  const to = look();
  const seconds = to.time - from.time;
  return {
    cpu: (to.cpu - from.cpu) / seconds,
    wakeUps: (to.sleeps - from.sleeps) / seconds,
    rss: memory(group).rss,
    dropped: dropsAt(ports),
  };
}

interface Contestant {
  name: string;
  command: string;
  words: (station: StationInfo, output: string) => string[];
  env?: NodeJS.ProcessEnv;
  /** Seconds. Node.js compiles what is used most while it runs, and collects garbage in its ninth second. */
  warmUp: number;
}

const record = (station: StationInfo, output: string) => [
  ...[options.msc, 'record', station.id, '--output', output, '--json', '--quiet'],
];
const all: Contestant[] = [
  { name: 'msc record', command: process.execPath, words: record, warmUp: 20 },
  {
    name: 'msc record, MSC_SOCKETS=plain',
    command: process.execPath,
    words: record,
    env: { MSC_SOCKETS: 'plain' },
    warmUp: 20,
  },
  {
    name: 'ffmpeg -c copy',
    command: 'ffmpeg',
    words: ({ group, port }, output) => [
      ...['-nostdin', '-v', 'warning', '-i', `rtp://${group}:${port}?localaddr=127.0.0.1`],
      ...['-c', 'copy', '-f', 'mpegts', output],
    ],
    warmUp: 6,
  },
  {
    name: 'multicat',
    command: 'multicat',
    words: ({ group, port }, output) => [`@${group}:${port}/ifaddr=127.0.0.1`, output],
    warmUp: 3,
  },
];
const contestants = all.filter(
  ({ name, command }) => isWanted(name) && (command === process.execPath || isInstalled(command)),
);

const recordings = new Map<string, Measured[]>();

/** One station into a file, by each in turn. */
async function measureRecordings(): Promise<void> {
  const { server, stations } = await serve(1);
  const output = join(folder, 'recording.ts');
  for (let round = 1; round <= rounds; round++) {
    for (const { name, command, words, env, warmUp } of contestants) {
      say(`${name}, round ${round} of ${rounds}`);
      const program = new Program(command, words(stations[0]!, output), { env });
      const measured = await measure(program, warmUp, stations);
      await program.end();
      if (statSync(output).size === 0) throw new Error(`${name} recorded nothing. ${program.said}`);
      rmSync(output);
      recordings.set(name, [...(recordings.get(name) ?? []), measured]);
    }
  }
  await server.end();
}

interface Many extends Measured {
  stations: number;
  how: string;
  /** Of all stations, from its beginning to its end. */
  packets: number;
  lost: number;
}
const many: Many[] = [];

/** Many stations in one process, which only keeps the last seconds of each. */
async function measureMany(): Promise<void> {
  const self = fileURLToPath(import.meta.url);
  const ways = [
    ...numbers(options.latencies).map((latency) => ({ how: `batched, ${latency} ms`, latency, env: {} })),
    { how: 'plain', latency: 0, env: { MSC_SOCKETS: 'plain' } },
  ];
  for (const count of numbers(options.counts)) {
    const { server, stations } = await serve(count);
    for (const { how, latency, env } of ways) {
      say(`${count} stations in one process, ${how}`);
      const task = JSON.stringify({ stations, latency } satisfies ManyTask);
      const program = new Program(process.execPath, [self, '--receive', task], { env });
      const lines = createInterface({ input: program.child.stdout! })[Symbol.asyncIterator]();
      const measured = await measure(program, 5, stations);
      program.child.stdin!.end();
      const { packets, lost } = JSON.parse((await lines.next()).value);
      await program.end();
      many.push({ stations: count, how, ...measured, packets, lost });
    }
    await server.end();
  }
}

if (contestants.length > 0) await measureRecordings();
if (isWanted('many')) await measureMany();

if (options.json) {
  console.log(JSON.stringify({ seconds: window, recordings: Object.fromEntries(recordings), many }, null, 2));
  process.exit();
}
const over = (all: readonly Measured[], of: (one: Measured) => number, digits: number) =>
  shown(spread(all.map(of)), digits);
report(
  `One station of 5 Mbit/s into a file, ${rounds} × ${window} s: median (least–most)`,
  [...recordings].map(([name, all]) => ({
    program: name,
    'CPU, % of a core': over(all, ({ cpu }) => cpu * 100, 2),
    'wake-ups/s': over(all, ({ wakeUps }) => wakeUps, 0),
    'RSS, MB': over(all, ({ rss }) => rss / 1e6, 0),
    dropped: all.reduce((sum, { dropped }) => sum + dropped, 0),
  })),
);
report(
  `Many stations of 5 Mbit/s in one process, ${window} s`,
  many.map(({ stations, how, cpu, wakeUps, rss, dropped, packets, lost }) => ({
    stations,
    how,
    'CPU, % of a core': (cpu * 100).toFixed(1),
    'a station': ((cpu * 100) / stations).toFixed(3),
    'wake-ups/s': wakeUps.toFixed(0),
    'RSS, MB': (rss / 1e6).toFixed(0),
    packets,
    lost,
    dropped,
  })),
);
process.exit();
