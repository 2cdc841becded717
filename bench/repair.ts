/**
 * What comes whole over a bad line, and what that costs on it: ours beside RIST and FEC of SMPTE 2022-1 (FFmpeg to
 * GStreamer), whichever are installed, one after another on the same film with the same buffer. Losses are made by the
 * firewall of the receiving network, at random; gaps by the cable, on which packets take 10 ms each way. Needs Linux,
 * ffmpeg, nft, and network namespaces, in which all of it happens. `--help` tells the options.
 */
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Store } from '../src/reel/store.js';
import { Cable, NAME, type Traffic } from './support/cable.js';
import { repairChart } from './support/chart.js';
import { Collector, type CompletenessReport } from './support/collector.js';
import { ownNetwork, refuse } from './support/namespace.js';
import type { Program } from './support/processes.js';
import { makeFilm, prepare } from './support/reels.js';
import { BUFFER, type Repairer, repairers } from './support/repairers.js';
import { isInstalled, msc, scratch, write } from './support.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    losses: { type: 'string', default: '1,5,10,20,30,gaps' },
    seconds: { type: 'string', default: '3' },
    'round-trip': { type: 'string', default: '20' },
    out: { type: 'string' },
    chart: { type: 'string' },
    msc: { type: 'string', default: msc },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (options.help) {
  console.log(`npm run bench -- repair [options]
  --only a,b           contestants whose name begins so: msc, rist, ffmpeg
  --losses 1,5,gaps    per cent at random; gaps: nothing for 50 ms every second
  --seconds 3          of each
  --round-trip 20      milliseconds
  --out FILE           stats as JSON
  --chart FILE         a drawing of them, SVG
  --msc FILE           another build's bin/msc.js`);
  process.exit();
}
const window = Number(options.seconds);
if (!(window >= 1)) refuse(`--seconds ${options.seconds}: it is a number from 1`);
const losses = options.losses.split(',').map((word): number | 'gaps' => (word === 'gaps' ? word : Number(word) / 100));
if (!losses.every((loss) => loss === 'gaps' || (loss >= 0 && loss < 1))) {
  refuse(`--losses ${options.losses}: they are per cent, or "gaps", with commas between them`);
}
const only = options.only?.toLowerCase().split(',');
const isWanted = ({ name }: Repairer) => !only || only.some((start) => name.toLowerCase().startsWith(start));

await ownNetwork();
if (!isInstalled('ffmpeg')) refuse('it needs ffmpeg, for its film (apt-get install ffmpeg)');
if (!isInstalled('nft')) refuse('it needs nft, which loses packets (apt-get install nftables)');

const began = performance.now();
const say = (text: string) =>
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}\n`);

/** Until the contestants have found each other. */
const PATIENCE = 10_000;
/** Until they go steadily, and until losses have come to be usual. */
const WARM_UP = 2_000;
const SETTLE = 1_000;
const GAPS = { every: 1_000, length: 50 };
/** Seconds of film: it is repeated, but for contestants that play it once, which take so much longer than is measured. */
const SPARE = 15;

interface Result extends CompletenessReport {
  name: string;
  loss: number | 'gaps';
  seconds: number;
  /** Bytes on the line, IP headers included, for each byte of transport stream. */
  there: number;
  back: number;
  /** Datagrams for which the contestant's own sockets had no room. */
  overflows: number;
}

const lossText = (loss: Result['loss']) => (loss === 'gaps' ? 'gaps of 50 ms' : `${loss * 100}%`);

const { found, missing } = repairers(options.msc);
for (const name of missing) say(`${name} is not installed: left out`);
const contestants = found.filter(isWanted);

const folder = scratch();
const store = new Store(join(folder, 'store'));
await store.open();
say('Making a film and its reel');
const film = join(folder, 'film.mp4');
const isLong = contestants.some(({ isOnce }) => isOnce);
await makeFilm(film, SPARE + (isLong ? Math.ceil(window) : 0));
const reel = await prepare(store, film, options.msc);

/** Between two looks at the counters. */
interface Span {
  seconds: number;
  traffic: { before: Traffic; after: Traffic };
  overflows: number;
}

/** What becomes of the stream while each loss happens, one after another; `done` is told of each. */
async function measure(
  contestant: Repairer,
  losses: readonly Result['loss'][],
  done: (result: Result) => void,
): Promise<void> {
  const delay = Number(options['round-trip']) / 2;
  const cable = await Cable.lay({ there: { delay }, back: { delay } });
  const running: Program[] = [];
  try {
    const { atFarEnd } = cable;
    const carrying = await contestant.start({ reel, store: store.folder, folder, atFarEnd });
    const { source, reference, isClocked, programs, deaf } = carrying;
    running.push(...programs);
    if (deaf !== undefined) cable.deafen(deaf);
    const collecting = { reference, reel: isClocked ? reel.folder : null, source };
    const collector = await Collector.start(atFarEnd, collecting, { MSC_INTERFACE: NAME });
    running.push(collector.program);
    await collector.receiving(PATIENCE);
    await sleep(WARM_UP);
    for (const loss of losses) {
      say(`${contestant.name}, ${lossText(loss)}`);
      cable.lose(loss === 'gaps' ? 0 : loss);
      cable.change(loss === 'gaps' ? { delay, gaps: GAPS } : { delay });
      await sleep(SETTLE);
      collector.begin();
      const { traffic, seconds, overflows } = await during(cable, window * 1_000);
      const report = await collector.end();
      const ended = programs.find(({ hasEnded }) => hasEnded);
      if (ended) throw new Error(`it ended by itself. ${ended.said}`);
      const media = (reel.bitrate / 8) * seconds;
      const there = (traffic.after.received.bytes - traffic.before.received.bytes) / media;
      const back = (traffic.after.sent.bytes - traffic.before.sent.bytes) / media;
      done({ name: contestant.name, loss, seconds, there, back, overflows, ...report });
    }
  } finally {
    await Promise.all(running.map((program) => program.end(1_000)));
    await cable.remove();
  }
}

async function during(cable: Cable, time: number): Promise<Span> {
  const look = () => ({ traffic: cable.traffic(), overflows: cable.overflows(), time: performance.now() });
  const before = look();
  await sleep(time);
  const after = look();
  return {
    seconds: (after.time - before.time) / 1_000,
    traffic: { before: before.traffic, after: after.traffic },
    overflows: after.overflows - before.overflows,
  };
}

const results: Result[] = [];
const failures: string[] = [];
for (const contestant of contestants) {
  // What plays a film once begins again for each loss, or films would have to be long.
  for (const some of contestant.isOnce ? losses.map((loss) => [loss]) : [losses]) {
    await measure(contestant, some, (result) => results.push(result)).catch((error: Error) => {
      failures.push(`${contestant.name}: ${error.message}`);
      say(failures[failures.length - 1]!);
    });
  }
}
results.sort((a, b) => losses.indexOf(a.loss) - losses.indexOf(b.loss)); // of each loss in the order of contestants

const report = {
  what: 'Repair: what is missing afterwards, and what it costs on the line',
  machine: `${cpus().length} × ${cpus()[0]!.model}, Linux ${release()}, Node ${process.versions.node}`,
  buffer: BUFFER,
  roundTrip: Number(options['round-trip']),
  bitrate: reel.bitrate,
  contestants: contestants.map(({ name, version, how }) => ({ name, version, how })),
  missing,
  failures,
  results,
};
if (options.out) write(options.out, `${JSON.stringify(report, null, 2)}\n`);
if (options.chart) {
  const least = 10 ** Math.floor(Math.log10(1 / Math.max(...results.map(({ expected }) => expected))));
  const drawn = results.flatMap(({ name, loss, missing, expected }) =>
    typeof loss === 'number' ? [{ name, loss, missing: missing / expected }] : [],
  );
  write(options.chart, repairChart(drawn, least));
}
console.log(`\n${report.machine}; ${window} s each; round trip ${report.roundTrip} ms, buffer ${BUFFER} ms`);
for (const { name, version, how } of report.contestants) console.log(`${name} ${version}: ${how}`);
console.table(
  results.map((result) => ({
    loss: lossText(result.loss),
    contestant: result.name,
    'TS packets': result.expected,
    missing: result.missing,
    share: result.missing === 0 ? '0' : (result.missing / result.expected).toExponential(1),
    holes: result.holes,
    misplaced: result.misplaced,
    unknown: result.unknown,
    overflows: result.overflows,
    'wire/media': result.there.toFixed(3),
    back: result.back.toFixed(4),
    'delay p50, ms': result.delay?.p50.toFixed(0) ?? '',
    p99: result.delay?.p99.toFixed(0) ?? '',
  })),
);
for (const failure of failures) console.log(`failed: ${failure}`);
process.exit(failures.length > 0 ? 1 : 0);
