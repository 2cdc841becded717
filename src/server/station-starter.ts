/** From the configuration of a station to its packets on the air. */
import { asProblem, nullIfProblem, Problem } from '../base/problem.js';
import { systemTimers } from '../base/timers.js';
import { Millis, millisToTicks, Ticks90k } from '../base/units.js';
import { type Conflict, conflictText } from '../discovery/conflicts.js';
import { type FoundStation, findStations, type StationServer } from '../discovery/find.js';
import type { MediaSettings } from '../media/settings.js';
import { generate, generatedPath } from '../reel/generated.js';
import { ReelDamage } from '../reel/read-reel.js';
import { findFacts } from '../reel/source-facts.js';
import type { Store } from '../reel/store.js';
import type { MessageKey } from '../wire/seal.js';
import { stationInfoSchema } from '../wire/station-info.js';
import type { Broadcaster } from './broadcaster.js';
import { CLAIM_PATIENCE, Claims } from './claims.js';
import { checkStationConfig, type ServerConfig, type StationConfig, type StationConfigInput } from './config.js';
import { forEachByEncoding, pixelsToEncode } from './encoding-order.js';
import { leftOutEvent, type ServerEvents } from './events.js';
import { type Entry, type LineUp, removedMeanwhile } from './line-up.js';
import { requestOf, settingsFor } from './preferences.js';
import { findSource, type StationSource } from './sources.js';
import type { StateStore } from './state-store.js';
import { loadStation, type PrepareOptions, prepareStation, type ReadyStation } from './station-loader.js';
import { planStation, type StationPlan } from './station-plan.js';
import { noteSources, restoreStation, type StateOptions } from './stored-station.js';

/** How long other servers may take to answer which stations they send: stations wait for it. */
export const CONFLICT_TIMEOUT = Millis(120);

export interface StationStarterOptions {
  config: ServerConfig;
  settings: MediaSettings;
  /** Of control messages; without one, all servers are believed. */
  messageKey?: MessageKey;
  store: Store;
  states: StateStore;
  events: ServerEvents;
  broadcaster: Broadcaster;
  lineUp: LineUp;
  /** Has a station on the air play all its files; resolves when their reels are made. */
  complete(entry: Entry): Promise<void>;
  /** Aborted when the server ends. */
  signal: AbortSignal;
}

type Load = (options: PrepareOptions & StateOptions) => Promise<ReadyStation | null>;

/**
 * Responsible for:
 * - stations being planned, and their reels loaded or made; an error of one is that station's alone
 * - delaying a station to whose group another server sends something else, and warning of it
 */
export class StationStarter {
  readonly #options: StationStarterOptions;
  readonly #claims = new Claims({ search: () => this.#findOthers(), timers: systemTimers });

  constructor(options: StationStarterOptions) {
    this.#options = options;
  }

  /**
   * Puts the stations of the configuration on the air: first those whose reels exist, then, one after another, those whose
   * reels have to be made, what is quick first. What takes long begins with one film, and gets the others when every station has
   * one. `found` are the stations of other servers. Resolves when each of them is on the air or has failed,
   * which is an event `problem`.
   */
  async startConfigured(found: readonly FoundStation[]): Promise<void> {
    const missing: Entry[] = [];
    const starting: Promise<void>[] = [];
    // A station that waits, for a claim on its group to end or for its file to be written, does not delay the next.
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
    const unfinished: Entry[] = [];
    const prepare = (entry: Entry, isEarly: boolean) =>
      begin(entry, async (onWait) => {
        const load: Load = (options) => prepareMissing({ ...options, isEarly, onWait });
        if (!(await this.#start(entry, load, { found, onWait }))) this.#options.lineUp.delete(entry);
        else if (this.#noteLeft(entry)) unfinished.push(entry);
      });
    const look = (entries: readonly Entry[]) => Promise.all(entries.map(({ plan }) => this.#pixelsOf(plan)));
    await forEachByEncoding(missing, look, prepare);
    for (const entry of unfinished) await this.#complete(entry);
    await Promise.all(starting);
  }

  /** Notes that films of a station are still to be encoded; returns whether there are some. */
  #noteLeft({ ready, plan: station }: Entry): boolean {
    if (ready === null || ready.left === 0) return false;
    const items = ready.station.items.length;
    const message = `${station.number} ${station.name}: on the air with ${items} of ${items + ready.left} films; the others follow when they are encoded.`;
    this.#options.events.emit({ kind: 'note', message, station });
    return true;
  }

  /** Has a station play the films that were left for later; where that fails it is an event, and the station stays as it is. */
  async #complete(entry: Entry): Promise<void> {
    if (this.#isAborted(entry)) return;
    try {
      await this.#options.complete(entry);
    } catch (error) {
      if (this.#isAborted(entry)) return;
      this.#options.events.emit({ kind: 'problem', problem: asProblem(error), station: entry.plan });
    }
  }

  /** What of a station has to be encoded; 0 where that cannot be told. */
  async #pixelsOf(plan: StationPlan): Promise<number> {
    const { files, generate } = plan.source;
    if (generate || (files.length < 2 && this.#options.config.stations.length < 2)) return 0;
    const facts = await findFacts(files, this.loadOptions(plan)).catch(nullIfProblem);
    const candidates = files.map((file, index) => ({ file, facts: facts?.[index] ?? null }));
    return pixelsToEncode({ candidates, format: plan.format, request: requestOf(plan.preferences) });
  }

  /** Adds a station to the line-up and puts it on the air; resolves with its id. Rejects with a Problem, and it is in no line-up. */
  async add(input: StationConfigInput): Promise<string> {
    const { lineUp, events, signal } = this.#options;
    const config = checkStationConfig(input);
    const { format } = this.#options.config;
    const number = (lineUp.entries.at(-1)?.plan.number ?? 0) + 1;
    const source = this.#sourceOf(config);
    const preferences = this.#options.config;
    const plan = planStation({ config, source, number, format, preferences, others: lineUp.plans });
    const entry = lineUp.add(plan);
    leftOutEvent(plan, source.notes).forEach(events.emit);
    try {
      signal.throwIfAborted();
      const load: Load = async (options) => (await loadKnown(options)) ?? prepareMissing(options);
      if (await this.#start(entry, load)) return plan.id;
      throw new Problem('source', `${plan.name}: no file can be played`, 'The log has the reasons.');
    } catch (error) {
      lineUp.delete(entry);
      throw this.#isAborted(entry) ? removedMeanwhile(plan.name, error) : error;
    }
  }

  /** How files of a station are loaded and prepared. */
  loadOptions(plan: StationPlan): PrepareOptions & StateOptions {
    const { config, settings, broadcaster, store, states, events, signal } = this.#options;
    return {
      plan,
      settings: settingsFor({ ...settings, format: plan.format }, plan.preferences),
      store,
      states,
      server: config.name,
      source: () => broadcaster.at.address,
      fec: config.fec === 'none' ? undefined : config.fec.size,
      onEvent: events.emit,
      signal,
    };
  }

  /** Plans of the stations of the configuration. One whose source cannot be used keeps its number. */
  #planConfigured(): Entry[] {
    const { config, events, lineUp } = this.#options;
    let number = 0;
    return config.stations.flatMap((station) => {
      number = station.number ?? number + 1;
      try {
        const source = this.#sourceOf(station);
        const { format } = config;
        const plan = planStation({
          config: station,
          source,
          number,
          format,
          preferences: config,
          others: lineUp.plans,
        });
        leftOutEvent(plan, source.notes).forEach(events.emit);
        return [lineUp.add(plan)];
      } catch (error) {
        events.emit({ kind: 'problem', problem: asProblem(error) });
        return [];
      }
    });
  }

  #sourceOf({ source, name }: StationConfig): StationSource {
    if (typeof source === 'string') return findSource(source);
    const { store } = this.#options;
    const path = generatedPath(store, source.generated);
    const generated = (signal: AbortSignal) => generate(store, source.generated, signal);
    return { name: name ?? 'Test card', path, files: [path], notes: [], generate: generated };
  }

  /** Runs the loading of one station: its error is an event and removes it, and others go on. */
  async #attempt(entry: Entry, load: () => Promise<void>): Promise<void> {
    const { signal, lineUp, events } = this.#options;
    if (signal.aborted) return;
    try {
      await load();
    } catch (error) {
      lineUp.delete(entry);
      if (this.#isAborted(entry)) return;
      events.emit({ kind: 'problem', problem: asProblem(error), station: entry.plan });
    }
  }

  /** Whether the station was removed, or the server closed. */
  #isAborted({ removal }: Entry): boolean {
    return removal.signal.aborted || this.#options.signal.aborted;
  }

  /** Loads a station and puts it on the air. False where there is nothing to load. */
  async #start(
    entry: Entry,
    load: Load,
    { found, onWait = () => undefined }: { found?: readonly FoundStation[]; onWait?: () => void } = {},
  ): Promise<boolean> {
    const { broadcaster } = this.#options;
    const options = this.loadOptions(entry.plan);
    const signal = AbortSignal.any([options.signal, entry.removal.signal]);
    const ready = await load({ ...options, signal });
    if (ready === null) return false;
    try {
      if (ready.sources === null) await noteSources(ready, options);
      const { twins, claim } = await this.#claims.settle({
        info: () => ready.info(millisToTicks(broadcaster.now())),
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
      broadcaster.add(ready, twins);
      if (claim) this.#warnOfClaim(entry, claim);
      return true;
    } catch (error) {
      if (broadcaster.find(entry.plan.id) === ready) await broadcaster.remove(entry.plan.id);
      entry.ready = null;
      ready.station.close();
      throw error;
    }
  }

  #noteWait({ plan: station }: Entry, claim: Conflict): void {
    const wait = `It goes on the air when the other ends, or in ${CLAIM_PATIENCE / 1000} s all the same.`;
    this.#options.events.emit({ kind: 'note', message: `${conflictText(claim)}. ${wait}`, station });
  }

  #warnOfClaim({ plan: station }: Entry, claim: Conflict): void {
    const advice =
      'Receivers of MultiStreamCast take each from its own server; other players get both mixed. Give yours another name, as ' +
      'NAME=PATH, or end the other one.';
    this.#options.events.emit({ kind: 'warning', message: `${conflictText(claim)}. ${advice}`, station });
  }

  /** Stations that other servers send now. */
  async #findOthers(): Promise<readonly FoundStation[]> {
    const { broadcaster, messageKey } = this.#options;
    const { at } = broadcaster;
    const isOwn = ({ address, port }: StationServer) => address === at.address && port === broadcaster.controlPort;
    const found = await findStations({ interfaces: [at], timeout: CONFLICT_TIMEOUT, key: messageKey });
    return found.flatMap((station): FoundStation[] => {
      const [first, ...more] = station.servers.filter((server) => !isOwn(server));
      return first ? [{ ...station, servers: [first, ...more] }] : [];
    });
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
