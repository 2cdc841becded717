/** Samples of the last 15 minutes, in fixed memory for each station. */

import { Millis } from '../../base/units.js';
import type { History, StationStats } from '../../contract/api.js';
import type { Sample } from './samples.js';

export const SAMPLE_PERIOD = Millis(5_000);
export const MOST_SAMPLES = 180;

/** The newest MOST_SAMPLES values; null is stored as NaN. */
class Ring {
  readonly #values = new Float32Array(MOST_SAMPLES);
  #count = 0;

  push(value: number | null): void {
    this.#values[this.#count++ % MOST_SAMPLES] = value ?? Number.NaN;
  }

  get values(): (number | null)[] {
    const from = Math.max(0, this.#count - MOST_SAMPLES);
    return Array.from({ length: this.#count - from }, (_, i) => {
      const value = this.#values[(from + i) % MOST_SAMPLES]!;
      return Number.isNaN(value) ? null : value;
    });
  }

  get numbers(): number[] {
    return this.values.map((value) => value ?? 0);
  }
}

const rings = () => ({
  rate: new Ring(),
  lateness: new Ring(),
  viewers: new Ring(),
  loss: new Ring(),
  cpu: new Ring(),
});
type Rings = ReturnType<typeof rings>;

/** The largest value that is not null; null: there is none. */
const worst = (values: readonly (number | null)[]): number | null =>
  values.reduce((most, value) => (value !== null && (most === null || value > most) ? value : most), null);

export class HistoryStore {
  readonly #server = rings();
  readonly #stations = new Map<string, Rings>();
  #time: Millis = Millis(0);

  /** Adds a sample, SAMPLE_PERIOD after the last one. */
  add({ server, stations }: Sample): void {
    this.#time = Millis(server.time);
    const { groups, single, http } = server.rate;
    this.#server.rate.push(groups + single + http);
    this.#server.cpu.push(server.cpu);
    this.#server.viewers.push(server.viewers + server.receivers);
    this.#server.lateness.push(worst(stations.map(({ lateness }) => lateness)));
    this.#server.loss.push(worst(stations.map(({ loss }) => loss.p95)) ?? 0);
    const known = new Set<string>();
    for (const station of stations) {
      known.add(station.id);
      this.#addStation(station);
    }
    for (const id of this.#stations.keys()) if (!known.has(id)) this.#stations.delete(id);
  }

  /** The history of a station, or of the server (null); undefined: unknown station. */
  of(station: string | null): History | undefined {
    const kept = station === null ? this.#server : this.#stations.get(station);
    return (
      kept && {
        time: this.#time,
        period: SAMPLE_PERIOD,
        rate: kept.rate.numbers,
        lateness: kept.lateness.values,
        viewers: kept.viewers.numbers,
        loss: kept.loss.numbers,
        cpu: station === null ? kept.cpu.numbers : null,
      }
    );
  }

  #addStation({ id, rate, lateness, viewers, receivers, loss }: StationStats): void {
    const kept = this.#stations.get(id) ?? rings();
    this.#stations.set(id, kept);
    kept.rate.push(rate);
    kept.lateness.push(lateness);
    kept.viewers.push(viewers + receivers);
    kept.loss.push(loss.p95);
  }
}
