import { attempt, finish, log, openBenchmark, write } from './support/benchmark.js';
import { playoutChart } from './support/chart.js';
import { bound, type Contestant, ours, peers } from './support/contestants.js';
import { LONGEST_START, measure, type Result, WINDOWS } from './support/measure.js';
import { refuse } from './support/namespace.js';
import { mscOption, nameFilter, outOption, readOptions } from './support/options.js';
import { BIT_RATE, differentReels, makeReel } from './support/reels.js';
import { costTable, evennessTable } from './support/tables.js';

const options = readOptions(
  'Cost and evenness of playout: ours beside FFmpeg, multicat, tsplay and GStreamer with the same packets, and beside a ' +
    'loop that only sends. Needs Linux and root.',
  {
    only: ['', 'contestants whose names begin with msc, ffmpeg, multicat, tsplay, gstreamer, sending'],
    counts: [[1, 20, 100, 300, 1_000], 'numbers of stations; other programs have at most 100'],
    seconds: [3, `length of each of the ${WINDOWS} windows`],
    quick: [false, '1 and 20 stations, one second'],
    chart: ['', 'write a chart to this file as SVG'],
    ...outOption,
    ...mscOption,
  },
);
/** Largest number of stations for other programs. */
const MOST_OF_OTHERS = 100;
/** Numbers of stations that ours plays from different reels as well. */
const DIFFERENT = [100, 1_000];
/** Length of the film of the different reels, so that a thousand fit on the disk and in memory. Seconds. */
const SHORT = 12;

const window = options.quick ? 1 : options.seconds;
const counts = options.quick ? [1, 20] : options.counts;
if (window < 1) refuse(`--seconds ${window}: expected a number from 1`);
if (!counts.every((count) => Number.isInteger(count) && count >= 1)) {
  refuse(`--counts ${counts}: expected whole numbers from 1, with commas`);
}
const isWanted = nameFilter(options.only);
const { folder, store } = await openBenchmark(['ffmpeg']);

// Some contestants play the film once, and a hundred of them do not start at the same time.
const duration = Math.ceil(20 + LONGEST_START + (WINDOWS + 1) * window);
const reel = await makeReel(store, { duration, program: options.msc });
const results: Result[] = [];

async function run(contestant: Contestant, stations: number, sources: string[], files: Result['files'] = 'equal') {
  const name = `${contestant.name}, ${stations} ${stations === 1 ? 'station' : 'stations'}, ${files} files`;
  log(name);
  const task = { stations, sources, files, store, window, packets: reel.packets, bitrate: reel.bitrate };
  await attempt(name, async () => results.push(await measure(contestant, task)));
}

const server = ours(options.msc);
const others = peers().filter(({ name }) => isWanted(name));
const paceFor = (stations: number) => {
  const own = results.find((result) => result.name === server.name && result.stations === stations);
  if (own) {
    const { packets, messages, wakeUps, received } = own;
    return { packets, messages, wakeUps, length: received.packetLength };
  }
  // Without a measurement: a message per station every 10 ms.
  const packets = (stations * reel.bitrate) / 8 / (7 * 188);
  return { packets, messages: stations * 100, wakeUps: 100, length: 1_328 };
};
const sending = bound({ packets: 0, messages: 0, wakeUps: 0, length: 0 });

for (const stations of counts) {
  const sources = Array<string>(stations).fill(reel.source);
  if (isWanted(server.name)) await run(server, stations, sources);
  if (isWanted(sending.name)) await run(bound(paceFor(stations)), stations, sources);
  for (const contestant of stations <= MOST_OF_OTHERS ? others : []) {
    if (stations >= (contestant.leastStations ?? 1)) await run(contestant, stations, sources);
  }
}

const different = isWanted(server.name) ? DIFFERENT.filter((stations) => counts.includes(stations)) : [];
if (different.length > 0) {
  const most = Math.max(...different);
  log(`Making ${most} different reels`);
  const short = await makeReel(store, { name: 'short', duration: SHORT, program: options.msc });
  const sources = await differentReels(store, short, most);
  if (sources === null) log(`${folder} has no room for ${most} reels: left out`);
  else for (const stations of different) await run(server, stations, sources.slice(0, stations), 'different');
}

if (options.chart) write(options.chart, playoutChart(results));
finish({
  tables: [costTable(results, reel.bitrate), evennessTable(results)],
  contestants: [server, sending, ...others].filter(({ name }) => isWanted(name)),
  data: { bitRate: BIT_RATE, windows: { count: WINDOWS, seconds: window }, results },
  out: options.out,
});
