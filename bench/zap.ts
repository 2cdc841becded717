import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Millis } from '../src/base/units.js';
import { randomFrom } from '../test/support/relay.js';
import { attempt, finish, log, openBenchmark, write } from './support/benchmark.js';
import { Cable, NAME } from './support/cable.js';
import { zapChart } from './support/chart.js';
import { mscOption, nameFilter, outOption, readOptions } from './support/options.js';
import { makeReel } from './support/reels.js';
import { Screen } from './support/screen.js';
import { serveStations } from './support/serve.js';
import { quantile } from './support/stats.js';
import { ourZappers, zappers } from './support/zappers.js';

const options = readOptions(
  'Time from the command to the first picture of a station, at random instants: ours beside mpv, FFmpeg and VLC. ' +
    'Needs Linux and root.',
  {
    only: ['', 'programs whose names begin with msc, ffmpeg, ffplay, mpv, vlc'],
    gops: [[1, 2, 4], 'seconds between random access points'],
    tries: [2, 'tries of each program'],
    'round-trip': [40, 'of the long cable over which ours is measured a second time, ms'],
    chart: ['', 'write a chart to this file as SVG'],
    ...outOption,
    ...mscOption,
  },
);
const { folder, store } = await openBenchmark(['ffmpeg', 'Xvfb']);

/** Longest wait for a picture, ms. */
const PATIENCE = 20_000;

interface Result {
  name: string;
  gop: number;
  /** Milliseconds, of each try. */
  times: number[];
}

// Two stations of each film.
const sources: string[] = [];
for (const gop of options.gops) {
  const { source } = await makeReel(store, { name: `gop-${gop}`, duration: 12, gop, program: options.msc });
  sources.push(source, source);
}
const serve = (on: string) =>
  serveStations({ program: options.msc, store: store.folder, sources, flags: ['--interface', on] });
const { stations } = await serve('lo');

const roundTrip = options['round-trip'];
const cable = await Cable.lay({ there: { delay: Millis(roundTrip / 2) }, back: { delay: Millis(roundTrip / 2) } });
await serve(NAME);

const screen = await Screen.open(join(folder, 'screen'));
const far = { program: options.msc, before: cable.atFarEnd, on: NAME, label: ` at ${roundTrip} ms` };
const isWanted = nameFilter(options.only);
const contestants = [
  ...ourZappers(screen, { program: options.msc, before: [], on: 'lo', label: '' }, { withCommand: true }),
  ...ourZappers(screen, far, { withCommand: false }),
  ...zappers(screen),
].filter(({ name }) => isWanted(name));
const random = randomFrom(7);
const results: Result[] = [];
for (const [i, gop] of options.gops.entries()) {
  for (const contestant of contestants) {
    const { name } = contestant;
    log(`${name}, a random access point every ${gop} s`);
    const times: number[] = [];
    const alike = stations.slice(2 * i, 2 * i + 2);
    // The first try of a program that continues to run opens its window, and does not count.
    if (contestant.close) await contestant.zap(alike, PATIENCE).catch(() => undefined);
    for (let n = 0; n < options.tries; n++) {
      await sleep(random() * gop * 1_000);
      await attempt(`${name}, ${gop} s`, async () => times.push(await contestant.zap(alike, PATIENCE)));
    }
    if (times.length > 0) results.push({ name, gop, times });
    await contestant.close?.();
  }
}
await cable.remove();

if (options.chart) {
  const drawn = results.filter(({ name }) => !/low delay|first| \d+ ms$/.test(name)); // All lines would be too many.
  write(options.chart, zapChart(drawn.map(({ name, gop, times }) => ({ name, gop, time: quantile(times, 0.5) }))));
}
const rows = results.map(({ name, gop, times }) => ({
  program: name,
  'random access, s': gop,
  p50: quantile(times, 0.5).toFixed(0),
  p90: quantile(times, 0.9).toFixed(0),
  p99: quantile(times, 0.99).toFixed(0),
  min: quantile(times, 0).toFixed(0),
  max: quantile(times, 1).toFixed(0),
  tries: times.length,
}));
finish({
  tables: [['From the command to the first picture, ms', rows]],
  contestants,
  data: { results },
  out: options.out,
});
