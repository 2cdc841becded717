/** Stations as their operator left them: stored after each change, and restored when a server starts. */
import { messageOf, nullIfProblem, Problem, systemCode } from '../base/problem.js';
import { settingsOfFile } from '../media/video-files.js';
import { ReelDamage } from '../reel/read-reel.js';
import { stationSsrc } from '../station/identity.js';
import { openState } from '../station/open-state.js';
import { nameEntry, type StationState, stateEntry, stateOf } from '../station/station-state.js';
import { requestText } from './preferences.js';
import type { StateLog, StateStore } from './state-store.js';
import { type LoadOptions, type ReadyStation, readyStation } from './station-loader.js';

/** Entries of a log after which the next is a snapshot. */
const MOST_ENTRIES = 100;

/** The part of a station that is in its log. */
export interface StoredState {
  /** Number of the log's last entry; null: to be read. */
  readonly last: number | null;
  /** Entries since the snapshot, with it. */
  readonly entries: number;
  /** The revision of its timeline. */
  readonly revision: number;
}

const CUT =
  'the last change in its state is left out, because its line is not whole: the machine stopped while it was written, or the file is damaged';

type SourceOptions = Pick<LoadOptions, 'plan' | 'settings' | 'store'>;

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
  { plan, settings, store }: SourceOptions,
  reads: boolean,
): Promise<string[] | null> {
  const sources: string[] = [];
  for (const file of files) {
    const known = await store.knownContentHash(file, settings);
    if (known === null && !reads) return null;
    const content = known ?? (await store.readContentHash(file, settings));
    sources.push(
      `${store.reelId(content, { ...settingsOfFile(file, settings), target: null })}${requestText(plan.preferences)}`,
    );
  }
  return sources;
}

/** Stores the changes of a station since it was stored last. Rejects with the system's error. */
export async function saveStation(ready: ReadyStation, options: LoadOptions & StateOptions): Promise<void> {
  const { plan, station } = ready;
  ready.sources ??= await sourcesOf(plan.source.files, options, true);
  const name = plan.name === plan.source.name ? null : plan.name;
  const head = { id: plan.id, sources: ready.sources ?? [], name };
  const { states } = options;
  const stored = ready.stored ?? { last: await lastUnused(options), entries: MOST_ENTRIES, revision: -1 };
  const { revision } = station;
  // Where this fails, the next attempt begins with a snapshot.
  ready.stored = { last: null, entries: MOST_ENTRIES, revision };
  if (stored.last === null || stored.entries >= MOST_ENTRIES) {
    const snapshot = stateEntry(head, station, -1);
    const last = stored.last ?? (await states.read(plan.id))?.last ?? 0;
    ready.stored = { last: await states.replace(plan.id, last, snapshot), entries: 1, revision };
  } else {
    const last = await states.append(plan.id, stored.last, stateEntry(head, station, stored.revision));
    ready.stored = { last, entries: stored.entries + 1, revision };
  }
}

/** The last number of the log of a station that was not restored. A state in it, which could not be used, is put aside. */
async function lastUnused({ plan, states, onEvent }: LoadOptions & StateOptions): Promise<number> {
  const log = await states.read(plan.id);
  if (log === null || stateOf(plan.id, log.entries).timeline === null) return log?.last ?? 0;
  const aside = await states.quarantine(plan.id);
  const message = `${plan.number} ${plan.name}: the operator’s earlier changes, which could not be used, are kept in ${aside}.`;
  onEvent({ kind: 'note', message, station: plan });
  return 0;
}

/** Notes which files a station plays now, as far as that is known without reading them. */
export async function noteSources(ready: ReadyStation, options: SourceOptions): Promise<void> {
  ready.sources = await sourcesOf(ready.plan.source.files, options, false).catch(nullIfProblem);
}

/**
 * The station as its operator left it; null where nothing of these files is stored. A state that cannot be used is put in
 * quarantine, with a line for the user. Without `reads`, the result is null also where the files would have to be read first.
 * With `canPrepare`, it rejects with ReelDamage where a reel is missing or damaged, which may be made again: the state stays.
 */
export async function restoreStation(
  options: LoadOptions & StateOptions,
  { reads = false, canPrepare = false } = {},
): Promise<ReadyStation | null> {
  const { plan, store, states, onEvent } = options;
  const say = (words: string) =>
    onEvent({ kind: 'note', message: `${plan.number} ${plan.name}: ${words}`, station: plan });
  const quarantine = async (reason: string) => {
    const aside = await states.quarantine(plan.id);
    say(`it starts over, because ${reason}. The operator’s earlier changes are kept in ${aside}.`);
    return null;
  };
  let state: StationState | null;
  let log: StateLog | null;
  try {
    log = await states.read(plan.id);
    state = log && stateOf(plan.id, log.entries);
  } catch (error) {
    if (systemCode(error) === undefined) return quarantine(`its state is damaged: ${messageOf(error)}`);
    say(`it starts without the operator’s earlier changes, because its state cannot be read: ${messageOf(error)}`);
    return null;
  }
  if (state === null) return null;
  if (log?.isCut && !canPrepare) say(CUT);
  plan.name = state.name ?? plan.name;
  if (state.timeline === null) return null;
  let sources: string[] | null;
  try {
    sources = await sourcesOf(plan.source.files, options, reads);
  } catch (error) {
    nullIfProblem(error);
    if (reads) say(`it starts without the operator’s earlier changes: ${messageOf(error)}`);
    return null;
  }
  if (sources === null) return null;
  if (JSON.stringify(sources) !== JSON.stringify(state.sources)) {
    await quarantine('its files have changed');
    if (state.name !== null) await states.replace(plan.id, 0, nameEntry(plan.id, state.name));
    return null;
  }
  try {
    const station = await openState(state.timeline, store, stationSsrc(plan.id));
    if (station.timeline.periods.length > 1) say('it goes on as its operator left it');
    const stored = { last: log?.last ?? 0, entries: MOST_ENTRIES, revision: station.revision };
    return { ...readyStation(options, station), sources, stored };
  } catch (error) {
    if (canPrepare && error instanceof ReelDamage) throw error;
    if (!(error instanceof Problem)) return quarantine(`it cannot go on: ${messageOf(error)}`);
    // The system refuses to read a reel, which may well be whole: so is the state.
    say(`it starts without the operator’s earlier changes, because a reel cannot be read: ${error.message}`);
    return null;
  }
}
