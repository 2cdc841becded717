/**
 * How long a station takes to show: from the command to the first picture, with random access points every 1, 2 and 4
 * seconds, at random instants. Ours beside mpv, FFmpeg and VLC, whichever are installed. Needs Linux, ffmpeg, Xvfb, and
 * network namespaces, in which all of it happens. `--help` tells the options.
 */
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Store } from '../src/reel/store.js';
import { randomFrom } from '../test/support/relay.js';
import { quantile } from './support/arrivals.js';
import { Cable, NAME } from './support/cable.js';
import { zapChart } from './support/chart.js';
import { ownNetwork, refuse } from './support/namespace.js';
import { makeFilm, prepare } from './support/reels.js';
import { Screen } from './support/screen.js';
import { serveStations } from './support/serve.js';
import { ourZappers, type Zapper, zappers } from './support/zappers.js';
import { isInstalled, msc, scratch, write } from './support.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    gops: { type: 'string', default: '1,2,4' },
    tries: { type: 'string', default: '2' },
    'round-trip': { type: 'string', default: '40' },
    out: { type: 'string' },
    chart: { type: 'string' },
    msc: { type: 'string', default: msc },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (options.help) {
  console.log(`npm run bench -- zap [options]
  --only a,b      programs whose name begins so: msc, ffmpeg, ffplay, mpv, vlc
  --gops 1,2,4    seconds between random access points
  --tries 2       of each
  --round-trip 40 milliseconds, of ours once more over a long cable
  --out FILE      stats as JSON
  --chart FILE    a drawing of them, SVG
  --msc FILE      another build's bin/msc.js`);
  process.exit();
}
const tries = Number(options.tries);
if (!(Number.isInteger(tries) && tries >= 1)) refuse(`--tries ${options.tries}: it is a whole number from 1`);
const gops = options.gops.split(',').map(Number);
if (!gops.every((gop) => gop >= 0.2 && gop <= 10)) refuse(`--gops ${options.gops}: they are seconds from 0.2 to 10`);
const only = options.only?.toLowerCase().split(',');
const isWanted = ({ name }: Zapper) => !only || only.some((start) => name.toLowerCase().startsWith(start));

await ownNetwork();
for (const [program, debian] of [
  ['ffmpeg', 'ffmpeg'],
  ['Xvfb', 'xvfb'],
]) {
  if (!isInstalled(program!)) refuse(`it needs ${program} (apt-get install ${debian})`);
}

const began = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

/** Whoever shows nothing by then shows nothing. */
const PATIENCE = 20_000;

interface Result {
  name: string;
  gop: number;
  /** Milliseconds, of each try. */
  times: number[];
}

const folder = scratch();
const store = new Store(join(folder, 'store'));
await store.open();
say('Making films and their reels');
const films: string[] = [];
for (const gop of gops) {
  const film = join(folder, `gop-${gop}.mp4`);
  await makeFilm(film, 12, gop);
  await prepare(store, film, options.msc);
  films.push(film, film);
}
// Two stations of each film.
const serve = (on: string) => serveStations(options.msc, films, ['--interface', on, '--store', store.folder]);
const { stations } = await serve('lo');

const roundTrip = Number(options['round-trip']);
const cable = await Cable.lay({ there: { delay: roundTrip / 2 }, back: { delay: roundTrip / 2 } });
await serve(NAME);

const screen = await Screen.open(join(folder, 'screen'));
const { found, missing } = zappers(screen);
for (const name of missing) say(`${name} is not installed: left out`);
const far = { program: options.msc, before: cable.atFarEnd, on: NAME, label: ` at ${roundTrip} ms` };
const contestants = [
  ...ourZappers(screen, { program: options.msc, before: [], on: 'lo', label: '' }, true),
  ...ourZappers(screen, far, false),
  ...found,
].filter(isWanted);
const random = randomFrom(7);
const results: Result[] = [];
const failures: string[] = [];
for (const [i, gop] of gops.entries()) {
  for (const contestant of contestants) {
    say(`${contestant.name}, a random access point every ${gop} s`);
    const times: number[] = [];
    const alike = stations.slice(2 * i, 2 * i + 2);
    // The first time of what goes on running is another matter: it opens its window.
    if (contestant.close) await contestant.zap(alike, PATIENCE).catch(() => undefined);
    for (let n = 0; n < tries; n++) {
      await sleep(random() * gop * 1_000);
      await contestant.zap(alike, PATIENCE).then(
        (time) => times.push(time),
        (error: Error) => failures.push(`${contestant.name}, ${gop} s: ${error.message}`),
      );
    }
    if (times.length > 0) results.push({ name: contestant.name, gop, times });
    await contestant.close?.();
  }
}
await cable.remove();

const report = {
  what: 'From the command to the first picture',
  machine: `${cpus().length} × ${cpus()[0]!.model}, Linux ${release()}, Node ${process.versions.node}`,
  tries,
  contestants: contestants.map(({ name, version, how }) => ({ name, version, how })),
  missing,
  failures,
  results,
};
if (options.out) write(options.out, `${JSON.stringify(report, null, 2)}\n`);
if (options.chart) {
  const drawn = results.filter(({ name }) => !/low delay|first| \d+ ms$/.test(name)); // more lines would be too many
  write(options.chart, zapChart(drawn.map(({ name, gop, times }) => ({ name, gop, time: quantile(times, 0.5) }))));
}
console.log(`\n${report.machine}; ${tries} tries each, milliseconds`);
for (const { name, version, how } of report.contestants) console.log(`${name} ${version}: ${how}`);
console.table(
  results.map(({ name, gop, times }) => ({
    program: name,
    'random access, s': gop,
    p50: quantile(times, 0.5).toFixed(0),
    p90: quantile(times, 0.9).toFixed(0),
    p99: quantile(times, 0.99).toFixed(0),
    least: quantile(times, 0).toFixed(0),
    most: quantile(times, 1).toFixed(0),
    tries: times.length,
  })),
);
for (const failure of failures) console.log(`failed: ${failure}`);
process.exit(failures.length > 0 ? 1 : 0);
