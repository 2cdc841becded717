/** How the stations on the air are doing, as events. */
import { Millis } from '../base/units.js';
import type { UnicastStats } from '../contract/server-view.js';
import { StatsOverTime, statsOf } from '../playout/stats.js';
import type { StationCounters } from '../threads/station-counters.js';
import type { OnServerEvent, StationTotals } from './events.js';

/** Counters of a station on the air, which go on counting. */
export interface StationCountersOnAir {
  number: number;
  id: string;
  progress: StationCounters;
  /** Undefined until a viewer has asked for something. */
  unicast: UnicastStats | undefined;
}

/** How often lost packets are reported. */
const LOSS_PERIOD = Millis(10_000);

export interface StatsReporterOptions {
  stations(): readonly StationCountersOnAir[];
  /** Time between two events `stats`; undefined: none. */
  period?: Millis;
  onEvent: OnServerEvent;
}

/** Emits `stats` every `period`, and `losses` every ten seconds in which packets were lost. Returns a function that stops it. */
export function reportStats({ stations, period, onEvent }: StatsReporterOptions): () => void {
  const losses = new StatsOverTime();
  const timers = [
    setInterval(() => {
      const total = losses.next(countersOf(stations()));
      if (total.droppedLate + total.refused + total.unread > 0) onEvent({ kind: 'losses', total });
    }, LOSS_PERIOD),
  ];
  if (period !== undefined) {
    const stats = new StatsOverTime();
    const report = () => {
      const onAir = stations();
      onEvent({ kind: 'stats', period, total: stats.next(countersOf(onAir)), stations: totalsOf(onAir) });
    };
    timers.push(setInterval(report, period));
  }
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

export const countersOf = (stations: readonly StationCountersOnAir[]) => stations.map(({ progress }) => progress);

/** Each station's counters since it went on the air. */
export const totalsOf = (stations: readonly StationCountersOnAir[]): StationTotals[] =>
  stations.map(({ number, id, progress, unicast }) => ({ number, id, ...statsOf([progress]), unicast }));
