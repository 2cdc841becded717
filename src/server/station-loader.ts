/** From source files to stations that can go on the air. */
import { isDeepStrictEqual } from 'node:util';
import { asProblem, nullIfProblem, Problem } from '../base/problem.js';
import type { Ticks90k } from '../base/units.js';
import type { MediaSettings, StationLayout } from '../media/settings.js';
import { looksLikePicture } from '../media/video-files.js';
import { closeReel, inodeOf } from '../reel/open-reel.js';
import { findReel, knownReelIds, prepareReel, SourceChanged } from '../reel/prepare.js';
import type { Reel } from '../reel/reel.js';
import { findFacts, knownFacts } from '../reel/source-facts.js';
import type { Store } from '../reel/store.js';
import { stationSsrc } from '../station/identity.js';
import { isSameReel, type StationItem } from '../station/playlist.js';
import { Station } from '../station/station.js';
import type { FecSize } from '../wire/fec.js';
import type { StationInfo } from '../wire/station-info.js';
import { isQuick } from './encoding-order.js';
import type { OnServerEvent } from './events.js';
import { type Candidate, costText, layoutOf } from './layout-choice.js';
import { requestOf } from './preferences.js';
import { type FileClock, isSettled, systemFileClock } from './settled-file.js';
import { filesOf, sourceProblem } from './sources.js';
import { describer } from './station-description.js';
import { itemsOf, laidOutItems, type ReelOf } from './station-items.js';
import type { StationPlan } from './station-plan.js';
import type { StoredState } from './stored-station.js';

/** A station that can go on the air. */
export interface ReadyStation {
  plan: StationPlan;
  station: Station;
  /** Its description at `time`. */
  info(time: Ticks90k): StationInfo;
  /** A picture of an item, a JPEG file; null where there is none. */
  poster(item: StationItem): Promise<Buffer | null>;
  /** What identifies its files: their content and settings. Null where that is not known yet. */
  sources: string[] | null;
  /** What of it is stored; null: nothing, as far as is known. */
  stored: StoredState | null;
  /** Files that are not among its items, because they are still to be encoded. */
  left: number;
}

export interface LoadOptions {
  plan: StationPlan;
  settings: MediaSettings;
  store: Store;
  /** The server's name. */
  server: string;
  /** IPv4 address that its packets leave from now; undefined: not on the air yet. */
  source?: () => string;
  /** Size of its parity blocks; undefined: it never has parity. */
  fec?: FecSize;
  onEvent: OnServerEvent;
}

/** The station if the store has all its reels, else null. Of the sources it reads only sizes and times. */
export async function loadStation(options: LoadOptions): Promise<ReadyStation | null> {
  const { plan, settings, store } = options;
  const candidates: Candidate[] = [];
  for (const file of plan.source.files) {
    const facts = needsFacts(plan) ? await knownFacts(file, { settings, store }) : null;
    if (facts === undefined) return null;
    candidates.push({ file, facts });
  }
  const known: ReelOf = (source, target) =>
    findReel({ ...sourceOf(plan, source), settings: { ...settings, target }, store });
  return assemble(options, await laidOutItems(options, candidates, known));
}

/** Whether the layout is not simply that of the only file. */
const needsFacts = ({ source, preferences }: StationPlan): boolean =>
  source.files.length > 1 || preferences.size !== undefined || preferences.rate !== undefined;

export interface PrepareOptions extends LoadOptions {
  /** By which files are taken for whole; another one in tests. */
  fileClock?: FileClock;
  /** Whether it may begin with what can be copied, or one film where nothing can, and without the others. */
  isEarly?: boolean;
  /** Called when the station waits for its file, which is still being written. */
  onWait?(): void;
  signal: AbortSignal;
}

/**
 * The station, its missing reels made first. Files that cannot be used are events `problem`, and the others play without
 * them; null when none is left. Rejects with a Problem only when `signal` is aborted.
 */
export async function prepareStation(options: PrepareOptions): Promise<ReadyStation | null> {
  const { plan, signal } = options;
  try {
    await plan.source.generate?.(signal);
  } catch (error) {
    unusable(options, plan.source.path, error);
    return null;
  }
  const { files } = plan.source;
  const facts = needsFacts(plan) ? await findFacts(files, options) : [];
  const candidates = files.map((file, index): Candidate => ({ file, facts: facts[index] ?? null }));
  const onMissing = () => noteCost(options, candidates);
  const prepare = preparing(options, onMissing);
  const early = options.isEarly ? withoutEncoding(options, candidates, prepare) : null;
  const ready = assemble(options, await laidOutItems(options, candidates, early?.reelOf ?? prepare));
  if (ready && early) ready.left = early.left();
  return ready;
}

/** Prepares one film, and of the others those that need no encoding; the rest is counted and left out. */
function withoutEncoding(options: PrepareOptions, candidates: readonly Candidate[], prepare: ReelOf) {
  const { plan, settings, store } = options;
  const layout = layoutOf({ candidates, format: plan.format, request: requestOf(plan.preferences) });
  const facts = new Map(candidates.map((candidate) => [candidate.file, candidate.facts]));
  let hasFilm = false;
  let left = 0;
  const reelOf: ReelOf = async (source, target) => {
    if (hasFilm && layout !== null && !isQuick(facts.get(source) ?? null, layout)) {
      const known = await findReel({ source, settings: { ...settings, target }, store }).catch(nullIfProblem);
      if (known) return known;
      left++;
      return 'unusable';
    }
    const reel = await prepare(source, target);
    hasFilm ||= reel !== null && reel !== 'unusable';
    return reel;
  };
  return { reelOf, left: () => left };
}

/** What the layout costs, before it is paid. */
function noteCost({ plan, onEvent }: PrepareOptions, candidates: readonly Candidate[]): void {
  const layout = layoutOf({ candidates, format: plan.format, request: requestOf(plan.preferences) });
  if (layout === null || plan.format === 'jpeg') return;
  const message = `${plan.number} ${plan.name}: ${costText(candidates, layout)}.`;
  onEvent({ kind: 'note', message, station: plan });
}

function unusable({ plan, signal, onEvent }: PrepareOptions, source: string, error: unknown): 'unusable' {
  if (signal.aborted) throw error;
  onEvent({ kind: 'problem', problem: asProblem(sourceProblem(source, error)), station: plan });
  return 'unusable';
}

/**
 * Resolves when a file is no longer written to. In a station of several files, the others do not wait for it: rejects with a
 * Problem.
 */
async function whole(
  { plan, signal, onEvent, onWait, fileClock = systemFileClock }: PrepareOptions,
  source: string,
): Promise<void> {
  let isNoted = false;
  while (!(await isSettled(source, fileClock, signal)) && !signal.aborted) {
    if (plan.source.files.length > 1) throw new Problem('source', `${source}: is still being written`, TAKEN_LATER);
    const message = `${plan.number} ${plan.name}: ${source} is still being written. It is prepared when that has ended.`;
    if (!isNoted) onEvent({ kind: 'note', message, station: plan });
    isNoted = true;
    onWait?.();
  }
}

const TAKEN_LATER = 'It is left out until the station is reloaded or started again.';

/** Makes the reels that are missing. `onMissing` is called before the first. */
function preparing(options: PrepareOptions, onMissing: () => void = () => undefined): ReelOf {
  let isFirst = true;
  const { plan: station, settings, store, onEvent, signal } = options;
  return async (source, target) => {
    try {
      const known = await findReel({ ...sourceOf(station, source), settings: { ...settings, target }, store });
      if (known) return known;
      await whole(options, source);
      if (isFirst) onMissing();
      isFirst = false;
      onEvent({ kind: 'preparing', station, source });
      const onProgress = (done: number) => onEvent({ kind: 'progress', station, source, done });
      const request = { ...sourceOf(station, source), settings: { ...settings, target }, store, signal, onProgress };
      const { reel } = await prepareReel(request).catch(async (error: unknown) => {
        if (!(error instanceof SourceChanged)) throw error;
        await whole(options, source);
        return prepareReel(request);
      });
      const { id, properties } = reel.data.manifest;
      const { notes, reason } = properties;
      onEvent({ kind: 'prepared', station, source, reel: id, notes, encoded: reason || null });
      return reel;
    } catch (error) {
      return unusable(options, source, error);
    }
  };
}

/** A file of a station, with the picture that it fades in from, where both are pictures: a station begins behind its last file. */
function sourceOf({ source: { files } }: StationPlan, source: string): { source: string; before: string | null } {
  const before = files.at(files.indexOf(source) - 1);
  const fades = before !== undefined && before !== source && looksLikePicture(source) && looksLikePicture(before);
  return { source, before: fades ? before : null };
}

/** A station of these items; null where there is none. */
function assemble(options: LoadOptions, items: StationItem[] | null): ReadyStation | null {
  if (items === null || items.length === 0) return null;
  return readyStation(options, new Station({ items, ssrc: stationSsrc(options.plan.id) }));
}

export function readyStation(options: LoadOptions, station: Station): ReadyStation {
  const poster = ({ reel }: StationItem) => options.store.poster(reel.data.manifest.id);
  return {
    plan: options.plan,
    station,
    poster,
    info: describer({ ...options, station }),
    sources: null,
    stored: null,
    left: 0,
  };
}

export interface Reloaded {
  items: StationItem[];
  files: string[];
  /** What of the source is left out. */
  notes: readonly string[];
}

/**
 * The files of a station's source as they are now, and an item for each, in the station's layout; missing reels are made.
 * Each item has a reel of its own: see `ownItems`. Rejects with a Problem where no file is left.
 */
export async function reloadItems(options: PrepareOptions, station: Station): Promise<Reloaded> {
  await options.plan.source.generate?.(options.signal);
  const { files, notes } = filesOf(options.plan.source.path);
  const plan = { ...options.plan, source: { ...options.plan.source, files, notes } };
  const { layout } = station.items[0]!.reel.data.manifest;
  const prepare = preparing({ ...options, plan });
  const items =
    (await itemsOf({ ...options, plan }, async (source) => {
      const own = await ownLayout(options, source, layout);
      return own ?? prepare(source, (await isOwnLayout(options, source, station)) ? null : layout);
    })) ?? [];
  if (items.length > 0) return { items, files, notes };
  throw new Problem('source', 'none of its files can be played', 'The log has the reason for each.');
}

const ownRequest = ({ plan, settings, store }: LoadOptions, source: string) => ({
  ...sourceOf(plan, source),
  settings: { ...settings, target: null },
  store,
});

/** The reel of a file that was prepared without a target and has that layout. Null where the store has none. */
async function ownLayout(options: LoadOptions, source: string, layout: StationLayout): Promise<Reel | null> {
  // A fault of the file is reported when it is prepared.
  const reel = await findReel(ownRequest(options, source)).catch(nullIfProblem);
  if (reel === null || isDeepStrictEqual(reel.data.manifest.layout, layout)) return reel;
  closeReel(reel);
  return null;
}

/** Whether the station has, or had, a reel of the file that was prepared without a target: it is made again in the same way. */
async function isOwnLayout(options: LoadOptions, source: string, station: Station): Promise<boolean> {
  const ids = await knownReelIds(ownRequest(options, source)).catch(nullIfProblem);
  return station.timeline.items.some(({ reel }) => ids?.includes(reel.data.manifest.id));
}

/**
 * Items as the station has them already, where it has them, so that every reel is open once; reels opened for nothing are
 * closed. A reel that was made again is another: the file that the station has open may be damaged. To be called right before
 * the station takes the items: another change may have brought the same reels.
 */
export function ownItems({ timeline }: Station, items: readonly StationItem[]): StationItem[] {
  return items.map((item) => {
    const inode = inodeOf(item.reel);
    const same = timeline.items.filter(({ reel }) => isSameReel(reel, item.reel) && inodeOf(reel) === inode);
    const [first] = same;
    if (!first || same.some(({ reel }) => reel === item.reel)) return item;
    closeReel(item.reel);
    return same.find(({ name }) => name === item.name) ?? { name: item.name, reel: first.reel };
  });
}

/** A file as an item for a station, with a reel of its own, if the store has it in that station's layout. */
export async function itemFor(
  station: Station,
  { name, file }: { name: string; file: string },
  { settings, store }: Pick<LoadOptions, 'settings' | 'store'>,
): Promise<StationItem | null> {
  const target = station.items[0]!.reel.data.manifest.layout;
  const reel = await findReel({ source: file, settings: { ...settings, target }, store });
  return reel && { name, reel };
}
