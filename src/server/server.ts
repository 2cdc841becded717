/** A server: what sends is opened, stations come and go while it runs, and everything is closed. */
import { availableParallelism } from 'node:os';
import { closeInOrder } from '../base/closing.js';
import { neededByServer } from '../base/descriptor-budget.js';
import { asProblem } from '../base/problem.js';
import { type Millis, millisToTicks } from '../base/units.js';
import type { Operator } from '../contract/server-view.js';
import { readKeyFile } from '../control/key-file.js';
import { type FoundStation, findStations } from '../discovery/find.js';
import { commonSettings, defaultMediaSettings, type MediaSettings } from '../media/settings.js';
import { loopback, type NetInterface, resolveInterface } from '../net/interfaces.js';
import { statsOf } from '../playout/stats.js';
import type { ReelDamage } from '../reel/read-reel.js';
import { defaultStore, Store } from '../reel/store.js';
import type { Station, StationItem } from '../station/station.js';
import type { MessageKey } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import { Broadcaster } from './broadcaster.js';
import { checkServerConfig, type ServerConfig, type ServerConfigInput, type StationConfigInput } from './config.js';
import { type OnServerEvent, ServerEvents } from './events.js';
import { FileStateStore } from './file-state-store.js';
import { type Entry, LineUp } from './line-up.js';
import { ServerOperator } from './operator.js';
import { ReelRepair } from './reel-repair.js';
import { Slates } from './slates.js';
import type { StateStore } from './state-store.js';
import { CONFLICT_TIMEOUT, StationStarter } from './station-starter.js';
import { countersOf, reportStats, type StationCountersOnAir, totalsOf } from './stats-reporter.js';

/** Files that a station holds open beside its items: a slate, and the item being opened. */
const OTHER_FILES = 2;

/**
 * Opens a server: it checks the configuration and opens what sends. No station is on the air until `startStations`.
 * Rejects with a Problem: a wrong field of the configuration, no such interface, a key that cannot be read, a control port in
 * use, a store that cannot be written.
 *
 *     const server = await openServer({ name: 'lobby', stations: [{ source: 'film.mp4' }] }, (event) => console.log(event));
 *     await server.startStations();
 *     const id = await server.addStation({ name: 'Loops', source: 'loops/' });
 *     await server.operator.execute({ do: 'skip', station: id });
 *     await server.removeStation(id);
 *     await server.close();
 *
 * Times and durations are in milliseconds, times since the Unix epoch by the server's clock; rates in bit/s. `onEvent` is
 * called for every event, in order and before anything that follows from it.
 */
export async function openServer(config: ServerConfigInput, onEvent?: OnServerEvent): Promise<Server> {
  const checked = checkServerConfig(config);
  const { interface: wanted, name: server, store: folder } = checked;
  const at = wanted === undefined ? loopback() : resolveInterface(wanted);
  const foundBy = at.address === wanted?.trim() ? 'address' : 'name';
  const events = new ServerEvents();
  if (onEvent) events.on(onEvent);
  const log = (message: string) => events.emit({ kind: 'note', message });
  const messageKey = checked.key === undefined ? undefined : await readKeyFile(checked.key, log);
  if (messageKey) log(`Only viewers that have the key in ${checked.key} are answered.`);
  const found = findStations({ interfaces: [at], timeout: CONFLICT_TIMEOUT, key: messageKey });
  found.catch(() => undefined); // Reported by the first station, which waits for it.
  const store = new Store(folder ?? defaultStore(), { log });
  await store.open();
  const settings = { ...defaultMediaSettings, ...commonSettings(checked) };
  const slates = new Slates(checked.slates, { settings, store, onEvent: events.emit });
  const broadcaster = await Broadcaster.open({ ...checked, at, foundBy, server, messageKey, onEvent: events.emit });
  const states = new FileStateStore(store.folder);
  const opened = new Server({
    config: checked,
    settings,
    messageKey,
    found,
    store,
    states,
    events,
    slates,
    broadcaster,
  });
  try {
    await store.serve(
      (id, damage) => void opened.replaceReel(id, damage),
      checked.decodeCheck ? (id) => void opened.encodeDamage(id) : null,
    );
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** A station on the air, for readers in this process. */
export interface StationOnAir {
  readonly station: Station;
  /** Its description now. */
  readonly info: () => StationInfo;
  /** A picture of an item, a JPEG file; null where there is none. */
  readonly poster: (item: StationItem) => Promise<Buffer | null>;
}

interface ServerParts {
  config: ServerConfig;
  settings: MediaSettings;
  /** Of control messages; without one, all viewers are answered and all servers believed. */
  messageKey?: MessageKey;
  /** Stations of other servers when this one was opened. */
  found: Promise<readonly FoundStation[]>;
  store: Store;
  states: StateStore;
  events: ServerEvents;
  slates: Slates;
  broadcaster: Broadcaster;
}

/**
 * Responsible for:
 * - stations being added and removed while the server runs
 * - closing everything in reverse order
 */
export class Server {
  /** The operator's view and commands. */
  readonly operator: Operator;
  readonly #parts: ServerParts;
  readonly #operator: ServerOperator;
  readonly #starter: StationStarter;
  readonly #repair: ReelRepair;
  readonly #lineUp = new LineUp();
  /** In the order of opening. */
  readonly #closing: (() => Promise<void> | void)[];
  /** Aborted when the server is closed. */
  readonly #ending = new AbortController();
  /** Loading of stations and slates, as long as it runs. */
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | null = null;

  /** Use openServer. */
  constructor(parts: ServerParts) {
    const { config, broadcaster, events } = parts;
    this.#parts = parts;
    const lineUp = this.#lineUp;
    const { signal } = this.#ending;
    const complete = (entry: Entry) => this.#operator.complete(entry);
    const starter = new StationStarter({ ...parts, lineUp, complete, signal });
    const operator = new ServerOperator({ ...parts, lineUp, load: (plan) => starter.loadOptions(plan) });
    this.#starter = starter;
    this.#operator = operator;
    this.operator = operator;
    this.#repair = new ReelRepair({
      ...parts,
      lineUp,
      operator,
      signal,
      prepareSlates: () => this.prepareSlates(),
    });
    this.#closing = [
      () => this.#closeStations(),
      () => parts.store.close(),
      () => this.#operator.stored(),
      () => broadcaster.close(),
      reportStats({ stations: () => this.countersOnAir, period: config.statsPeriod, onEvent: events.emit }),
      () => this.#lineUp.close(),
      () => this.#endLoading(),
    ];
  }

  /** Calls `listener` for every event until the returned function is called. */
  onEvent(listener: OnServerEvent): () => void {
    return this.#parts.events.on(listener);
  }

  /** The configuration with its defaults. */
  get config(): ServerConfig {
    return this.#parts.config;
  }

  /** The server's clock (Unix epoch). */
  now(): Millis {
    return this.#parts.broadcaster.now();
  }

  /** The interface that packets leave by. */
  get interface(): NetInterface {
    return this.#parts.broadcaster.at;
  }

  /** A station on the air; null where there is none of that id. */
  stationOnAir(id: string): StationOnAir | null {
    const { broadcaster } = this.#parts;
    const ready = broadcaster.find(id);
    if (!ready) return null;
    const { station, poster, info } = ready;
    return { station, poster, info: () => info(millisToTicks(broadcaster.now())) };
  }

  /** Descriptors that its stations, threads and sockets need at most, stations that are still being loaded included. */
  get descriptorsNeeded(): number {
    const files = this.#lineUp.entries.reduce((sum, { plan, ready }) => {
      // Those of the past stay open.
      const items = Math.max(plan.source.files.length, ready?.station.timeline.items.length ?? 0);
      return sum + items + OTHER_FILES;
    }, 0);
    return neededByServer({ players: this.config.workers ?? availableParallelism(), files });
  }

  /** Counters of the stations on the air, by number. */
  get countersOnAir(): StationCountersOnAir[] {
    const { broadcaster } = this.#parts;
    return broadcaster.stations.flatMap(({ plan: { number, id } }) => {
      const stats = broadcaster.stats(id);
      return stats ? [{ number, id, progress: stats.progress, unicast: stats.unicast }] : [];
    });
  }

  /**
   * Puts the stations of the configuration on the air: first those whose reels exist, then, one after another, those whose
   * reels have to be made. Resolves when each of them is on the air or has failed, which is an event `problem`, or when the
   * server is closed. Rejects with a Problem where the network cannot be searched for other servers.
   */
  async startStations(): Promise<void> {
    await this.#run(async () => this.#starter.startConfigured(await this.#parts.found)).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) throw error;
    });
  }

  /**
   * Adds a station: makes its reels where they are missing and puts it on the air. Resolves with its id. Rejects with a
   * Problem, and the station is not in the line-up: its configuration is wrong, no file can be played, its number or group is
   * in use, it was removed or the server closed meanwhile.
   */
  addStation(input: StationConfigInput): Promise<string> {
    return this.#follow(this.#starter.add(input));
  }

  /** Takes a station off the air and forgets it; ends its preparation. Rejects with a Problem where there is no such station. */
  async removeStation(id: string): Promise<void> {
    const entry = this.#lineUp.find(id);
    entry.removal.abort();
    await this.#lineUp.inTurn(entry, async () => {
      await this.#parts.broadcaster.remove(id);
      this.#lineUp.delete(entry);
      entry.ready?.station.close();
      entry.ready = null;
      this.#parts.events.emit({ kind: 'removed', station: entry.plan });
    });
    await this.#operator.stored(); // Added again, it is restored from there.
  }

  /**
   * Makes the reels of slates that are missing, in the layouts of the stations that are there now. Resolves when they are made or the
   * server is closed.
   */
  async prepareSlates(): Promise<void> {
    const stations = this.#lineUp.ready.map(({ station }) => station);
    const { signal } = this.#ending;
    await this.#run(() => this.#parts.slates.prepare(stations, signal)).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /**
   * Sets a reel aside that was found to be damaged, and makes it again for the stations that play it: one goes on with its other
   * items, or with the damaged reel, until then. Each of them is an event `problem`; never rejects.
   */
  replaceReel(reel: string, damage: ReelDamage): Promise<void> {
    return this.#run(() => this.#repair.replace(reel, damage)).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#parts.events.emit({ kind: 'problem', problem: asProblem(error) });
    });
  }

  /** Prepares films again whose copied reel has damage, for the stations that play them. Never rejects. */
  encodeDamage(reel: string): Promise<void> {
    return this.#run(() => this.#repair.encodeDamage(reel)).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#parts.events.emit({ kind: 'problem', problem: asProblem(error) });
    });
  }

  /** Ends the preparation of stations, takes all off the air and closes everything; then rejects with the errors, if any. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const counters = this.countersOnAir;
    try {
      await closeInOrder(this.#closing.reverse());
    } finally {
      const total = statsOf(countersOf(counters));
      this.#parts.events.emit({ kind: 'closed', total, stations: totalsOf(counters) });
    }
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    this.#ending.signal.throwIfAborted();
    return this.#follow(work());
  }

  /** The server's end waits for what runs. */
  async #follow<T>(running: Promise<T>): Promise<T> {
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #endLoading(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#running);
  }

  #closeStations(): Promise<void> {
    return closeInOrder(
      this.#lineUp.ready.map(
        ({ station }) =>
          () =>
            station.close(),
      ),
    );
  }
}
