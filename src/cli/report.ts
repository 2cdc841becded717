/** What a server says of how it goes while stations are on the air. */

import type { Millis } from '../base/units.js';
import type { UnicastStats } from '../contract/server-view.js';
import { type Stats, StatsOverTime, statsOf } from '../playout/stats.js';
import type { StationCounters } from '../threads/station-counters.js';
import type { Output } from './output.js';

export interface StationOnAir {
  number: number;
  id: string;
  progress: StationCounters;
  /** What single viewers asked for, and report; undefined where none did. */
  unicast: UnicastStats | undefined;
}

/** How often the terminal shows how it goes, and how often the log says what was lost. */
const STATUS_PERIOD: Millis = 1_000;
const TROUBLE_PERIOD: Millis = 10_000;

/**
 * Says how it goes: every second on a terminal, every `period` where it is given, and what was lost every ten seconds.
 * Returns what ends it.
 */
export function reportStats(options: {
  stations(): readonly StationOnAir[];
  period: Millis | undefined;
  output: Output;
}): () => void {
  const { stations, period, output } = options;
  /** Calls `tell` every `time` with what changed since the time before. */
  const every = (time: Millis, tell: (stats: () => Stats) => void) => {
    const overTime = new StatsOverTime();
    return setInterval(() => tell(() => overTime.next(progressOf(stations()))), time);
  };
  const timers = [
    every(STATUS_PERIOD, (stats) => output.status(() => rateText(stations().length, stats(), STATUS_PERIOD))),
    every(TROUBLE_PERIOD, (stats) => {
      const lost = stats();
      if (lost.droppedLate + lost.refused + lost.unread > 0) output.say(`Lost: ${lossText(lost)}.`);
    }),
  ];
  if (period !== undefined) {
    const tell = (stats: () => Stats) => {
      const lately = stats();
      output.say(rateText(stations().length, lately, period));
      output.event({ event: 'stats', seconds: period / 1000, ...lately, stations: byStation(stations()) });
    };
    timers.push(every(period, tell));
  }
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** Says how it went in all, unless nothing was sent. */
export function reportEnd(stations: readonly StationOnAir[], output: Output): void {
  const stats = statsOf(progressOf(stations));
  if (stats.packets === 0) return;
  output.say(`Sent ${stats.packets} packets: ${howItWent(stats)}.`);
  const toSingle = unicastText(stations);
  if (toSingle !== null) output.say(`To single viewers: ${toSingle}.`);
  output.event({ event: 'off-air', ...stats, stations: byStation(stations) });
}

const progressOf = (stations: readonly StationOnAir[]) => stations.map(({ progress }) => progress);

/** Each station's stats since it went on the air. */
const byStation = (stations: readonly StationOnAir[]) =>
  stations.map(({ number, id, progress, unicast }) => ({ number, id, ...statsOf([progress]), unicast }));

/** Null where nothing was sent. */
function unicastText(stations: readonly StationOnAir[]): string | null {
  const sum = (count: (of: UnicastStats) => number) =>
    stations.reduce((total, { unicast }) => total + (unicast ? count(unicast) : 0), 0);
  const kinds = [
    [sum(({ repaired, repairedForAll }) => repaired + repairedForAll), 'lost packets once more'],
    [sum(({ bursts }) => bursts), 'bursts on tuning'],
    [sum(({ replays }) => replays), 'replays'],
    [sum(({ refusedPackets, refusedFlows }) => refusedPackets + refusedFlows), 'refused for want of budget'],
  ] as const;
  const told = kinds.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return told.join(', ') || null;
}

function rateText(stations: number, stats: Stats, period: Millis): string {
  const megabits = ((stats.bytes * 8) / (period * 1000)).toFixed(1);
  return `${stations} on the air, ${megabits} Mbit/s, ${howItWent(stats)}`;
}

/** The losses, then how late packets were: short, for a terminal's line. Negative is early. */
function howItWent({ lateness: { median, p99, max }, ...losses }: Stats): string {
  return `${lossText(losses)}; late by ${median} / ${p99} / ${max} ms (median, 99%, most)`;
}

function lossText({ droppedLate, refused, unread, waits }: Omit<Stats, 'lateness'>): string {
  const isDisk = waits > 0 ? ` (the disk was not ready ${waits} times)` : '';
  const kinds = [
    [droppedLate, `dropped, more than 200 ms late${isDisk}`],
    [refused, 'refused by the network'],
    [unread, 'not readable'],
  ] as const;
  const losses = kinds.filter(([count]) => count > 0).map(([count, what]) => `${count} packets ${what}`);
  return losses.join(', ') || 'nothing lost';
}
