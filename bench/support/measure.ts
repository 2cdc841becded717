/** One contestant at work, measured from outside. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Spread, spread } from '../support.js';
import type { Contestant, OffAir, Task } from './contestants.js';
import { Listener, type Received } from './listener.js';
import { cpuSeconds, machineCpuSeconds, memory, multicastSent, type Program, threads } from './processes.js';
import { inPageCache } from './reels.js';

const WARM_UP = 2_000;
/** Whoever does not send at its full rate by then does not at all. */
const STEADY_PATIENCE = 12_000;
/** What passes at most before the windows begin, seconds, once a contestant has started. */
export const LONGEST_START = (WARM_UP + STEADY_PATIENCE) / 1000;
export const WINDOWS = 3;
/** Stations listened to at most; each costs whoever sends to it a little. */
const HEARD = 8;
/** Of each message, as the kernel counts bytes. */
const IP_AND_UDP_HEADERS = 20 + 8;

/** What one contestant did with one number of stations. Processor shares are of one core. */
export interface Result {
  name: string;
  files: 'equal' | 'different';
  stations: number;
  cpu: Spread;
  /** Of the thread that used most. */
  busiestThread: Spread;
  /** A second. */
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
  /** Everything else on the machine, the listener apart. */
  elsewhere: number;
  listener: number;
}

/** A look at the counters. */
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

/** `window` in seconds; `bitrate` of one station. Rejects when the contestant cannot be started, or ends by itself. */
export async function measure(
  contestant: Contestant,
  task: Task & { files: Result['files']; window: number; bitrate: number },
): Promise<Result> {
  const { stations, sources, files, store, window, bitrate } = task;
  const cache = () => inPageCache(store, sources.slice(0, stations));
  const cachedBefore = await cache();
  const onAir = await contestant.start(task);
  const { programs, destinations, onAirAfter } = onAir;
  const heard = Math.min(HEARD, Math.ceil(stations / 5));
  const sample = Array.from({ length: heard }, (_, i) => destinations[Math.floor((i * stations) / heard)]!);
  const listener = await Listener.start(sample);
  const groups = new Set(programs.map(({ group }) => group));
  const listening = new Set([listener.group]);
  try {
    await steady(0.9 * stations * bitrate, programs);
    await sleep(contestant.warmUp ?? WARM_UP);
    listener.begin();
    const taken = [snapshot(groups, listening)];
    for (let i = 1; i <= WINDOWS; i++) {
      await sleep(window * 1000);
      taken.push(snapshot(groups, listening));
    }
    const received = await listener.end(contestant.isClocked);
    const used = memory(groups);
    const ended = programs.find(({ hasEnded }) => hasEnded);
    if (ended) throw new Error(`${contestant.name} ended by itself. ${ended.said}`);
    const pageCache: Result['pageCache'] = [cachedBefore, await cache()];
    const offAir = await onAir.stop();
    const rates = ratesOf(taken, received.packetLength);
    return { name: contestant.name, files, stations, ...rates, ...used, onAirAfter, pageCache, received, offAir };
  } finally {
    await Promise.all(programs.map((program) => program.end()));
    await listener.close();
  }
}

/** Waits until `bitrate` leaves. */
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

/** What the counters tell; `packetLength` is that of UDP payloads. */
function ratesOf(taken: readonly Snapshot[], packetLength: number) {
  const first = taken[0];
  const last = taken[taken.length - 1];
  /** A second, between two looks. */
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
