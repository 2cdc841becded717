import { setTimeout as sleep } from 'node:timers/promises';
import { Millis } from '../src/base/units.js';
import { attempt, finish, log, openBenchmark, write } from './support/benchmark.js';
import { Cable, NAME } from './support/cable.js';
import { repairChart } from './support/chart.js';
import type { CollectTask } from './support/collect.js';
import type { CompletenessReport } from './support/completeness.js';
import { refuse } from './support/namespace.js';
import { mscOption, nameFilter, outOption, readOptions } from './support/options.js';
import { HelperProcess, type Program } from './support/processes.js';
import { makeReel } from './support/reels.js';
import { BUFFER, type Repairer, repairers } from './support/repairers.js';

const options = readOptions(
  'Completeness of a stream over a lossy line, and its traffic: ours beside RIST and SMPTE 2022-1 FEC (FFmpeg to ' +
    'GStreamer), with the same film and buffer. The firewall of the receiving network drops packets at random; the cable ' +
    'makes gaps. Needs Linux and root.',
  {
    only: ['', 'contestants whose names begin with msc, rist, prompeg'],
    losses: ['1,5,10,20,30,gaps', 'per cent at random; gaps: no packet for 50 ms every second'],
    seconds: [3, 'length of each measurement'],
    'round-trip': [20, 'milliseconds'],
    chart: ['', 'write a chart to this file as SVG'],
    ...outOption,
    ...mscOption,
  },
);
const window = options.seconds;
const losses = options.losses.split(',').map((word): number | 'gaps' => (word === 'gaps' ? word : Number(word) / 100));
if (!losses.every((loss) => loss === 'gaps' || (loss >= 0 && loss < 1))) {
  refuse(`--losses ${options.losses}: expected per cents below 100, or "gaps", with commas`);
}
const { folder, store } = await openBenchmark(['ffmpeg', 'nft']);

/** Time for the contestants to find each other, ms. */
const PATIENCE = 10_000;
/** Time for the stream to become steady, and to adapt to a loss, ms. */
const WARM_UP = 2_000;
const SETTLE = 1_000;
const GAPS = { every: Millis(1_000), length: Millis(50) };
/** Length of the film, seconds. Contestants that play it once need the measured time as well. */
const LENGTH = 15;

interface Result extends CompletenessReport {
  name: string;
  loss: number | 'gaps';
  seconds: number;
  /** Bytes on the line in each direction, IP headers included, per byte of transport stream. */
  there: number;
  back: number;
  /** Datagrams that the kernel dropped because the contestant's sockets were full. */
  overflows: number;
}

const lossText = (loss: Result['loss']) => (loss === 'gaps' ? 'gaps of 50 ms' : `${loss * 100}%`);

const isWanted = nameFilter(options.only);
const contestants = repairers(options.msc).filter(({ name }) => isWanted(name));
const isLong = contestants.some(({ isOnce }) => isOnce);
const reel = await makeReel(store, { duration: LENGTH + (isLong ? Math.ceil(window) : 0), program: options.msc });
const results: Result[] = [];

/** Measures each loss in turn, without a restart. */
async function measure(contestant: Repairer, losses: readonly Result['loss'][]): Promise<void> {
  const delay = Millis(options['round-trip'] / 2);
  const cable = await Cable.lay({ there: { delay }, back: { delay } });
  const running: Program[] = [];
  try {
    const { atFarEnd } = cable;
    const carrying = await contestant.start({ reel, store: store.folder, folder, atFarEnd });
    const { source, reference, isClocked, programs, deaf } = carrying;
    running.push(...programs);
    if (deaf !== undefined) cable.deafen(deaf);
    const task: CollectTask = { reference, reel: isClocked ? reel.folder : null, source };
    const collector = await HelperProcess.start('collect', task, { before: atFarEnd, env: { MSC_INTERFACE: NAME } });
    running.push(collector);
    const arrived = collector.read().then(() => true);
    if (!(await Promise.race([arrived, sleep(PATIENCE, false, { ref: false })]))) {
      throw new Error(`nothing arrived. ${collector.errors}`);
    }
    await sleep(WARM_UP);
    for (const loss of losses) {
      log(`${contestant.name}, ${lossText(loss)}`);
      cable.lose(loss === 'gaps' ? 0 : loss);
      cable.change(loss === 'gaps' ? { delay, gaps: GAPS } : { delay });
      await sleep(SETTLE);
      collector.write('begin');
      const look = () => ({ ...cable.traffic(), overflows: cable.overflows(), time: performance.now() });
      const before = look();
      await sleep(window * 1_000);
      const after = look();
      const report = await collector.ask<CompletenessReport>('end');
      const ended = programs.find(({ hasEnded }) => hasEnded);
      if (ended) throw new Error(`it ended early. ${ended.errors}`);
      const seconds = (after.time - before.time) / 1_000;
      const media = (reel.bitrate / 8) * seconds;
      const there = (after.received - before.received) / media;
      const back = (after.sent - before.sent) / media;
      const overflows = after.overflows - before.overflows;
      results.push({ name: contestant.name, loss, seconds, there, back, overflows, ...report });
    }
  } finally {
    await Promise.all(running.map((program) => program.end(Millis(1_000))));
    await cable.remove();
  }
}

for (const contestant of contestants) {
  // A contestant that plays its film once is restarted for each loss; otherwise films would have to be long.
  for (const some of contestant.isOnce ? losses.map((loss) => [loss]) : [losses]) {
    await attempt(contestant.name, () => measure(contestant, some));
  }
}
results.sort((a, b) => losses.indexOf(a.loss) - losses.indexOf(b.loss)); // By loss, then in the order of contestants.

if (options.chart) {
  const least = 10 ** Math.floor(Math.log10(1 / Math.max(...results.map(({ expected }) => expected))));
  const drawn = results.flatMap(({ name, loss, missing, expected }) =>
    typeof loss === 'number' ? [{ name, loss, missing: missing / expected }] : [],
  );
  write(options.chart, repairChart(drawn, least));
}
const rows = results.map((result) => ({
  loss: lossText(result.loss),
  contestant: result.name,
  'TS packets': result.expected,
  missing: result.missing,
  share: result.missing === 0 ? '0' : (result.missing / result.expected).toExponential(1),
  holes: result.holes,
  misplaced: result.misplaced,
  unknown: result.unknown,
  overflows: result.overflows,
  'line/media': result.there.toFixed(3),
  back: result.back.toFixed(4),
  'delay p50, ms': result.delay?.p50.toFixed(0) ?? '',
  p99: result.delay?.p99.toFixed(0) ?? '',
}));
const roundTrip = options['round-trip'];
finish({
  tables: [[`${window} s each; round trip ${roundTrip} ms, buffer ${BUFFER} ms`, rows]],
  contestants,
  data: { buffer: BUFFER, roundTrip, bitrate: reel.bitrate, results },
  out: options.out,
});
