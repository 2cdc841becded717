/** A server: stations from their files onto the air, changed while it runs. */
import { availableParallelism } from 'node:os';
import { closeInOrder } from '../base/closing.js';
import { neededByServer } from '../base/descriptor-budget.js';
import { asProblem, nullIfProblem, Problem } from '../base/problem.js';
import { systemTimers } from '../base/timers.js';
import { Millis, millisToTicks, Ticks90k } from '../base/units.js';
import type { Operator } from '../contract/server-view.js';
import { readKeyFile } from '../control/key-file.js';
import { type Conflict, conflictText } from '../discovery/conflicts.js';
import { type FoundStation, findStations, type StationServer } from '../discovery/find.js';
import type { MediaSettings } from '../media/settings.js';
import { loopback, type NetInterface, resolveInterface } from '../net/interfaces.js';
import { statsOf } from '../playout/stats.js';
import { generate, generatedPath } from '../reel/generated.js';
import { ReelDamage } from '../reel/read-reel.js';
import { defaultStore, Store } from '../reel/store.js';
import type { Station, StationItem } from '../station/station.js';
import type { MessageKey } from '../wire/seal.js';
import { type StationInfo, stationInfoSchema } from '../wire/station-info.js';
import { Broadcaster } from './broadcaster.js';
import { CLAIM_PATIENCE, Claims } from './claims.js';
import {
  checkServerConfig,
  checkStationConfig,
  type ServerConfig,
  type ServerConfigInput,
  type StationConfig,
  type StationConfigInput,
} from './config.js';
import { type OnServerEvent, ServerEvents } from './events.js';
import { FileStateStore } from './file-state-store.js';
import { type Entry, LineUp, removedMeanwhile } from './line-up.js';
import { ServerOperator } from './operator.js';
import { ReelRepair } from './reel-repair.js';
import { Slates } from './slates.js';
import { findSource, type StationSource } from './sources.js';
import type { StateStore } from './state-store.js';
import { loadStation, type PrepareOptions, prepareStation, type ReadyStation } from './station-loader.js';
import { planStation, type StationPlan } from './station-plan.js';
import { countersOf, reportStats, type StationCountersOnAir, totalsOf } from './stats-reporter.js';
import { noteSources, restoreStation, type StateOptions } from './stored-station.js';

/** Files that a station holds open beside its items: a slate, and the item being opened. */
const OTHER_FILES = 2;

/** How long other servers may take to answer which stations they send: stations wait for it. */
const CONFLICT_TIMEOUT = Millis(120);

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
  const { interface: wanted, name: server, store: folder, format, fps, maxGop } = checked;
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
  const settings = { format, fps, maxGop, target: null };
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
    await store.serve((id, damage) => void opened.replaceReel(id, damage));
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
 * - stations being added and removed while the server runs; an error of one is that station's alone
 * - delaying a station to whose group another server sends something else, and warning of it
 * - closing everything in reverse order
 */
export class Server {
  /** The operator's view and commands. */
  readonly operator: Operator;
  readonly #parts: ServerParts;
  readonly #operator: ServerOperator;
  readonly #repair: ReelRepair;
  readonly #lineUp = new LineUp();
  readonly #claims = new Claims({ search: () => this.#findOthers(), timers: systemTimers });
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
    const load = (plan: StationPlan) => this.#loadOptions(plan);
    this.#operator = new ServerOperator({ ...parts, lineUp: this.#lineUp, load });
    this.operator = this.#operator;
    this.#repair = new ReelRepair({
      ...parts,
      lineUp: this.#lineUp,
      operator: this.#operator,
      restart: (entry, isOnAir) => this.#restart(entry, isOnAir),
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
      const items = Math.max(plan.source.files.length, ready?.station.items.length ?? 0);
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
    await this.#run(async () => {
      const found = await this.#parts.found;
      const missing: Entry[] = [];
      const starting: Promise<void>[] = [];
      // A station that waits for a claim on its group to end does not delay the next.
      const begin = (entry: Entry, start: (onWait: () => void) => Promise<void>) =>
        new Promise<void>((resolve, reject) => {
          const started = this.#attempt(entry, () => start(resolve));
          starting.push(started);
          started.then(resolve, reject);
        });
      for (const entry of this.#planConfigured()) {
        await begin(entry, async (onWait) => {
          if (!(await this.#start(entry, loadKnown, { found, onWait }))) missing.push(entry);
        });
      }
      for (const entry of missing) {
        await begin(entry, async (onWait) => {
          if (!(await this.#start(entry, prepareMissing, { found, onWait }))) this.#lineUp.delete(entry);
        });
      }
      await Promise.all(starting);
    }).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) throw error;
    });
  }

  /**
   * Adds a station: makes its reels where they are missing and puts it on the air. Resolves with its id. Rejects with a
   * Problem, and the station is not in the line-up: its configuration is wrong, no file can be played, its number or group is
   * in use, it was removed or the server closed meanwhile.
   */
  async addStation(input: StationConfigInput): Promise<string> {
    const config = checkStationConfig(input);
    const { format } = this.#parts.config;
    const others = this.#lineUp.plans;
    const number = (this.#lineUp.entries.at(-1)?.plan.number ?? 0) + 1;
    const plan = planStation({ config, source: this.#sourceOf(config), number, format, others });
    const entry = this.#lineUp.add(plan);
    try {
      const load = async (options: PrepareOptions & StateOptions) =>
        (await loadKnown(options)) ?? prepareMissing(options);
      const isStarted = await this.#run(() => this.#start(entry, load));
      if (!isStarted) throw new Problem('source', `${plan.name}: no file can be played`, 'The log has the reasons.');
      return plan.id;
    } catch (error) {
      this.#lineUp.delete(entry);
      throw this.#isAborted(entry) ? removedMeanwhile(plan.name, error) : error;
    }
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
   * items, or is off the air until then. Each of them is an event `problem`; never rejects.
   */
  replaceReel(reel: string, damage: ReelDamage): Promise<void> {
    return this.#run(() => this.#repair.replace(reel, damage)).catch((error: unknown) => {
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

  /** Plans of the stations of the configuration. One whose source cannot be used keeps its number. */
  #planConfigured(): Entry[] {
    const { config, events } = this.#parts;
    let number = 0;
    return config.stations.flatMap((station) => {
      number = station.number ?? number + 1;
      try {
        const source = this.#sourceOf(station);
        const others = this.#lineUp.plans;
        return [this.#lineUp.add(planStation({ config: station, source, number, format: config.format, others }))];
      } catch (error) {
        events.emit({ kind: 'problem', problem: asProblem(error) });
        return [];
      }
    });
  }

  #sourceOf({ source, name }: StationConfig): StationSource {
    if (typeof source === 'string') return findSource(source);
    const { store } = this.#parts;
    const path = generatedPath(store, source.generated);
    const generated = (signal: AbortSignal) => generate(store, source.generated, signal);
    return { name: name ?? 'Test card', path, files: [path], generate: generated };
  }

  /** Runs the loading of one station: its error is an event and removes it, and others go on. */
  async #attempt(entry: Entry, load: () => Promise<void>): Promise<void> {
    if (this.#ending.signal.aborted) return;
    try {
      await load();
    } catch (error) {
      this.#lineUp.delete(entry);
      if (this.#isAborted(entry)) return;
      this.#parts.events.emit({ kind: 'problem', problem: asProblem(error), station: entry.plan });
    }
  }

  /** Closes a station and loads it again, on the air or not as it was. Rejects with a Problem where that fails. */
  async #restart(entry: Entry, isOnAir: boolean): Promise<void> {
    await this.#lineUp.inTurn(entry, async () => {
      await this.#parts.broadcaster.remove(entry.plan.id);
      entry.ready?.station.close();
      entry.ready = null;
    });
    if (await this.#start(entry, prepareMissing, { isOnAir })) return;
    throw new Problem('source', `${entry.plan.name}: no file can be played`, 'The log has the reasons.');
  }

  /** Whether the station was removed, or the server closed. */
  #isAborted({ removal }: Entry): boolean {
    return removal.signal.aborted || this.#ending.signal.aborted;
  }

  /** Loads a station and puts it on the air. False where there is nothing to load. */
  async #start(
    entry: Entry,
    load: (options: PrepareOptions & StateOptions) => Promise<ReadyStation | null>,
    {
      found,
      onWait = () => undefined,
      isOnAir = true,
    }: { found?: readonly FoundStation[]; onWait?: () => void; isOnAir?: boolean } = {},
  ): Promise<boolean> {
    const options = this.#loadOptions(entry.plan);
    const signal = AbortSignal.any([options.signal, entry.removal.signal]);
    const ready = await load({ ...options, signal });
    if (ready === null) return false;
    try {
      if (ready.sources === null) await noteSources(ready, options);
      const { twins, claim } = await this.#claims.settle({
        info: () => ready.info(millisToTicks(this.now())),
        found,
        onWait: (other) => {
          onWait();
          this.#noteWait(entry, other);
        },
        signal,
      });
      signal.throwIfAborted();
      checkDescription(ready);
      entry.ready = ready;
      if (isOnAir) this.#parts.broadcaster.add(ready, twins);
      if (claim) this.#warnOfClaim(entry, claim);
      return true;
    } catch (error) {
      const { broadcaster } = this.#parts;
      if (broadcaster.find(entry.plan.id) === ready) await broadcaster.remove(entry.plan.id);
      entry.ready = null;
      ready.station.close();
      throw error;
    }
  }

  #noteWait({ plan: station }: Entry, claim: Conflict): void {
    const wait = `It goes on the air when the other ends, or in ${CLAIM_PATIENCE / 1000} s all the same.`;
    this.#parts.events.emit({ kind: 'note', message: `${conflictText(claim)}. ${wait}`, station });
  }

  #warnOfClaim({ plan: station }: Entry, claim: Conflict): void {
    const advice =
      'Receivers of MultiStreamCast take each from its own server; other players get both mixed. Give yours another name, as ' +
      'NAME=PATH, or end the other one.';
    this.#parts.events.emit({ kind: 'warning', message: `${conflictText(claim)}. ${advice}`, station });
  }

  /** Stations that other servers send now. */
  async #findOthers(): Promise<readonly FoundStation[]> {
    const { broadcaster, messageKey } = this.#parts;
    const { at } = broadcaster;
    const isOwn = ({ address, port }: StationServer) => address === at.address && port === broadcaster.controlPort;
    const found = await findStations({ interfaces: [at], timeout: CONFLICT_TIMEOUT, key: messageKey });
    return found.flatMap((station): FoundStation[] => {
      const [first, ...more] = station.servers.filter((server) => !isOwn(server));
      return first ? [{ ...station, servers: [first, ...more] }] : [];
    });
  }

  #loadOptions(plan: StationPlan): PrepareOptions & StateOptions {
    const { config, settings, broadcaster, store, states, events } = this.#parts;
    return {
      plan,
      settings: { ...settings, format: plan.format },
      store,
      states,
      server: config.name,
      source: () => broadcaster.at.address,
      fec: config.fec === 'none' ? undefined : config.fec.size,
      onEvent: events.emit,
      signal: this.#ending.signal,
    };
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    this.#ending.signal.throwIfAborted();
    const running = work();
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

/** Throws a Problem where a station's description breaks the rules of the network: no receiver would take the whole list. */
function checkDescription({ plan, info }: ReadyStation): void {
  const { error } = stationInfoSchema.safeParse(info(Ticks90k(0)));
  if (!error) return;
  const fields = error.issues.map(({ path }) => path.join('.')).join(', ');
  const next = 'Remove its reel from the store, so that it is prepared again.';
  throw new Problem('store', `${plan.number} ${plan.name} cannot be announced, because of its ${fields}`, next);
}

/** The station as its operator left it or from reels in the store; null where files would have to be read for that. */
async function loadKnown(options: PrepareOptions & StateOptions): Promise<ReadyStation | null> {
  try {
    const restored = await restoreStation(options, { canPrepare: true });
    // A fault of its files is reported when they are prepared.
    return restored ?? (await loadStation(options).catch(nullIfProblem));
  } catch (error) {
    if (error instanceof ReelDamage) return null;
    throw error;
  }
}

/** The same, with files read and missing reels made. */
async function prepareMissing(options: PrepareOptions & StateOptions): Promise<ReadyStation | null> {
  try {
    const restored = await restoreStation(options, { reads: true, canPrepare: true });
    return restored ?? (await prepareStation(options));
  } catch (error) {
    if (!(error instanceof ReelDamage)) throw error;
  }
  const prepared = await prepareStation(options);
  const restored = await restoreStation(options, { reads: true });
  if (restored !== null) prepared?.station.close();
  return restored ?? prepared;
}
