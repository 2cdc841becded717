import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Millis } from '../src/base/units.js';
import type { StationInfo } from '../src/wire/station-info.js';
import { attempt, available, finish, log, openBenchmark } from './support/benchmark.js';
import { mscOption, nameFilter, outOption, readOptions } from './support/options.js';
import { HelperProcess, Program, type Usage, usageDuring } from './support/processes.js';
import type { ManyReport, ManyTask } from './support/receive-many.js';
import { makeReel } from './support/reels.js';
import { serveStations } from './support/serve.js';
import { over, sum } from './support/stats.js';

const options = readOptions(
  'Cost of receiving: one station of 5 Mbit/s into a file by msc record, FFmpeg and multicat, and many stations in one ' +
    'process. Needs Linux and root.',
  {
    rounds: [2, 'measurements of each program'],
    seconds: [8, 'length of a measurement'],
    counts: [[100], 'numbers of stations in one process'],
    only: ['', 'programs whose names begin with msc, ffmpeg, multicat, many'],
    ...outOption,
    ...mscOption,
  },
);
const { folder, store } = await openBenchmark(['ffmpeg']);
const isWanted = nameFilter(options.only);
const film = await makeReel(store, { duration: 30, program: options.msc });

const serve = (count: number) =>
  serveStations({
    program: options.msc,
    store: store.folder,
    sources: Array<string>(count).fill(film.source),
    flags: ['--control-port', '0'],
  });

interface Measured extends Usage {
  /** Messages, of one packet or several, that the kernel dropped because the program's sockets were full. */
  dropped: number;
}

/** Drops of the sockets at these ports: proc(5), /proc/net/udp. */
const dropsAt = (ports: ReadonlySet<number>): number =>
  readFileSync('/proc/self/net/udp', 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local]) => ports.has(Number.parseInt(local?.split(':')[1] ?? '', 16)))
    .reduce((drops, fields) => drops + Number(fields.at(-1)), 0);

/** `warmUp` in seconds. */
async function measure(program: Program, warmUp: number, stations: readonly StationInfo[]): Promise<Measured> {
  await sleep(warmUp * 1000);
  const usage = await usageDuring(program, Millis(options.seconds * 1000));
  return { ...usage, dropped: dropsAt(new Set(stations.map(({ port }) => port))) };
}

interface Contestant {
  name: string;
  command: string;
  words: (station: StationInfo, output: string) => string[];
  env?: NodeJS.ProcessEnv;
  /** Seconds. Node.js compiles hot code while it runs, and collects garbage in its ninth second. */
  warmUp: number;
}

const record = {
  command: process.execPath,
  words: ({ id }: StationInfo, output: string) => [options.msc, 'record', id, '--output', output, '--json', '--quiet'],
  warmUp: 20,
};
const ffmpeg: Contestant = {
  name: 'ffmpeg -c copy',
  command: 'ffmpeg',
  words: ({ group, port }, output) => [
    ...['-nostdin', '-v', 'warning', '-i', `rtp://${group}:${port}?localaddr=127.0.0.1`],
    ...['-c', 'copy', '-f', 'mpegts', output],
  ],
  warmUp: 6,
};
const multicat: Contestant = {
  name: 'multicat',
  command: 'multicat',
  words: ({ group, port }, output) => [`@${group}:${port}/ifaddr=127.0.0.1`, output],
  warmUp: 3,
};
const contestants = available<Contestant>([
  {
    needs: [],
    make: () => [
      { name: 'msc record', ...record },
      { name: 'msc record, MSC_SOCKETS=plain', ...record, env: { MSC_SOCKETS: 'plain' } },
    ],
  },
  { needs: ['ffmpeg'], make: () => [ffmpeg] },
  { needs: ['multicat'], make: () => [multicat] },
]).filter(({ name }) => isWanted(name));

const recordings = new Map<string, Measured[]>();

/** Each program in turn records one station. */
async function measureRecordings(): Promise<void> {
  const { server, stations } = await serve(1);
  const output = join(folder, 'recording.ts');
  for (let round = 1; round <= options.rounds; round++) {
    for (const { name, command, words, env, warmUp } of contestants) {
      log(`${name}, round ${round} of ${options.rounds}`);
      const program = new Program(command, words(stations[0]!, output), { env });
      await attempt(name, async () => {
        const measured = await measure(program, warmUp, stations);
        if (statSync(output).size === 0) throw new Error(`it recorded nothing. ${program.errors}`);
        recordings.set(name, [...(recordings.get(name) ?? []), measured]);
      });
      await program.end();
      rmSync(output, { force: true });
    }
  }
  await server.end();
}

interface Many extends Measured, ManyReport {
  stations: number;
  sockets: string;
}
const many: Many[] = [];

async function measureMany(): Promise<void> {
  const kinds = [
    { sockets: 'batched, 20 ms', latency: 20, env: {} },
    { sockets: 'plain', latency: 0, env: { MSC_SOCKETS: 'plain' } },
  ];
  for (const count of options.counts) {
    const { server, stations } = await serve(count);
    for (const { sockets, latency, env } of kinds) {
      log(`${count} stations in one process, ${sockets}`);
      const program = await HelperProcess.start(
        'receive-many',
        { stations, latency: Millis(latency) } satisfies ManyTask,
        { env },
      );
      const measured = await measure(program, 5, stations);
      many.push({ stations: count, sockets, ...measured, ...(await program.ask<ManyReport>('end')) });
      await program.end();
    }
    await server.end();
  }
}

if (contestants.length > 0) await measureRecordings();
if (isWanted('many')) await measureMany();

finish({
  tables: [
    [
      `One station of 5 Mbit/s into a file, ${options.rounds} × ${options.seconds} s: median (least–most)`,
      [...recordings].map(([program, all]) => ({
        program,
        'CPU, % of a core': over(all, ({ cpu }) => cpu * 100, 2),
        'wake-ups/s': over(all, ({ wakeUps }) => wakeUps, 0),
        'RSS, MB': over(all, ({ rss }) => rss / 1e6, 0),
        dropped: sum(all.map(({ dropped }) => dropped)),
      })),
    ],
    [
      `Many stations of 5 Mbit/s in one process, ${options.seconds} s`,
      many.map(({ stations, sockets, cpu, wakeUps, rss, dropped, packets, lost }) => ({
        stations,
        sockets,
        'CPU, % of a core': (cpu * 100).toFixed(1),
        'per station': ((cpu * 100) / stations).toFixed(3),
        'wake-ups/s': wakeUps.toFixed(0),
        'RSS, MB': (rss / 1e6).toFixed(0),
        packets,
        lost,
        dropped,
      })),
    ],
  ],
  data: { seconds: options.seconds, recordings: Object.fromEntries(recordings), many },
  out: options.out,
});
