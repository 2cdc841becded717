import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADJUSTMENT_PERIOD, SlewingClock } from '../src/clock/clock.js';
import { PlayoutPool } from '../src/playout/playout-pool.js';
import { StatsOverTime } from '../src/playout/stats.js';
import type { Reel } from '../src/reel/reel.js';
import { stationAddress, stationSsrc } from '../src/station/identity.js';
import { Station } from '../src/station/station.js';
import { loadLibc } from '../src/system/libc.js';
import { finish, log, openBenchmark } from './support/benchmark.js';
import { refuse } from './support/namespace.js';
import { outOption, readOptions } from './support/options.js';
import { HelperProcess, machineCpuSeconds } from './support/processes.js';
import type { Received } from './support/receive.js';
import { differentReels, inPageCache, makeReel, reelId } from './support/reels.js';
import { sum } from './support/stats.js';

const options = readOptions(
  'Effect of added and removed stations on the others: 5 Mbit/s each, from one playout thread. The reels that are ' +
    'added are on the disk and not in memory. Needs Linux and root.',
  {
    stations: [300, 'stations that stay on air'],
    rounds: [4, 'measurements without and with changes'],
    changes: [6, 'additions in a round, and as many removals'],
    ...outOption,
  },
);
const SAMPLED = 8;
/** Time between two changes, ms. */
const PAUSE = 400;

const { folder, store } = await openBenchmark(['ffmpeg']);
setPriority(constants.priority.PRIORITY_HIGH); // As the server does.

const reel = await makeReel(store, { duration: 12 });
const guests = await differentReels(store, reel, options.rounds * options.changes);
if (!guests) refuse(`${folder} has no room for ${options.rounds * options.changes} reels`);

const openReel = async (source: string): Promise<Reel> => store.openReel(await reelId(store, source));

const POSIX_FADV_DONTNEED = 4;
const { libc } = await loadLibc();
for (const guest of guests) {
  const opened = await openReel(guest);
  libc?.posix_fadvise(opened.data.descriptor, 0, 0, POSIX_FADV_DONTNEED);
  new Station({ items: [{ name: '', reel: opened }], ssrc: 0 }).close();
}
const cached = await inPageCache(store, guests);
if (cached !== null) log(`${Math.round(cached * 100)}% of the reels to be added are in memory`);

const clock = new SlewingClock();
setInterval(() => clock.adjust(), ADJUSTMENT_PERIOD).unref();
const pool = await PlayoutPool.open({
  clock,
  interfaceAddress: '127.0.0.1',
  ttl: 1,
  workers: 1,
  onNote: console.error,
  onReadError: console.error,
});

const taken = new Set<string>();
async function add(id: string, source: string) {
  const station = new Station({ items: [{ name: id, reel: await openReel(source) }], ssrc: stationSsrc(id) });
  const address = stationAddress(id, taken);
  taken.add(address.group);
  pool.add({ id, station, ...address, bitrate: reel.bitrate });
  return { station, address, progress: pool.progress(id)! };
}

const others: Awaited<ReturnType<typeof add>>[] = [];
for (let i = 0; i < options.stations; i++) others.push(await add(`station-${i}`, reel.source));
const step = Math.max(1, Math.floor(options.stations / SAMPLED));
const sampled = others.filter((_, i) => i % step === 0).map(({ address }) => address);
await sleep(2_000);

interface Block {
  /** Lateness of all other stations as the playout thread counts it, and of some at a receiver, ms. */
  counted: { p99: number; max: number };
  received: { p99: number; max: number };
  dropped: number;
  /** Share of a core that everything else on the machine used. */
  elsewhere: number;
}

/** Processor seconds of everything except this process. */
function cpuElsewhere(): number {
  const { user, system } = process.cpuUsage();
  return machineCpuSeconds() - (user + system) / 1e6;
}

/** Measures the other stations while `work` runs. */
async function during(work: () => Promise<unknown>): Promise<Block> {
  const listener = await HelperProcess.start('receive', sampled);
  await sleep(PAUSE);
  const progress = others.map((other) => other.progress);
  const stats = new StatsOverTime();
  stats.next(progress);
  listener.write('begin');
  const before = { time: performance.now() / 1000, cpu: cpuElsewhere() };
  await work();
  const elsewhere = (cpuElsewhere() - before.cpu) / (performance.now() / 1000 - before.time);
  const { lateness, droppedLate } = stats.next(progress);
  const { lateness: received } = await listener.ask<Received>('end clocked');
  await listener.end();
  if (!received) throw new Error('nothing was received');
  return { counted: lateness, received, dropped: droppedLate, elsewhere };
}

async function change(sources: readonly string[]): Promise<void> {
  for (const source of sources) {
    const id = `guest ${source}`;
    const { station } = await add(id, source);
    await sleep(PAUSE);
    await pool.remove(id);
    station.close();
    await sleep(PAUSE);
  }
}

const length = 2 * options.changes * PAUSE;
const quiet: Block[] = [];
const changing: Block[] = [];
for (let round = 0; round < options.rounds; round++) {
  log(`round ${round + 1} of ${options.rounds}`);
  quiet.push(await during(() => sleep(length)));
  changing.push(await during(() => change(guests.slice(round * options.changes, (round + 1) * options.changes))));
}
await pool.close();

const list = (values: number[]) => values.map((value) => value.toFixed(1)).join('  ');
const row = (changes: string, blocks: Block[]) => ({
  changes,
  'p99, counted': list(blocks.map(({ counted }) => counted.p99)),
  'max, counted': list(blocks.map(({ counted }) => counted.max)),
  'max, received': list(blocks.map(({ received }) => received.max)),
  dropped: sum(blocks.map(({ dropped }) => dropped)),
  'other CPU, %': blocks.map(({ elsewhere }) => Math.max(0, elsewhere * 100).toFixed(0)).join('  '),
});
const title = `Lateness of ${options.stations} stations, ms, in ${options.rounds} rounds of ${length / 1000} s`;
finish({
  tables: [[title, [row('none', quiet), row(`${options.changes} stations added and removed`, changing)]]],
  data: { quiet, changing },
  out: options.out,
});
