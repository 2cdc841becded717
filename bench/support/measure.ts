import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant, Task } from './contestants.js';
import {
  cpuSeconds,
  HelperProcess,
  machineCpuSeconds,
  memory,
  multicastSent,
  type Program,
  threads,
} from './processes.js';
import type { Received } from './receive.js';
import { inPageCache } from './reels.js';
import type { OffAir } from './serve.js';
import { type Spread, spread } from './stats.js';

/** Time for the contestant to become steady, ms. */
const WARM_UP = 2_000;
/** Longest wait for a contestant to reach its full rate, ms. */
const STEADY_PATIENCE = 12_000;
/** Longest time from the start of a contestant to the first window, seconds. */
export const LONGEST_START = (WARM_UP + STEADY_PATIENCE) / 1000;
export const WINDOWS = 3;
/** Most stations that the receiver listens to: each costs the sender a little. */
const SAMPLED = 8;
/** Headers of each message, which the kernel counts. */
const IP_AND_UDP_HEADERS = 20 + 8;

/** One contestant with one number of stations. Processor shares are of one core, 0 to 1. */
export interface Result {
  name: string;
  files: 'equal' | 'different';
  stations: number;
  cpu: Spread;
  /** The busiest thread. */
  busiestThread: Spread;
  /** Per second. */
  packets: number;
  messages: number;
  wakeUps: number;
  rss: number;
  pss: number;
  onAirAfter: number | null;
  /** Shares of the reels in memory, before and after. */
  pageCache: [number | null, number | null];
  received: Received;
  offAir: OffAir | null;
  /** Everything else on the machine, without the listener. */
  elsewhere: number;
  listener: number;
}

type Snapshot = ReturnType<typeof snapshot>;

const snapshot = (groups: ReadonlySet<number>, listening: ReadonlySet<number>) => {
  const of = threads(groups);
  return {
    time: performance.now() / 1000,
    threads: of,
    cpu: cpuSeconds(of),
    sent: multicastSent(),
    listener: cpuSeconds(threads(listening)),
    machine: machineCpuSeconds(),
  };
};

/** `window` in seconds; `bitrate` of one station. Rejects when the contestant does not start, or ends early. */
export async function measure(
  contestant: Contestant,
  task: Task & { files: Result['files']; window: number; bitrate: number },
): Promise<Result> {
  const { stations, sources, files, store, window, bitrate } = task;
  const cache = () => inPageCache(store, sources.slice(0, stations));
  const cachedBefore = await cache();
  const onAir = await contestant.start(task);
  const { programs, destinations, onAirAfter } = onAir;
  const sampled = Math.min(SAMPLED, Math.ceil(stations / 5));
  const sample = Array.from({ length: sampled }, (_, i) => destinations[Math.floor((i * stations) / sampled)]!);
  const listener = await HelperProcess.start('receive', sample);
  const groups = new Set(programs.map(({ group }) => group));
  const listening = new Set([listener.group]);
  try {
    await steady(0.9 * stations * bitrate, programs);
    await sleep(contestant.warmUp ?? WARM_UP);
    listener.write('begin');
    const taken = [snapshot(groups, listening)];
    for (let i = 1; i <= WINDOWS; i++) {
      await sleep(window * 1000);
      taken.push(snapshot(groups, listening));
    }
    const received = await listener.ask<Received>(contestant.isClocked ? 'end clocked' : 'end');
    const used = memory(groups);
    const ended = programs.find(({ hasEnded }) => hasEnded);
    if (ended) throw new Error(`it ended early. ${ended.errors}`);
    const pageCache: Result['pageCache'] = [cachedBefore, await cache()];
    const offAir = await onAir.stop();
    const rates = ratesOf(taken, received.packetLength);
    return { name: contestant.name, files, stations, ...rates, ...used, onAirAfter, pageCache, received, offAir };
  } finally {
    await Promise.all(programs.map((program) => program.end()));
    await listener.end();
  }
}

/** Waits until the contestant sends at `bitrate`. */
async function steady(bitrate: number, programs: readonly Program[]): Promise<void> {
  const look = 500;
  const enough = (bitrate * (look / 1000)) / 8;
  let before = multicastSent().octets;
  for (let waited = 0; waited < STEADY_PATIENCE; waited += look) {
    await sleep(look);
    const now = multicastSent().octets;
    if (now - before >= enough || programs.some(({ hasEnded }) => hasEnded)) return;
    before = now;
  }
}

/** `packetLength`: bytes of UDP payload. */
function ratesOf(taken: readonly Snapshot[], packetLength: number) {
  const first = taken[0];
  const last = taken.at(-1);
  /** Per second, between two snapshots. */
  const rate = (of: (at: Snapshot) => number, from = first, to = last) =>
    (of(to!) - of(from!)) / (to!.time - from!.time);
  const overWindows = (of: (at: Snapshot) => number) => spread(taken.slice(1).map((to, i) => rate(of, taken[i], to)));
  const ofThread = (tid: string) => (at: Snapshot) => at.threads.get(tid) ?? { cpu: 0, sleeps: 0 };
  const cpuOfThread = (tid: string) => (at: Snapshot) => ofThread(tid)(at).cpu;
  const busiest = [...last!.threads.keys()].reduce((most, tid) =>
    rate(cpuOfThread(tid)) > rate(cpuOfThread(most)) ? tid : most,
  );
  return {
    cpu: overWindows((at) => at.cpu),
    busiestThread: overWindows(cpuOfThread(busiest)),
    wakeUps: rate((at) => ofThread(busiest)(at).sleeps),
    messages: rate(({ sent }) => sent.messages),
    packets: rate(({ sent }) => sent.octets - sent.messages * IP_AND_UDP_HEADERS) / packetLength,
    listener: rate((at) => at.listener),
    elsewhere: rate(({ machine, cpu, listener }) => machine - cpu - listener),
  };
}
