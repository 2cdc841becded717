/**
 * What playing out costs, and how evenly it goes: ours beside FFmpeg, multicat, tsplay and GStreamer, whichever are
 * installed, one after another on the same packets, and beside a bare loop that only sends. Needs Linux, ffmpeg, and a
 * network namespace, in which all of it happens. `--help` tells the options.
 */
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Store } from '../src/reel/store.js';
import { playoutChart } from './support/chart.js';
import { bound, type Contestant, ours, peers } from './support/contestants.js';
import { LONGEST_START, measure, type Result, WINDOWS } from './support/measure.js';
import { cutBeforeSending, ownNetwork, refuse } from './support/namespace.js';
import { BIT_RATE, differentReels, makeFilm, type Prepared, prepare } from './support/reels.js';
import { costTable, evennessTable } from './support/tables.js';
import { isInstalled, msc, scratch, write } from './support.js';

const COUNTS = [1, 20, 100];
/** Ours, and sending alone, also with so many. */
const MORE = [300, 1_000];
/** Ours also with so many different reels. */
const DIFFERENT = [100, 1_000];
/** Of a reel of which there are a thousand: the disk has room, and memory. */
const SHORT = 12;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    counts: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
    chart: { type: 'string' },
    msc: { type: 'string', default: msc },
    'no-offload': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (options.help) {
  console.log(`npm run bench -- playout [options]
  --only a,b      contestants whose name begins so: msc, ffmpeg, multicat, tsplay, gstreamer, sending
  --counts 1,20   numbers of stations
  --seconds 3     of each of the ${WINDOWS} windows
  --quick         1 and 20 stations, one second
  --out FILE      stats as JSON
  --chart FILE    a drawing of them, SVG
  --msc FILE      another build's bin/msc.js
  --no-offload    the system cuts segmented messages into datagrams itself, as for a network card that cannot`);
  process.exit();
}
const window = options.quick ? 1 : Number(options.seconds);
if (!(window >= 1)) refuse(`--seconds ${options.seconds}: it is a number from 1`);
const counts = options.counts?.split(',').map(Number) ?? (options.quick ? [1, 20] : [...COUNTS, ...MORE]);
if (!counts.every((count) => Number.isInteger(count) && count >= 1)) {
  refuse(`--counts ${options.counts}: they are whole numbers from 1, with commas between them`);
}
const only = options.only?.toLowerCase().split(',');
const isWanted = (name: string) => !only || only.some((start) => name.toLowerCase().startsWith(start));

await ownNetwork();
if (options['no-offload']) cutBeforeSending();
if (!isInstalled('ffmpeg')) refuse('it needs ffmpeg, for its film (apt-get install ffmpeg)');

const began = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

const folder = scratch();
const store = new Store(join(folder, 'store'));
await store.open();

async function film(name: string, duration: number): Promise<Prepared> {
  const path = join(folder, `${name}.mp4`);
  await makeFilm(path, duration);
  return prepare(store, path, options.msc);
}
say('Making a film and its reel');
// It is played once only by those that cannot repeat it, and a hundred of them do not begin at once.
const reel = await film('film', Math.ceil(20 + LONGEST_START + (WINDOWS + 1) * window));

const results: Result[] = [];
const failures: string[] = [];

async function run(contestant: Contestant, stations: number, sources: string[], files: Result['files'] = 'equal') {
  const what = `${contestant.name}, ${stations} ${stations === 1 ? 'station' : 'stations'}, ${files} files`;
  say(what);
  const task = { stations, sources, files, store, window, packets: reel.packets, bitrate: reel.bitrate };
  const result = await measure(contestant, task).catch((error: Error) => {
    failures.push(`${what}: ${error.message}`);
    say(failures[failures.length - 1]!);
  });
  if (result) results.push(result);
}

const server = ours(options.msc);
const { found, missing } = peers();
for (const name of missing) say(`${name} is not installed: left out`);
const others = found.filter(({ name }) => isWanted(name));
const pacesFor = (stations: number) => {
  const own = results.find((result) => result.name === server.name && result.stations === stations);
  // Without ours there is its design: a message for each station every 10 ms.
  const packets = (stations * reel.bitrate) / 8 / (7 * 188);
  const { messages, wakeUps, received } = own ?? { messages: stations * 100, wakeUps: 100, received: null };
  return { packets: own?.packets ?? packets, messages, wakeUps, length: received?.packetLength ?? 1_328 };
};
const sending = bound({ packets: 0, messages: 0, wakeUps: 0, length: 0 });
const contestants = [server, sending, ...others].filter(({ name }) => isWanted(name));

for (const stations of counts) {
  const sources = Array<string>(stations).fill(reel.source);
  if (isWanted(server.name)) await run(server, stations, sources);
  if (isWanted(sending.name)) await run(bound(pacesFor(stations)), stations, sources);
  const most = Math.max(...COUNTS);
  for (const contestant of options.counts || stations <= most ? others : []) {
    if (stations >= (contestant.leastStations ?? 1)) await run(contestant, stations, sources);
  }
}

const different = isWanted(server.name) ? DIFFERENT.filter((stations) => counts.includes(stations)) : [];
if (different.length > 0) {
  const most = Math.max(...different);
  say(`Making ${most} different reels`);
  const sources = await differentReels(store, await film('short', SHORT), most);
  if (sources === null) say(`no room in ${folder} for ${most} reels: left out`);
  else for (const stations of different) await run(server, stations, sources, 'different');
}

const report = {
  what: 'Playing out: cost and evenness',
  machine: `${cpus().length} × ${cpus()[0]!.model}, Linux ${release()}, Node ${process.versions.node}`,
  bitRate: BIT_RATE,
  offload: !options['no-offload'],
  windows: { count: WINDOWS, seconds: window },
  contestants: contestants.map(({ name, version, how }) => ({ name, version, how })),
  missing,
  failures,
  results,
};
if (options.out) write(options.out, `${JSON.stringify(report, null, 2)}\n`);
if (options.chart) write(options.chart, playoutChart(results));
console.log(
  `\n${report.machine}; ${WINDOWS} windows of ${window} s, medians (least–most)${options['no-offload'] ? '; no offload' : ''}`,
);
for (const { name, version, how } of report.contestants) console.log(`${name} ${version}: ${how}`);
console.log(costTable(results, reel.bitrate));
console.log(evennessTable(results));
for (const failure of failures) console.log(`failed: ${failure}`);
process.exit(failures.length > 0 ? 1 : 0);
