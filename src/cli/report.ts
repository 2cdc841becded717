/** What a server says of how it goes while stations are on the air. */

import type { Millis } from '../base/units.js';
import { type Figures, FiguresOverTime, figuresOf } from '../playout/stats.js';
import type { Progress } from '../threads/station-counters.js';
import type { UnicastFigures } from '../unicast/unicast.js';
import type { Output } from './output.js';

export interface StationOnAir {
  number: number;
  id: string;
  progress: Progress;
  /** What single viewers asked for, and report; undefined where none did. */
  unicast: UnicastFigures | undefined;
}

/** How often the terminal shows how it goes, and how often the log says what was lost. */
const STATUS_PERIOD: Millis = 1_000;
const TROUBLE_PERIOD: Millis = 10_000;

/**
 * Says how it goes: every second on a terminal, every `period` where it is given, and what was lost every ten seconds.
 * Returns what ends it.
 */
export function reportFigures(options: {
  stations(): readonly StationOnAir[];
  period: Millis | undefined;
  output: Output;
}): () => void {
  const { stations, period, output } = options;
  /** Calls `tell` every `time` with what changed since the time before. */
  const every = (time: Millis, tell: (figures: () => Figures) => void) => {
    const overTime = new FiguresOverTime();
    return setInterval(() => tell(() => overTime.next(progressOf(stations()))), time);
  };
  const timers = [
    every(STATUS_PERIOD, (figures) => output.status(() => rateText(stations().length, figures(), STATUS_PERIOD))),
    every(TROUBLE_PERIOD, (figures) => {
      const lost = figures();
      if (lost.droppedLate + lost.refused + lost.unread > 0) output.say(`Lost: ${lossText(lost)}.`);
    }),
  ];
  if (period !== undefined) {
    const tell = (figures: () => Figures) => {
      const lately = figures();
      output.say(rateText(stations().length, lately, period));
      output.event({ event: 'figures', seconds: period / 1000, ...lately, stations: byStation(stations()) });
    };
    timers.push(every(period, tell));
  }
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** Says how it went in all, unless nothing was sent. */
export function reportEnd(stations: readonly StationOnAir[], output: Output): void {
  const figures = figuresOf(progressOf(stations));
  if (figures.packets === 0) return;
  output.say(`Sent ${figures.packets} packets: ${howItWent(figures)}.`);
  const toSingle = unicastText(stations);
  if (toSingle !== null) output.say(`To single viewers: ${toSingle}.`);
  output.event({ event: 'off-air', ...figures, stations: byStation(stations) });
}

const progressOf = (stations: readonly StationOnAir[]) => stations.map(({ progress }) => progress);

/** Each station's figures since it went on the air. */
const byStation = (stations: readonly StationOnAir[]) =>
  stations.map(({ number, id, progress, unicast }) => ({ number, id, ...figuresOf([progress]), unicast }));

/** Null where nothing was sent. */
function unicastText(stations: readonly StationOnAir[]): string | null {
  const sum = (count: (of: UnicastFigures) => number) =>
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

function rateText(stations: number, figures: Figures, period: Millis): string {
  const megabits = ((figures.bytes * 8) / (period * 1000)).toFixed(1);
  return `${stations} on the air, ${megabits} Mbit/s, ${howItWent(figures)}`;
}

/** The losses, then how late packets were: short, for a terminal's line. Negative is early. */
function howItWent({ lateness: { median, p99, max }, ...losses }: Figures): string {
  return `${lossText(losses)}; late by ${median} / ${p99} / ${max} ms (median, 99%, most)`;
}

function lossText({ droppedLate, refused, unread, waits }: Omit<Figures, 'lateness'>): string {
  const isDisk = waits > 0 ? ` (the disk was not ready ${waits} times)` : '';
  const kinds = [
    [droppedLate, `dropped, more than 200 ms late${isDisk}`],
    [refused, 'refused by the network'],
    [unread, 'not readable'],
  ] as const;
  const losses = kinds.filter(([count]) => count > 0).map(([count, what]) => `${count} packets ${what}`);
  return losses.join(', ') || 'nothing lost';
}
