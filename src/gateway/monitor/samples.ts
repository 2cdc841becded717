/** Samples of stations and server: rates since the previous sample. No timers. */

import { Millis } from '../../base/units.js';
import type { ServerStats, StationStats } from '../../contract/api.js';
import { noStats } from '../../contract/no-stats.js';
import type { ServerStation, ServerView } from '../../contract/server-view.js';
import { Lateness } from '../../threads/lateness.js';
import type { GatewayContext } from '../context.js';
import type { ProcessLoad } from './process-load.js';

export interface Sample {
  readonly server: Omit<ServerStats, 'checks'>;
  readonly stations: readonly StationStats[];
  /** Warnings of the server: whole sentences. */
  readonly warnings: readonly string[];
}

/** Growth of a counter per second. A counter that falls has restarted. */
class Rate {
  #before: number | null = null;

  /** `elapsed` is the time since the previous call; 0 at the first one. */
  next(total: number, elapsed: Millis): number {
    const grown = this.#before === null ? 0 : Math.max(0, total - this.#before);
    this.#before = total;
    return elapsed > 0 ? (grown * 1000) / elapsed : 0;
  }
}

const BITS = 8;
const sum = <T>(of: readonly T[], value: (each: T) => number): number => of.reduce((all, each) => all + value(each), 0);

/** Number of entries of each station. */
function countByStation(of: readonly { readonly station: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { station } of of) counts.set(station, (counts.get(station) ?? 0) + 1);
  return counts;
}

/** Responsible for: the counters of the previous sample of one series. */
export class Samples {
  readonly #context: GatewayContext;
  readonly #load: ProcessLoad;
  readonly #stations = new Map<string, { bytes: Rate; lateness: Lateness }>();
  readonly #rates = { groups: new Rate(), single: new Rate(), http: new Rate(), cpu: new Rate() };
  #at: Millis | null = null;

  constructor(context: GatewayContext, load: ProcessLoad) {
    this.#context = context;
    this.#load = load;
  }

  /** The sample since the previous call; the first one has no rates. */
  next(): Sample {
    const { catalogue, viewers, operator, timers } = this.#context;
    const at = timers.now();
    const elapsed = Millis(this.#at === null ? 0 : at - this.#at);
    this.#at = at;
    const view = operator?.view() ?? null;
    const receivers = view?.receivers ?? [];
    const watching = countByStation(viewers.list.map(([, viewer]) => viewer));
    const receiving = countByStation(receivers);
    const known = (id: string) => ({ viewers: watching.get(id) ?? 0, receivers: receiving.get(id) ?? 0 });
    const stations = view
      ? view.stations.map((station) => ({ ...this.#ofStation(station, elapsed), ...known(station.info.id) }))
      : catalogue.stations.map(({ info }) => ({ ...noStats(info.id), ...known(info.id) }));
    this.#forget(stations);
    return { server: this.#server(elapsed, stations, view), stations, warnings: view?.warnings ?? [] };
  }

  #server(elapsed: Millis, stations: readonly StationStats[], view: ServerView | null): Sample['server'] {
    const { server, viewers, now } = this.#context;
    const load = this.#load;
    const singleBytes = sum(view?.stations ?? [], ({ unicast }) => unicast?.bytes ?? 0);
    return {
      name: server,
      version: load.version,
      time: now(),
      uptime: load.uptime(),
      clockOffset: view?.clockOffset ?? null,
      cpu: this.#rates.cpu.next(load.cpu(), elapsed) / 1000,
      processors: load.processors,
      memory: load.memory(),
      rate: {
        groups: sum(stations, ({ rate }) => rate),
        single: this.#rates.single.next(singleBytes * BITS, elapsed),
        http: this.#rates.http.next(viewers.totals.bytes * BITS, elapsed),
      },
      interface: view?.interface ?? null,
      viewers: viewers.list.length,
      receivers: view?.receivers.length ?? 0,
    };
  }

  #ofStation({ info, sent, parity, unicast }: ServerStation, elapsed: Millis): StationStats {
    const stats: StationStats = noStats(info.id);
    if (sent) {
      const { droppedLate, unread, refused } = sent;
      const meter = this.#stations.get(info.id) ?? { bytes: new Rate(), lateness: new Lateness() };
      this.#stations.set(info.id, meter);
      const bytes = sent.bytes + (parity ? parity.columns.bytes + parity.rows.bytes : 0);
      stats.rate = meter.bytes.next(bytes * BITS, elapsed);
      stats.lateness = Lateness.of(sent.lateness).quantileSince(meter.lateness, 0.99);
      stats.lost = droppedLate + unread + refused;
    }
    if (unicast) {
      const { receivers, loss, lost, unrepaired } = unicast.reports;
      Object.assign(stats, { reporting: receivers, loss, missed: lost, unrepaired });
    }
    return stats;
  }

  #forget(stations: readonly StationStats[]): void {
    if (this.#stations.size <= stations.length) return;
    const there = new Set(stations.map(({ id }) => id));
    for (const id of this.#stations.keys()) if (!there.has(id)) this.#stations.delete(id);
  }
}
