/**
 * What the others notice when a station is added or removed: 300 stations of 5 Mbit/s in one playout thread, left alone
 * and with one more coming and going in turn. Its reel is on the disk and not in memory. Needs Linux, ffmpeg, and a
 * network namespace, in which all of it happens.
 */
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADJUSTMENT_PERIOD, SlewingClock } from '../src/clock/clock.js';
import { defaultMediaSettings } from '../src/media/settings.js';
import { PlayoutPool } from '../src/playout/playout-pool.js';
import { StatsOverTime } from '../src/playout/stats.js';
import type { Reel } from '../src/reel/reel.js';
import { Store } from '../src/reel/store.js';
import { stationAddress, stationSsrc } from '../src/station/identity.js';
import { Station } from '../src/station/station.js';
import { loadLibc } from '../src/system/libc.js';
import type { StationCounters } from '../src/threads/station-counters.js';
import { Listener } from './support/listener.js';
import { ownNetwork, refuse } from './support/namespace.js';
import { machineCpuSeconds } from './support/processes.js';
import { differentReels, inPageCache, makeFilm, prepare } from './support/reels.js';
import { isInstalled, report, scratch } from './support.js';

const STATIONS = 300;
const HEARD = 8;
const ROUNDS = 4;
/** Additions in a round, and as many removals. */
const CHANGES = 6;
/** Between two of them. */
const PAUSE = 400;

await ownNetwork();
if (!isInstalled('ffmpeg')) refuse('it needs ffmpeg, for its film (apt-get install ffmpeg)');
// As the server does.
setPriority(constants.priority.PRIORITY_HIGH);

const folder = scratch();
const store = new Store(join(folder, 'store'));
await store.open();
const film = join(folder, 'film.mp4');
await makeFilm(film, 12);
const reel = await prepare(store, film);
const guests = await differentReels(store, reel, ROUNDS * CHANGES);
if (!guests) refuse(`no room in ${folder} for ${ROUNDS * CHANGES} reels`);

async function openReel(source: string): Promise<Reel> {
  const content = await store.readContentHash(source);
  return store.openReel(store.reelId(content, { ...defaultMediaSettings, target: null }));
}

const POSIX_FADV_DONTNEED = 4;
const { libc } = await loadLibc();
for (const guest of guests) {
  const opened = await openReel(guest);
  libc?.posix_fadvise(opened.data.descriptor, 0, 0, POSIX_FADV_DONTNEED);
  new Station({ items: [{ name: '', reel: opened }], ssrc: 0 }).close();
}

const cached = await inPageCache(store, guests);
if (cached !== null) process.stderr.write(`of the reels to be added, ${Math.round(cached * 100)}% are in memory\n`);

const clock = new SlewingClock();
setInterval(() => clock.adjust(), ADJUSTMENT_PERIOD).unref();
const complain = (...words: unknown[]) => console.error(...words);
const pool = await PlayoutPool.open({
  clock,
  interfaceAddress: '127.0.0.1',
  ttl: 1,
  workers: 1,
  onNote: complain,
  onReadError: complain,
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
for (let i = 0; i < STATIONS; i++) others.push(await add(`station-${i}`, film));
const heard = Array.from({ length: HEARD }, (_, i) => others[Math.floor((i * STATIONS) / HEARD)]!.address);
await sleep(2_000);

interface Block {
  /** As the playout thread counts, of all the others; and at a receiver, of some of them. Milliseconds. */
  counted: { p99: number; max: number };
  received: { p99: number; max: number };
  dropped: number;
  /** Of a core, used by everything else on the machine. */
  elsewhere: number;
}

/** Processor seconds of all but this process. */
function cpuElsewhere(): number {
  const { user, system } = process.cpuUsage();
  return machineCpuSeconds() - (user + system) / 1e6;
}

/** What becomes of the others while `work` is done. */
async function during(work: () => Promise<void>): Promise<Block> {
  const listener = await Listener.start(heard);
  await sleep(PAUSE);
  const progress: StationCounters[] = others.map((other) => other.progress);
  const stats = new StatsOverTime();
  stats.next(progress);
  listener.begin();
  const before = { time: performance.now() / 1000, cpu: cpuElsewhere() };
  await work();
  const elsewhere = (cpuElsewhere() - before.cpu) / (performance.now() / 1000 - before.time);
  const { lateness, droppedLate } = stats.next(progress);
  const { lateness: received } = await listener.end(true);
  await listener.close();
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

const quiet: Block[] = [];
const changing: Block[] = [];
for (let round = 0; round < ROUNDS; round++) {
  process.stderr.write(`round ${round + 1} of ${ROUNDS}\n`);
  quiet.push(await during(() => sleep(2 * CHANGES * PAUSE)));
  changing.push(await during(() => change(guests.slice(round * CHANGES, (round + 1) * CHANGES))));
}
await pool.close();

const shown = (values: number[]) => values.map((value) => value.toFixed(1)).join('  ');
const row = (what: string, blocks: Block[]) => ({
  what,
  'p99, counted': shown(blocks.map(({ counted }) => counted.p99)),
  'latest, counted': shown(blocks.map(({ counted }) => counted.max)),
  'latest, received': shown(blocks.map(({ received }) => received.max)),
  dropped: blocks.reduce((sum, { dropped }) => sum + dropped, 0),
  'CPU of others, %': blocks.map(({ elsewhere }) => Math.max(0, elsewhere * 100).toFixed(0)).join('  '),
});
report(`Lateness of ${STATIONS} stations, ms, in ${ROUNDS} rounds of ${(2 * CHANGES * PAUSE) / 1000} s`, [
  row('left alone', quiet),
  row(`${CHANGES} stations added and removed`, changing),
]);
process.exit();
