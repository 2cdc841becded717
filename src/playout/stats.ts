/** The counters of playout, added up for people and scripts. */
import { Millis } from '../base/units.js';
import { Lateness } from '../threads/lateness.js';
import type { StationCounters } from '../threads/station-counters.js';

export interface Stats {
  /** RTP packets sent, and their bytes with the RTP headers. */
  packets: number;
  bytes: number;
  /** Time from when packets were due to when they left; negative is early. */
  lateness: { median: Millis; p99: Millis; max: Millis };
  /** Packets dropped because they were more than 200 ms late. */
  droppedLate: number;
  /** Packets not sent because their reel could not be read, and failed attempts to read ahead. */
  unread: number;
  readErrors: number;
  /** Packets that the system refused to send. */
  refused: number;
  /** Times that the system had no room for packets and had to be asked again. */
  backPressure: number;
  /** Times that packets were due and the disk had not brought them. */
  waits: number;
}

const rounded = (value: Millis): Millis => Millis(Math.round(value * 10) / 10);

const quantiles = (lateness: Lateness): Stats['lateness'] => ({
  median: rounded(lateness.quantile(0.5)),
  p99: rounded(lateness.quantile(0.99)),
  max: rounded(lateness.quantile(1)),
});

/** The stats of one station or of several together, since they went on the air. */
export function statsOf(stations: readonly StationCounters[]): Stats {
  const lateness = new Lateness();
  for (const station of stations) lateness.add(station.lateness);
  return { ...countersOf(stations), lateness: quantiles(lateness) };
}

type Counters = Omit<Stats, 'lateness'>;

function countersOf(stations: readonly StationCounters[]): Counters {
  const sum = (name: keyof Counters) => stations.reduce((total, station) => total + station[name], 0);
  return {
    packets: sum('packets'),
    bytes: sum('bytes'),
    droppedLate: sum('droppedLate'),
    unread: sum('unread'),
    readErrors: sum('readErrors'),
    refused: sum('refused'),
    backPressure: sum('backPressure'),
    waits: sum('waits'),
  };
}

/** The stats of one period after another: the changes from one call of `next` to the following one. */
export class StatsOverTime {
  #counters: Counters = countersOf([]);
  #lateness = new Lateness();

  /** `stations` may differ from call to call. */
  next(stations: readonly StationCounters[]): Stats {
    const lateness = new Lateness();
    for (const station of stations) lateness.add(station.lateness);
    const counters = countersOf(stations);
    const changed = { ...counters };
    // The counters of a station that left are not subtracted.
    for (const name of Object.keys(counters) as (keyof Counters)[]) {
      changed[name] = Math.max(0, counters[name] - this.#counters[name]);
    }
    const stats = { ...changed, lateness: quantiles(lateness.since(this.#lateness)) };
    this.#counters = counters;
    this.#lateness = lateness;
    return stats;
  }
}
