import { setTimeout as sleep } from 'node:timers/promises';
import { Millis } from '../src/base/units.js';
import { openSession } from '../src/control/client.js';
import { findStations } from '../src/discovery/find.js';
import { loopback } from '../src/net/interfaces.js';
import { channelsOf, type FoundChannel } from '../src/viewer/channels.js';
import { finish, log, openBenchmark, type Results } from './support/benchmark.js';
import type { CrowdReport, CrowdTask } from './support/crowd.js';
import type { FloodTask } from './support/flood.js';
import { refuse } from './support/namespace.js';
import { mscOption, nameFilter, outOption, readOptions } from './support/options.js';
import { HelperProcess, usageDuring } from './support/processes.js';
import type { Received } from './support/receive.js';
import { makeReel } from './support/reels.js';
import { serveStations } from './support/serve.js';
import { quantile } from './support/stats.js';

const options = readOptions(
  'Load of many viewers on one server: 200 that lose the same packet, 100 that lose 5% each, and forged requests while ' +
    'others watch. Needs Linux and root.',
  {
    only: ['', 'parts whose names begin with same, loss, flood'],
    seconds: [8, 'length of each part'],
    requests: [50_000, 'forged requests a second'],
    ...outOption,
    ...mscOption,
  },
);
const window = options.seconds * 1_000;
if (window < 1_000) refuse(`--seconds ${options.seconds}: expected a number from 1`);
const isWanted = nameFilter(options.only);
const { store } = await openBenchmark(['ffmpeg']);
const film = await makeReel(store, { duration: 20, program: options.msc });

const serve = (count: number) =>
  serveStations({
    program: options.msc,
    store: store.folder,
    sources: Array<string>(count).fill(film.source),
    flags: [],
  });

async function firstChannel(): Promise<FoundChannel> {
  const channels = channelsOf(await findStations({ interfaces: [loopback()] }));
  return channels.find(({ info }) => info.number === 1) ?? refuse('the server was not found');
}

const percent = (share: number) => (share * 100).toFixed(2);

/** Time for receivers, losses and floods to become steady, ms. */
const SETTLE = 3_000;
/** Time between two packets that all receivers lose, ms. */
const DROP_PERIOD = 500;
const data: Record<string, unknown> = {};
const tables: Results['tables'][number][] = [];

const gather = async (receivers: number) =>
  HelperProcess.start('crowd', { channel: await firstChannel(), receivers } satisfies CrowdTask);

/** Repairs that leave the server when all receivers lose the same packet. */
async function losePacketOfAll(receivers: number): Promise<void> {
  log(`${receivers} receivers that lose the same packet`);
  const { server } = await serve(1);
  const crowd = await gather(receivers);
  await sleep(SETTLE);
  const times = Math.max(3, Math.round(window / DROP_PERIOD));
  const drop = async (count: number) => {
    for (let i = 0; i < count; i++) {
      crowd.write('drop');
      await sleep(DROP_PERIOD);
    }
  };
  // The first losses are slow, because all receivers share a process whose code is not compiled yet.
  await drop(4);
  crowd.write('begin');
  await drop(times);
  const report = await crowd.ask<CrowdReport>('end');
  await crowd.end();
  await server.end();
  data.same = { receivers, times, ...report };
  tables.push([
    `${receivers} receivers lose the same packet, ${times} times`,
    [
      {
        'lost before repair': report.lostBeforeRepair,
        'lost after repair': report.lost,
        'multicast repairs': report.multicast,
        'unicast repairs': report.unicast,
        'repairs per loss': ((report.multicast + report.unicast) / times).toFixed(2),
      },
    ],
  ]);
}

/** The server's load when each receiver loses other packets. */
async function loseAtRandom(receivers: number, share: number): Promise<void> {
  const { server } = await serve(1);
  log(`${receivers} receivers without loss`);
  const crowd = await gather(receivers);
  await sleep(SETTLE);
  const calm = await usageDuring(server, Millis(window));
  log(`${receivers} receivers that lose ${share * 100}% each`);
  crowd.write(`lose ${share}`);
  await sleep(SETTLE);
  crowd.write('begin');
  const busy = await usageDuring(server, Millis(window));
  const report = await crowd.ask<CrowdReport>('end');
  await crowd.end();
  await server.end();
  data.loss = { receivers, share, calm, busy, ...report };
  tables.push([
    `${receivers} receivers lose ${share * 100}% each, ${options.seconds} s`,
    [
      {
        'lost before repair': report.lostBeforeRepair,
        'lost after repair': report.lost,
        'unicast repairs/s': (report.unicast / options.seconds).toFixed(0),
        'multicast repairs/s': (report.multicast / options.seconds).toFixed(0),
        'server CPU, %': percent(busy.cpu),
        'without loss': percent(calm.cpu),
        'busiest thread': percent(busy.threads[0]!),
      },
    ],
  ]);
}

const STATIONS = 20;

/** The effect of forged requests on viewers. */
async function flood(requests: number): Promise<void> {
  const { server, stations } = await serve(STATIONS);
  const channel = await firstChannel();
  const rows: Record<string, string | number>[] = [];
  const measured: unknown[] = [];
  for (const rate of [0, requests]) {
    log(`${rate} forged requests a second`);
    const listener = await HelperProcess.start('receive', stations.slice(0, 4));
    await sleep(SETTLE);
    const task: FloodTask = {
      controlPort: channel.found.servers[0].port,
      station: channel.info.id,
      ssrc: channel.info.ssrc,
      requests: rate,
    };
    const flooding = rate === 0 ? null : await HelperProcess.start('flood', task);
    await sleep(SETTLE / 2);
    listener.write('begin');
    const [{ cpu, threads }, tuning] = await Promise.all([
      usageDuring(server, Millis(window)),
      tuneRepeatedly(channel),
    ]);
    const { lateness, lost } = await listener.ask<Received>('end clocked');
    await listener.end();
    if (flooding?.hasEnded) throw new Error(`the flood ended early: ${flooding.errors}`);
    await flooding?.end();
    if (!lateness) throw new Error('nothing was received');
    measured.push({ requests: rate, lateness, lost, tuning, cpu });
    rows.push({
      'forged requests/s': rate,
      'late p50, ms': lateness.p50.toFixed(2),
      'late p99': lateness.p99.toFixed(2),
      'late max': lateness.max.toFixed(2),
      'within 5 ms, %': percent(lateness.within5),
      lost: lost ?? '',
      tuned: tuning.times.length,
      'not tuned': tuning.failures,
      'tuning p50, ms': quantile(tuning.times, 0.5).toFixed(1),
      'tuning p99': quantile(tuning.times, 0.99).toFixed(1),
      'server CPU, %': percent(cpu),
      'busiest thread': percent(threads[0]!),
    });
  }
  await server.end();
  data.flood = measured;
  tables.push([`${STATIONS} stations on air while forged requests arrive, ${options.seconds} s each`, rows]);
}

/** Viewers that connect, tune and leave. Milliseconds from the tune request to the server's answer. */
async function tuneRepeatedly({ info, found }: FoundChannel): Promise<{ times: number[]; failures: number }> {
  const times: number[] = [];
  let failures = 0;
  for (const end = performance.now() + window; performance.now() < end; await sleep(50)) {
    const session = await openSession(found.servers[0]);
    const asked = performance.now();
    await session.tune(info.id).then(
      () => times.push(performance.now() - asked),
      () => failures++,
    );
    await session.exit();
  }
  return { times, failures };
}

if (isWanted('same')) await losePacketOfAll(200);
if (isWanted('loss')) await loseAtRandom(100, 0.05);
if (isWanted('flood')) await flood(options.requests);
finish({ tables, data, out: options.out });
