/** The stations of `msc serve`, as their operator knows them, and what can be done to them. */
import { setImmediate } from 'node:timers/promises';
import { messageOf, Problem } from '../base/problem.js';
import { millisToTicks, type Ticks90k, ticksToMillis } from '../base/units.js';
import type { OperatorCommand, StationAction } from '../contract/commands.js';
import type { Operator, ServerStation, ServerView } from '../contract/server-view.js';
import type { NetInterface } from '../net/interfaces.js';
import { NOTICE, replaced, resumed, skipped, slated, withoutSlate } from '../station/change.js';
import type { PeriodOptions, StationItem } from '../station/period.js';
import type { Broadcaster } from './broadcaster.js';
import { keepStation, noteSources } from './kept-station.js';
import { type PrepareOptions, type ReadyStation, reloadItems } from './line-up.js';
import type { Slates } from './slates.js';

export interface ServerOperatorOptions {
  air: Broadcaster;
  at: NetInterface;
  slates: Slates;
  /** For files that are looked at again. */
  load: Omit<PrepareOptions, 'plan' | 'onProblem'>;
  onProblem(problem: Problem, station: number): void;
}

const impossible = (what: string, next = 'There is nothing to do.') => new Problem('usage', what, next);

/**
 * It is in charge of:
 * - changes being made one after another, and known to all before they begin
 * - what has been changed being kept for the server that comes after this one
 */
export class ServerOperator implements Operator {
  readonly #options: ServerOperatorOptions;
  /** Stations whose files are being looked at. */
  readonly #reloading = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();
  #kept: Promise<unknown> = Promise.resolve();

  constructor(options: ServerOperatorOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#options.air.revision + this.#options.slates.list.length;
  }

  view(): ServerView {
    const { air, at, slates } = this.#options;
    const { name, address, internal } = at;
    const time = this.#now();
    return {
      stations: air.stations.map((ready) => this.#describe(ready, time)),
      slates: slates.list.map(({ id, name }) => ({ id, name })),
      receivers: air.receivers,
      interface: { name, address, internal },
      clockOffset: air.clockOffset,
      warnings: air.warnings,
    };
  }

  execute(command: OperatorCommand): Promise<void> {
    switch (command.do) {
      case 'start':
        return this.#start(command.station);
      case 'stop':
        return this.#stop(command.station);
      case 'skip':
        return this.#skip(command.station);
      case 'rename':
        return this.#rename(command.station, command.name);
      case 'reorder':
        return this.#reorder(command.station, command.items);
      case 'reload':
        return this.#reload(command.station);
      case 'show':
        return this.#show(command.slate, command.station);
      case 'resume':
        return this.#resume(command.station);
    }
  }

  #start(id: string): Promise<void> {
    return this.#inTurn(() => {
      const ready = this.#find(id);
      if (this.#isOnAir(ready)) throw impossible('this station is on the air');
      this.#options.air.start(ready);
    });
  }

  #stop(id: string): Promise<void> {
    return this.#inTurn(() => {
      this.#findOnAir(id);
      return this.#options.air.stop(id);
    });
  }

  #skip(id: string): Promise<void> {
    return this.#inTurn(() => {
      const ready = this.#findPlaying(id);
      if (ready.station.items.length === 1) throw impossible('this station has one item', 'Add another to its folder.');
      const now = this.#now();
      const period = skipped(ready.station, now, now + NOTICE);
      if (period) this.#change(ready, period); // Otherwise the next one begins by itself in a moment.
    });
  }

  #rename(id: string, name: string): Promise<void> {
    return this.#inTurn(() => {
      const ready = this.#find(id);
      ready.plan.name = name;
      this.#changed(ready);
    });
  }

  #reorder(id: string, order: readonly string[]): Promise<void> {
    return this.#inTurn(() => {
      const ready = this.#findPlaying(id);
      const { items } = ready.station;
      const ids = itemIds(items);
      if (
        order.length !== items.length ||
        new Set(order).size !== order.length ||
        order.some((each) => !ids.includes(each))
      ) {
        throw impossible('these are not all of the station’s items, each once', 'The line-up lists them.');
      }
      const ordered = order.map((each) => items[ids.indexOf(each)]);
      this.#change(ready, replaced(ready.station, this.#soon(), ordered));
    });
  }

  async #reload(id: string): Promise<void> {
    const ready = this.#findPlaying(id);
    const { load, onProblem } = this.#options;
    const { plan, station } = ready;
    if (this.#reloading.has(id)) throw impossible('its files are being looked at', 'Wait until that is done.');
    this.#reloading.add(id);
    try {
      // Preparing may take long: nothing else waits for it.
      const told = (problem: Problem) => onProblem(problem, plan.number);
      const { items, files } = await reloadItems({ ...load, plan, onProblem: told }, station);
      await this.#inTurn(async () => {
        const isSame = items.length === station.items.length && items.every((item, at) => item === station.items[at]);
        if (isSame) return;
        this.#findPlaying(id);
        plan.source.files = files;
        await noteSources(ready, load);
        this.#change(ready, replaced(station, this.#soon(), items));
      });
    } finally {
      this.#reloading.delete(id);
    }
  }

  #show(slate: string, id: string | null): Promise<void> {
    return this.#inTurn(async () => {
      const stations =
        id === null ? this.#options.air.stations.filter((each) => this.#isOnAir(each)) : [this.#findOnAir(id)];
      const items = await Promise.allSettled(
        stations.map(({ station }) => this.#options.slates.itemFor(slate, station)),
      );
      for (const [index, ready] of stations.entries()) {
        const item = items[index];
        if (item.status === 'rejected') continue;
        await setImmediate(); // Each takes some milliseconds: of a thousand stations, others get their turn in between.
        const now = this.#now();
        this.#change(ready, slated(ready.station, now, now + NOTICE, { id: slate, item: item.value }));
      }
      const failed = items.filter((item) => item.status === 'rejected');
      if (failed.length === 0) return;
      if (failed.length === items.length) throw failed[0].reason;
      const which = `${failed.length} of ${items.length} stations go on as before: the slate is not ready for them`;
      throw impossible(which, 'Try again in a moment.');
    });
  }

  #resume(id: string | null): Promise<void> {
    return this.#inTurn(() => {
      const stations = id === null ? this.#options.air.stations : [this.#find(id)];
      for (const ready of stations) {
        if (ready.station.slate !== null) this.#change(ready, resumed(ready.station, this.#soon()));
        else if (id !== null) throw impossible('this station shows no slate');
      }
    });
  }

  #now(): Ticks90k {
    return millisToTicks(this.#options.air.now());
  }

  #soon(): Ticks90k {
    return this.#now() + NOTICE;
  }

  #find(id: string): ReadyStation {
    const ready = this.#options.air.stations.find(({ plan }) => plan.id === id);
    if (ready) return ready;
    throw new Problem('station', 'there is no such station', 'The line-up shows all.');
  }

  #isOnAir({ plan }: ReadyStation): boolean {
    return this.#options.air.stats(plan.id) !== null;
  }

  #findOnAir(id: string): ReadyStation {
    const ready = this.#find(id);
    if (this.#isOnAir(ready)) return ready;
    throw impossible('this station is not on the air', 'Start it first.');
  }

  #findPlaying(id: string): ReadyStation {
    const ready = this.#findOnAir(id);
    if (ready.station.slate !== null) throw impossible('this station shows a slate', 'Go back to what it plays first.');
    return ready;
  }

  #change(ready: ReadyStation, period: PeriodOptions): void {
    ready.station.extend(period);
    this.#changed(ready);
  }

  /** On the air as it is even where it cannot be kept: an alarm does not wait for a full disk. */
  #changed(ready: ReadyStation): void {
    const { air, load } = this.#options;
    const { number, name } = ready.plan;
    air.changed(ready);
    this.#kept = this.#kept
      .then(() => keepStation(ready, load))
      .catch((error) => {
        air.warn(`${number} ${name}: what was changed will be lost when the server ends: ${messageOf(error)}`);
      });
  }

  /** When what was asked for before is done. Resolves when it is kept, too: the next does not wait for that. */
  #inTurn(action: () => Promise<void> | void): Promise<void> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => undefined);
    return done.then(async () => {
      await this.#kept;
    });
  }

  #describe(ready: ReadyStation, time: Ticks90k): ServerStation {
    const { plan, station } = ready;
    const stats = this.#options.air.stats(plan.id);
    const { items } = withoutSlate(station);
    const ids = itemIds(items);
    return {
      info: ready.info(time),
      onAir: stats !== null,
      items: items.map(({ name, reel }, index) => ({ id: ids[index], name, duration: ticksToMillis(reel.duration) })),
      slate: station.slate?.id ?? null,
      actions: this.#actions(items.length, stats !== null, station.slate !== null),
      sent: stats?.progress.snapshot() ?? null,
      parity: stats?.parity
        ? {
            mode: stats.parity.mode,
            columns: stats.parity.columns.snapshot(),
            rows: stats.parity.rows.snapshot(),
          }
        : null,
      unicast: stats?.unicast,
    };
  }

  #actions(items: number, isOnAir: boolean, isShowing: boolean): StationAction[] {
    if (!isOnAir) return ['start', 'rename'];
    const own: StationAction[] = isShowing
      ? ['resume']
      : [...(items > 1 ? (['skip', 'reorder'] as const) : []), 'reload'];
    return ['stop', 'rename', ...own, ...(this.#options.slates.list.length > 0 ? (['show'] as const) : [])];
  }
}

/** Names of a station's items for others: the reel's, and which of several it is. */
function itemIds(items: readonly StationItem[]): string[] {
  const counts = new Map<string, number>();
  return items.map(({ reel: { data } }) => {
    const { id } = data.manifest;
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    return count === 1 ? id : `${id}-${count}`;
  });
}
