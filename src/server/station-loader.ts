/** From source files to stations that can go on the air. */
import { isDeepStrictEqual } from 'node:util';
import { asProblem, nullIfProblem, Problem } from '../base/problem.js';
import type { Ticks90k } from '../base/units.js';
import type { MediaSettings, StationLayout } from '../media/settings.js';
import { closeReel, inodeOf } from '../reel/open-reel.js';
import { findReel, prepareReel } from '../reel/prepare.js';
import type { Reel } from '../reel/reel.js';
import type { Store } from '../reel/store.js';
import { stationSsrc } from '../station/identity.js';
import { isSameReel, type StationItem } from '../station/playlist.js';
import { Station } from '../station/station.js';
import type { FecSize } from '../wire/fec.js';
import type { StationInfo } from '../wire/station-info.js';
import type { OnServerEvent } from './events.js';
import { fileName, filesOf, sourceProblem } from './sources.js';
import { describer } from './station-description.js';
import type { StationPlan } from './station-plan.js';
import type { StoredState } from './stored-station.js';
import { sidecarTitle, titleOf, titlesOf } from './titles.js';

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
export function loadStation(options: LoadOptions): Promise<ReadyStation | null> {
  const { settings, store } = options;
  return assemble(options, (source, target) => findReel({ source, settings: { ...settings, target }, store }));
}

export interface PrepareOptions extends LoadOptions {
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
  return assemble(options, preparing(options));
}

function unusable({ plan, signal, onEvent }: PrepareOptions, source: string, error: unknown): 'unusable' {
  if (signal.aborted) throw error;
  onEvent({ kind: 'problem', problem: asProblem(sourceProblem(source, error)), station: plan });
  return 'unusable';
}

/** Makes the reels that are missing. */
function preparing(options: PrepareOptions): ReelOf {
  const { plan: station, settings, store, onEvent, signal } = options;
  return async (source, target) => {
    try {
      const known = await findReel({ source, settings: { ...settings, target }, store });
      if (known) return known;
      onEvent({ kind: 'preparing', station, source });
      const onProgress = (done: number) => onEvent({ kind: 'progress', station, source, done });
      const { reel } = await prepareReel({ source, settings: { ...settings, target }, store, signal, onProgress });
      const { notes, reason } = reel.data.manifest.properties;
      onEvent({ kind: 'prepared', station, source, notes, encoded: reason || null });
      return reel;
    } catch (error) {
      return unusable(options, source, error);
    }
  };
}

/** The reel of a file, in a layout where one is given. Null: the store does not have it. */
type ReelOf = (source: string, target: StationLayout | null) => Promise<Reel | null | 'unusable'>;

/** The items in order; the first usable one sets the layout of the others. Null as soon as one is missing. */
async function itemsOf(
  { plan, onEvent }: Pick<LoadOptions, 'plan' | 'onEvent'>,
  layout: StationLayout | null,
  reelOf: ReelOf,
): Promise<StationItem[] | null> {
  const titles = namesOf(plan);
  const items: StationItem[] = [];
  let isComplete = false;
  try {
    for (const [index, file] of plan.source.files.entries()) {
      const reel = await reelOf(file, layout);
      if (reel === 'unusable') continue;
      if (reel === null) return null;
      layout ??= reel.data.manifest.layout;
      const tag = plan.preferences.titles === 'tag' ? reel.data.manifest.properties.title : null;
      items.push({ name: (await besideName(file, plan, onEvent)) ?? tag ?? titles[index]!, reel });
    }
    isComplete = true;
    return items;
  } finally {
    if (!isComplete) for (const { reel } of items) closeReel(reel);
  }
}

async function assemble(options: LoadOptions, reelOf: ReelOf): Promise<ReadyStation | null> {
  const { plan } = options;
  const items = await itemsOf(options, null, reelOf);
  if (items === null || items.length === 0) return null;
  return readyStation(options, new Station({ items, ssrc: stationSsrc(plan.id) }));
}

export function readyStation(options: LoadOptions, station: Station): ReadyStation {
  const poster = ({ reel }: StationItem) => options.store.poster(reel.data.manifest.id);
  return { plan: options.plan, station, poster, info: describer({ ...options, station }), sources: null, stored: null };
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
    (await itemsOf({ ...options, plan }, layout, async (source) => {
      const own = await ownLayout(options, source, layout);
      return own ?? prepare(source, (await isOwnLayout(options, source, station)) ? null : layout);
    })) ?? [];
  if (items.length > 0) return { items, files, notes };
  throw new Problem('source', 'none of its files can be played', 'The log has the reason for each.');
}

/** The reel of a file that was prepared without a target and has that layout. Null where the store has none. */
async function ownLayout(options: LoadOptions, source: string, layout: StationLayout): Promise<Reel | null> {
  const { settings, store } = options;
  // A fault of the file is reported when it is prepared.
  const reel = await findReel({ source, settings: { ...settings, target: null }, store }).catch(nullIfProblem);
  if (reel === null || isDeepStrictEqual(reel.data.manifest.layout, layout)) return reel;
  closeReel(reel);
  return null;
}

/** Whether the station has, or had, a reel of the file that was prepared without a target: it is made again in the same way. */
async function isOwnLayout({ settings, store }: LoadOptions, source: string, station: Station): Promise<boolean> {
  const content = await store.knownContentHash(source).catch(nullIfProblem);
  if (content === null) return false;
  const id = store.reelId(content, { ...settings, target: null });
  return station.timeline.items.some(({ reel }) => reel.data.manifest.id === id);
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

/** What items are called by their files' names; the only one of a station that was given a name has that. */
function namesOf({ name, source: { files } }: StationPlan): string[] {
  const [file] = files;
  if (file === undefined || files.length > 1) return titlesOf(files);
  return [name === fileName(file) ? titleOf(file) : name];
}

/** The title in the file beside a film; null where there is none, or it cannot be read, which is an event. */
async function besideName(file: string, plan: StationPlan, onEvent: OnServerEvent): Promise<string | null> {
  try {
    return await sidecarTitle(file);
  } catch (error) {
    const { message } = asProblem(sourceProblem(`the .nfo beside ${file}`, error));
    onEvent({ kind: 'note', message: `${plan.number} ${plan.name}: ${message}.`, station: plan });
    return null;
  }
}
