/** The operator of a server: the view of its stations, and the commands that change them. */
import { setImmediate } from 'node:timers/promises';
import { fileProblem } from '../base/file-problem.js';
import { messageOf, Problem } from '../base/problem.js';
import { Semaphore } from '../base/semaphore.js';
import { millisToTicks, type Ticks90k, ticksToMillis } from '../base/units.js';
import type { OperatorCommand, StationAction } from '../contract/commands.js';
import type { Operator, ServerStation, ServerView } from '../contract/server-view.js';
import { closeReel } from '../reel/open-reel.js';
import { exchangeReels, replaceItems, resumeProgramme, showSlate, skipItem } from '../station/change.js';
import type { StationItem } from '../station/playlist.js';
import type { Station } from '../station/station.js';
import type { TimelineChange } from '../station/timeline.js';
import type { Broadcaster } from './broadcaster.js';
import { leftOutEvent, type ServerEvents } from './events.js';
import { type Entry, type LineUp, removedMeanwhile } from './line-up.js';
import type { Slates } from './slates.js';
import { ownItems, type PrepareOptions, type ReadyStation, type Reloaded, reloadItems } from './station-loader.js';
import type { StationPlan } from './station-plan.js';
import { type StateOptions, saveStation } from './stored-station.js';

export interface ServerOperatorOptions {
  broadcaster: Broadcaster;
  lineUp: LineUp;
  slates: Slates;
  /** How files of a station are loaded and prepared. */
  load(plan: StationPlan): PrepareOptions & StateOptions;
  events: ServerEvents;
}

/** Stations whose changes are stored at the same time: each takes a file and a sync of the disk. */
const MOST_SAVES = 8;

const impossible = (what: string, next = 'There is nothing to do.') => new Problem('usage', what, next);

/**
 * Responsible for:
 * - commands: each station's one after another, and known to all threads before the change begins
 * - the stored state of changed stations, for the server that starts after this one
 */
export class ServerOperator implements Operator {
  readonly #options: ServerOperatorOptions;
  /** Stations whose source is being read again, until it has been. */
  readonly #reloading = new Map<Entry, Promise<unknown>>();
  /** By station: settles when its changes so far are stored. A slow disk of one keeps no other waiting. */
  readonly #storing = new Map<string, Promise<void>>();
  readonly #saves = new Semaphore({ most: MOST_SAVES, waiting: Number.POSITIVE_INFINITY });
  /** Settles when the event loop may make one more change. */
  #nextTurn: Promise<unknown> = Promise.resolve();

  constructor(options: ServerOperatorOptions) {
    this.#options = options;
  }

  get revision(): number {
    return this.#options.events.revision;
  }

  view(): ServerView {
    const { broadcaster, lineUp, slates, events } = this.#options;
    const { name, address, internal } = broadcaster.at;
    const time = this.#now();
    return {
      stations: lineUp.ready.map((ready) => this.#describe(ready, time)),
      slates: slates.list,
      receivers: broadcaster.receivers,
      interface: { name, address, internal, connected: broadcaster.isConnected },
      clockOffset: broadcaster.clockOffset,
      warnings: events.warnings,
    };
  }

  async execute(command: OperatorCommand): Promise<void> {
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
        return command.station === null
          ? this.#showEverywhere(command.slate)
          : this.#show(command.slate, this.#options.lineUp.find(command.station));
      case 'resume':
        return command.station === null ? this.#resumeEverywhere() : this.#resume(command.station);
    }
  }

  /** Resolves when every change so far is stored. */
  async stored(): Promise<void> {
    await Promise.all(this.#storing.values());
  }

  /**
   * Goes on without the items whose reel is damaged and was set aside, and with them again once it is made. A station without
   * others goes on with the damaged reel, which is open, until then. Rejects with a Problem where it cannot be made: the station
   * then stays as it is.
   */
  async replaceReel(entry: Entry, isDamaged: (item: StationItem) => boolean): Promise<void> {
    await this.#inTurn(entry, (ready) => {
      const { station } = ready;
      const whole = station.items.filter((item) => !isDamaged(item));
      if (whole.length === 0 || whole.length === station.items.length || !this.#isOnAir(ready)) return;
      const skip = isDamaged(station.itemAt(this.#now())) ? skipItem(station, this.#now()) : null;
      if (skip) station.change(skip);
      this.#change(ready, replaceItems(station, this.#now(), whole));
    });
    // One that has begun may have opened the damaged reel.
    await this.takeReels(entry);
  }

  /** Goes on with the reels of its source as they are prepared now; those of before play until then. Rejects as `replaceReel` does. */
  async takeReels(entry: Entry): Promise<void> {
    while (this.#reloading.has(entry)) await this.#reloading.get(entry);
    await this.#readAgain(entry, { isOnAir: false });
  }

  #start(id: string): Promise<void> {
    return this.#inTurn(id, (ready) => {
      if (this.#isOnAir(ready)) throw impossible('this station is on the air');
      this.#options.broadcaster.add(ready);
    });
  }

  #stop(id: string): Promise<void> {
    return this.#inTurn(id, async (ready) => {
      this.#requireOnAir(ready);
      await this.#options.broadcaster.remove(id);
    });
  }

  #skip(id: string): Promise<void> {
    return this.#inTurn(id, (ready) => {
      this.#requireOnAir(ready);
      if (ready.station.items.length === 1) throw impossible('this station has one item', 'Add another to its folder.');
      const change = skipItem(ready.station, this.#now());
      if (change) this.#change(ready, change); // Without one, the next item begins by itself before that.
    });
  }

  #rename(id: string, name: string): Promise<void> {
    return this.#inTurn(id, (ready) => {
      ready.plan.name = name;
      this.#changed(ready);
    });
  }

  #reorder(id: string, order: readonly string[]): Promise<void> {
    return this.#inTurn(id, (ready) => {
      this.#requireOnAir(ready);
      const { items } = ready.station;
      const byId = new Map(itemIds(items).map((itemId, index) => [itemId, items[index]!]));
      const ordered = [...new Set(order)].flatMap((each) => byId.get(each) ?? []);
      if (ordered.length !== items.length || order.length !== items.length) {
        throw impossible('these are not all of the station’s items, each once', 'The line-up lists them.');
      }
      this.#change(ready, replaceItems(ready.station, this.#now(), ordered));
    });
  }

  /** Has a station play all its files, on the air or not; resolves when their reels are made. Rejects with a Problem. */
  async complete(entry: Entry): Promise<void> {
    await this.#reloading.get(entry);
    if (entry.ready !== null) await this.#readAgain(entry, { isOnAir: false });
  }

  async #reload(id: string): Promise<void> {
    const entry = this.#options.lineUp.find(id);
    if (entry.ready === null) throw notReady();
    this.#requireOnAir(entry.ready);
    if (this.#reloading.has(entry)) throw impossible('its files are being read already', 'Wait until that is done.');
    await this.#readAgain(entry, { isOnAir: true });
  }

  /** Reads the source of a station again, which has to be on the air at the end with `isOnAir`. */
  async #readAgain(entry: Entry, options: { isOnAir: boolean }): Promise<void> {
    const reading = this.#readSource(entry, options).finally(() => this.#reloading.delete(entry));
    this.#reloading.set(entry, Promise.allSettled([reading]));
    await reading;
  }

  async #readSource(entry: Entry, options: { isOnAir: boolean }): Promise<void> {
    const { plan, ready } = entry;
    if (ready === null) throw notReady();
    const load = this.#options.load(plan);
    const signal = AbortSignal.any([load.signal, entry.removal.signal]);
    try {
      // Preparing may take hours: no other command of the station waits for it.
      const reloaded = await reloadItems({ ...load, signal }, ready.station);
      await this.#take(entry, ready, reloaded, options);
      await this.#storing.get(plan.id);
    } catch (error) {
      throw signal.aborted ? removedMeanwhile(plan.name, error) : error;
    }
  }

  /** Plays reloaded items instead of the station's; those that it does not take are closed. */
  async #take(
    entry: Entry,
    ready: ReadyStation,
    { items, files, notes }: Reloaded,
    { isOnAir }: { isOnAir: boolean },
  ): Promise<void> {
    const { plan, station } = ready;
    let opened = items;
    try {
      await this.#options.lineUp.inTurn(entry, () => {
        if (isOnAir) this.#requireOnAir(ready);
        if (notes.join() !== plan.source.notes.join()) {
          plan.source.notes = notes;
          this.#options.events.emit({ kind: 'changed', station: plan });
          leftOutEvent(plan, notes).forEach(this.#options.events.emit);
        }
        const before = station.items;
        opened = ownItems(station, items);
        if (opened.length === before.length && opened.every((item, index) => item === before[index])) return;
        plan.source.files = files;
        ready.sources = null; // Computed again when the change is stored.
        const now = this.#now();
        this.#change(ready, exchangeReels(station, now, opened) ?? replaceItems(station, now, opened));
      });
    } finally {
      closeUnused(station, opened);
    }
  }

  #show(slate: string, entry: Entry): Promise<void> {
    return this.#inTurn(entry, async (ready) => {
      this.#requireOnAir(ready);
      const { station } = ready;
      let item = await this.#options.slates.itemFor(slate, station);
      try {
        // A change takes some milliseconds: of a thousand stations, other work gets its turn in between.
        this.#nextTurn = this.#nextTurn.then(() => setImmediate());
        await this.#nextTurn;
        [item = item] = ownItems(station, [item]);
        this.#change(ready, showSlate(station, this.#now(), { id: slate, item }));
      } finally {
        closeUnused(station, [item]);
      }
    });
  }

  async #showEverywhere(slate: string): Promise<void> {
    const entries = this.#options.lineUp.entries.filter(({ ready }) => ready && this.#isOnAir(ready));
    const shown = await Promise.allSettled(entries.map((entry) => this.#show(slate, entry)));
    const failed = shown.filter((each) => each.status === 'rejected');
    const [first] = failed;
    if (!first) return;
    if (failed.length === shown.length) throw first.reason;
    const which = `${failed.length} of ${shown.length} stations go on as before: ${messageOf(first.reason)}`;
    throw impossible(which, 'Try again in a moment.');
  }

  #resume(id: string): Promise<void> {
    return this.#inTurn(id, (ready) => {
      const { station } = ready;
      if (station.timeline.override === null) throw impossible('this station shows no slate');
      this.#change(ready, resumeProgramme(station, this.#now()));
    });
  }

  async #resumeEverywhere(): Promise<void> {
    const { lineUp } = this.#options;
    await Promise.all(
      lineUp.entries.flatMap((entry) =>
        entry.ready === null
          ? []
          : this.#inTurn(entry, (ready) => {
              const { station } = ready;
              if (station.timeline.override !== null) this.#change(ready, resumeProgramme(station, this.#now()));
            }),
      ),
    );
  }

  #now(): Ticks90k {
    return millisToTicks(this.#options.broadcaster.now());
  }

  #isOnAir({ plan }: ReadyStation): boolean {
    return this.#options.broadcaster.find(plan.id) !== undefined;
  }

  #requireOnAir(ready: ReadyStation): void {
    if (!this.#isOnAir(ready)) throw impossible('this station is not on the air', 'Start it first.');
  }

  /** Carries out an action after the earlier ones of its station. Resolves when the change is stored; the next action does not wait for that. */
  async #inTurn(station: string | Entry, action: (ready: ReadyStation) => Promise<void> | void): Promise<void> {
    const { lineUp } = this.#options;
    const entry = typeof station === 'string' ? lineUp.find(station) : station;
    await lineUp.inTurn(entry, () => {
      if (entry.ready === null) throw notReady();
      return action(entry.ready);
    });
    await this.#storing.get(entry.plan.id);
  }

  #change(ready: ReadyStation, change: TimelineChange): void {
    ready.station.change(change);
    this.#changed(ready);
  }

  /** The change is on the air even where it cannot be stored: an alarm does not wait for a full disk. */
  #changed(ready: ReadyStation): void {
    const { broadcaster, load, events } = this.#options;
    const { plan } = ready;
    broadcaster.change(ready);
    const before = this.#storing.get(plan.id) ?? Promise.resolve();
    const stored = before
      .then(() => this.#saves.run(() => saveStation(ready, load(plan))))
      .catch((error: unknown) => {
        const { folder } = load(plan).store;
        const cause = fileProblem(error, { code: 'store', path: folder, access: 'write', option: '--store' });
        const why = cause instanceof Problem ? `${cause.message}. ${cause.next}` : messageOf(cause);
        const what = `the change is on the air, but will be lost when the server ends: ${why}`;
        events.emit({ kind: 'warning', message: `${plan.number} ${plan.name}: ${what}`, station: plan });
      })
      .finally(() => {
        if (this.#storing.get(plan.id) === stored) this.#storing.delete(plan.id);
      });
    this.#storing.set(plan.id, stored);
  }

  #describe(ready: ReadyStation, time: Ticks90k): ServerStation {
    const { plan, station } = ready;
    const stats = this.#options.broadcaster.stats(plan.id);
    const { items, timeline } = station;
    const ids = itemIds(items);
    return {
      info: ready.info(time),
      onAir: stats !== null,
      items: items.map(({ name, reel }, index) => ({
        id: ids[index]!,
        name,
        duration: ticksToMillis(reel.duration),
        notes: reel.data.manifest.properties.notes,
      })),
      leftOut: plan.source.notes,
      slate: timeline.override?.id ?? null,
      actions: this.#actions({ items: items.length, isOnAir: stats !== null, isSlate: timeline.override !== null }),
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

  #actions({ items, isOnAir, isSlate }: { items: number; isOnAir: boolean; isSlate: boolean }): StationAction[] {
    if (!isOnAir) return ['start', 'rename'];
    const ofSeveral: StationAction[] = items > 1 ? ['skip', 'reorder'] : [];
    const resume: StationAction[] = isSlate ? ['resume'] : [];
    const show: StationAction[] = this.#options.slates.list.length > 0 ? ['show'] : [];
    return ['stop', 'rename', ...ofSeveral, 'reload', ...resume, ...show];
  }
}

const notReady = () => impossible('this station is still being prepared', 'Try again when it is on the air.');

/** Closes the reels of items that the station did not take. */
function closeUnused({ timeline }: Station, items: readonly StationItem[]): void {
  const used = new Set(timeline.items.map(({ reel }) => reel));
  for (const reel of new Set(items.map((item) => item.reel))) if (!used.has(reel)) closeReel(reel);
}

/** Ids of a station's items: the reel's, numbered where one occurs several times. */
function itemIds(items: readonly StationItem[]): string[] {
  const counts = new Map<string, number>();
  return items.map(({ reel: { data } }) => {
    const { id } = data.manifest;
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    return count === 1 ? id : `${id}-${count}`;
  });
}
