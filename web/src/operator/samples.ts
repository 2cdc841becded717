/** Samples of the last hour: the server's history, then one sample every five seconds. */
import type { GatewayStats, History } from '../../../src/contract/api.js';

/** Milliseconds, as in the server's history. */
export const SAMPLE_PERIOD = 5_000;
const MOST_SAMPLES = 720;

export const seriesNames = ['rate', 'cpu', 'lateness', 'viewers', 'loss'] as const;
export type SeriesName = (typeof seriesNames)[number];

/** Times in seconds since the Unix epoch, as uPlot takes them; null: not measured. */
export interface Samples {
  readonly times: readonly number[];
  readonly values: Readonly<Record<SeriesName, readonly (number | null)[]>>;
}

type Values = Record<SeriesName, (number | null)[]>;

const noValues = (): Values => ({ rate: [], cpu: [], lateness: [], viewers: [], loss: [] });

/** Responsible for: the samples of one station or the server, an hour at most. */
export class SampleList implements Samples {
  readonly times: number[] = [];
  readonly values = noValues();

  add(time: number, sample: Partial<Record<SeriesName, number | null>>): void {
    const last = this.times.at(-1);
    if (last !== undefined && time - last * 1_000 < SAMPLE_PERIOD * 0.9) return;
    this.times.push(time / 1_000);
    for (const name of seriesNames) this.values[name].push(sample[name] ?? null);
    if (this.times.length <= MOST_SAMPLES) return;
    this.times.shift();
    for (const name of seriesNames) this.values[name].shift();
  }

  /** Prepends the server's history. */
  addHistory(history: History): void {
    const count = history.rate.length;
    const timeOf = (index: number) => (history.time - (count - 1 - index) * history.period) / 1_000;
    const first = this.times[0] ?? Number.POSITIVE_INFINITY;
    const older = Array.from({ length: count }, (_, index) => index).filter(
      (index) => timeOf(index) < first - SAMPLE_PERIOD / 2_000,
    );
    this.times.unshift(...older.map(timeOf));
    for (const name of seriesNames) {
      this.values[name].unshift(...older.map((index) => history[name]?.[index] ?? null));
    }
  }
}

const worst = (values: readonly (number | null)[]): number | null =>
  values.reduce((most, value) => (value !== null && (most === null || value > most) ? value : most), null);

/** Responsible for: the samples of the server and of each station. */
export class SampleStore {
  readonly server = new SampleList();
  readonly #stations = new Map<string, SampleList>();

  add({ server, stations }: GatewayStats): void {
    const { groups, single, http } = server.rate;
    this.server.add(server.time, {
      rate: groups + single + http,
      cpu: server.cpu,
      viewers: server.viewers + server.receivers,
      lateness: worst(stations.map(({ lateness }) => lateness)),
      loss: worst(stations.map(({ loss }) => loss.p95)),
    });
    for (const { id, rate, lateness, viewers, receivers, loss } of stations) {
      this.station(id).add(server.time, { rate, lateness, viewers: viewers + receivers, loss: loss.p95 });
    }
    if (this.#stations.size <= stations.length) return;
    const there = new Set(stations.map(({ id }) => id));
    for (const id of this.#stations.keys()) if (!there.has(id)) this.#stations.delete(id);
  }

  station(id: string): SampleList {
    const known = this.#stations.get(id) ?? new SampleList();
    this.#stations.set(id, known);
    return known;
  }
}
