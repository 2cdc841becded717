/** Stations as their operator left them: stored after each change, and restored when a server starts. */
import { messageOf, Problem, systemCode } from '../base/problem.js';
import { stationSsrc } from '../station/identity.js';
import { openState } from '../station/open-state.js';
import { nameEntry, type StationState, stateEntry, stateOf } from '../station/station-state.js';
import type { StateStore } from './state-store.js';
import { type LoadOptions, type ReadyStation, readyStation } from './station-loader.js';

/** Entries of a log after which the next is a snapshot. */
const MOST_ENTRIES = 100;

/** The part of a station that is in its log. */
export interface StoredState {
  /** Number of the log's last entry. */
  readonly last: number;
  /** Entries since the snapshot, with it. */
  readonly entries: number;
  /** The revision of its timeline. */
  readonly revision: number;
}

type SourceOptions = Pick<LoadOptions, 'settings' | 'store'>;

export interface StateOptions {
  /** Where the operator's changes are stored. */
  states: StateStore;
}

/**
 * Identifies the files that a station plays: by their content, and by the way they are prepared. Null where that is not known
 * without reading them; with `reads` they are read.
 */
async function sourcesOf(
  files: readonly string[],
  { settings, store }: SourceOptions,
  reads: boolean,
): Promise<string[] | null> {
  const sources: string[] = [];
  for (const file of files) {
    const known = await store.knownContentHash(file);
    if (known === null && !reads) return null;
    const content = known ?? (await store.readContentHash(file));
    sources.push(store.reelId(content, { ...settings, target: null }));
  }
  return sources;
}

/** Stores the changes of a station since it was stored last. Rejects with the system's error. */
export async function saveStation(ready: ReadyStation, options: SourceOptions & StateOptions): Promise<void> {
  const { plan, station } = ready;
  ready.sources ??= await sourcesOf(plan.source.files, options, true);
  const name = plan.name === plan.source.name ? null : plan.name;
  const head = { id: plan.id, sources: ready.sources ?? [], name };
  const { states } = options;
  const { stored, revision } = { stored: ready.stored, revision: station.revision };
  ready.stored = null; // Where this fails, the next attempt begins with a snapshot.
  if (stored === null || stored.entries >= MOST_ENTRIES) {
    const snapshot = stateEntry(head, station, -1);
    const last = stored?.last ?? (await states.read(plan.id))?.last ?? 0;
    ready.stored = { last: await states.replace(plan.id, last, snapshot), entries: 1, revision };
  } else {
    const last = await states.append(plan.id, stored.last, stateEntry(head, station, stored.revision));
    ready.stored = { last, entries: stored.entries + 1, revision };
  }
}

/** Notes which files a station plays now, as far as that is known without reading them. */
export async function noteSources(ready: ReadyStation, options: SourceOptions): Promise<void> {
  ready.sources = await sourcesOf(ready.plan.source.files, options, false).catch(() => null);
}

/**
 * The station as its operator left it; null where nothing of these files is stored. A state that cannot be used is put in
 * quarantine, with a line for the user. Without `reads`, the result is null also where the files would have to be read first.
 */
export async function restoreStation(options: LoadOptions & StateOptions, reads = false): Promise<ReadyStation | null> {
  const { plan, store, states, onEvent } = options;
  const say = (words: string) =>
    onEvent({ kind: 'note', message: `${plan.number} ${plan.name}: ${words}`, station: plan });
  const quarantine = async (reason: string) => {
    const aside = await states.quarantine(plan.id);
    say(`it starts over, because ${reason}. The operator’s earlier changes are kept in ${aside}.`);
    return null;
  };
  let state: StationState | null;
  try {
    const log = await states.read(plan.id);
    state = log && stateOf(plan.id, log.entries);
  } catch (error) {
    if (systemCode(error) === undefined) return quarantine(`its state is damaged: ${messageOf(error)}`);
    say(`it starts without the operator’s earlier changes, because its state cannot be read: ${messageOf(error)}`);
    return null;
  }
  if (state === null) return null;
  plan.name = state.name ?? plan.name;
  if (state.timeline === null) return null;
  // An unreadable file is reported when it is prepared.
  const sources = await sourcesOf(plan.source.files, options, reads).catch(() => null);
  if (sources === null) return null;
  if (JSON.stringify(sources) !== JSON.stringify(state.sources)) {
    await quarantine('its files have changed');
    if (state.name !== null) await states.replace(plan.id, 0, nameEntry(plan.id, state.name));
    return null;
  }
  try {
    const station = await openState(state.timeline, store, stationSsrc(plan.id));
    if (station.timeline.periods.length > 1) say('it goes on as its operator left it');
    return { ...readyStation(options, station), sources };
  } catch (error) {
    if (!(error instanceof Problem)) return quarantine(`it cannot go on: ${messageOf(error)}`);
    // The system refuses to read a reel, which may well be whole: so is the state.
    say(`it starts without the operator’s earlier changes, because a reel cannot be read: ${error.message}`);
    return null;
  }
}
