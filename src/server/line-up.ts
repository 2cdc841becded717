/** The stations of a server: who they are, and how they come from source files onto the air. */
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../base/problem.js';
import { TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';
import { asProblem, type Output } from '../cli/output.js';
import { distinctId } from '../contract/station-id.js';
import type { MediaSettings, StationLayout } from '../media/settings.js';
import { closeReel } from '../reel/open-reel.js';
import { findReel, prepareReel } from '../reel/prepare.js';
import type { Reel } from '../reel/reel.js';
import type { Store } from '../reel/store.js';
import { isSameReel, withoutSlate } from '../station/change.js';
import { NowOnAir } from '../station/guide.js';
import { type StationAddress, scheduleHash, stationAddress, stationId, stationSsrc } from '../station/identity.js';
import { Station, type StationItem } from '../station/station.js';
import type { FecSize } from '../wire/fec.js';
import type { StationFormat, StationInfo } from '../wire/station-info.js';
import { filesOf, type StationSource, sourceProblem } from './sources.js';

/** A station before it is known what it plays. */
export interface StationPlan extends StationAddress {
  number: number;
  id: string;
  name: string;
  source: StationSource;
}

/** Numbers, ids and groups for sources in the order given. `firstGroup` counts up from there instead. */
export function planStations(
  sources: readonly (StationSource | null)[],
  options: { format: StationFormat; firstGroup: string | null },
): StationPlan[] {
  const ids = new Set<string>();
  const groups = new Set<string>();
  return sources.flatMap((source, index) => {
    if (!source) return []; // It keeps its number: others do not move up when a file is missing.
    const id = distinctId(stationId(source.name, options.format), ids);
    const derived = stationAddress(id, groups);
    const address =
      options.firstGroup === null ? derived : { ...derived, group: groupAfter(options.firstGroup, index) };
    ids.add(id);
    groups.add(address.group);
    return [{ number: index + 1, id, name: source.name, source, ...address }];
  });
}

function groupAfter(first: string, steps: number): string {
  const number = Buffer.from(first.split('.').map(Number)).readUInt32BE(0) + steps;
  if (number > 0xefff_ffff) {
    throw new Problem('network', `there are no ${steps + 1} groups from ${first} on`, 'Begin lower with --group.');
  }
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

/** A station that can go on the air. */
export interface ReadyStation {
  plan: StationPlan;
  station: Station;
  /** As the network is told at `time`. */
  info(time: Ticks90k): StationInfo;
  /** A picture of an item, a JPEG file; null where there is none. */
  poster(item: StationItem): Promise<Buffer | null>;
  /** What tells its files apart from others; null where that is not known yet. */
  sources: string[] | null;
}

export interface LoadOptions {
  plan: StationPlan;
  settings: MediaSettings;
  store: Store;
  /** The server's name. */
  server: string;
  /** Of its parity, where it may have any. */
  fec?: FecSize;
  output: Output;
}

/** The station if the store has all its reels, else null. Reads no more of the sources than their sizes and times. */
export async function loadStation(options: LoadOptions): Promise<ReadyStation | null> {
  const { settings, store } = options;
  return assemble(options, (source, target) => findReel({ source, settings: { ...settings, target }, store }));
}

export interface PrepareOptions extends LoadOptions {
  signal: AbortSignal;
  /** Told what is wrong with a file; the others play without it. */
  onProblem(problem: Problem): void;
}

/** The station, its missing reels made first. Null when none is left. Rejects with a Problem only when `signal` is aborted. */
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

function unusable({ signal, onProblem }: PrepareOptions, source: string, error: unknown): 'unusable' {
  if (signal.aborted) throw error;
  onProblem(asProblem(sourceProblem(source, error)));
  return 'unusable';
}

/** Makes reels that are missing, and says so. */
function preparing(options: PrepareOptions): ReelOf {
  const { plan, settings, store, output, signal } = options;
  return async (source, target) => {
    const label = `${plan.number} ${plan.name}: preparing ${source}`;
    try {
      const known = await findReel({ source, settings: { ...settings, target }, store });
      if (known) return known;
      output.say(label);
      const onProgress = (done: number) => output.progress(label, done);
      const { reel } = await prepareReel({ source, settings: { ...settings, target }, store, signal, onProgress });
      const { properties } = reel.data.manifest;
      for (const note of properties.notes) output.say(`  ${source}: ${note}`);
      if (properties.reason) output.say(`  ${source}: encoded, because of ${properties.reason}`);
      return reel;
    } catch (error) {
      return unusable(options, source, error);
    } finally {
      output.progressEnd();
    }
  };
}

/** Gets the reel of a file, in a layout where one is given. Null: it is missing in the store. */
type ReelOf = (source: string, target: StationLayout | null) => Promise<Reel | null | 'unusable'>;

/** Gets the reels in order; the first that is usable sets the layout of the others. Null as soon as one is missing. */
async function itemsOf(plan: StationPlan, layout: StationLayout | null, reelOf: ReelOf): Promise<StationItem[] | null> {
  const items: StationItem[] = [];
  for (const file of plan.source.files) {
    const reel = await reelOf(file, layout);
    if (reel === 'unusable') continue;
    if (reel === null) {
      for (const item of items) closeReel(item.reel);
      return null;
    }
    layout ??= reel.data.manifest.layout;
    const name = plan.source.files.length === 1 ? plan.name : nameOfItem(file);
    items.push({ name: reel.data.manifest.properties.title ?? name, reel });
  }
  return items;
}

async function assemble(options: LoadOptions, reelOf: ReelOf): Promise<ReadyStation | null> {
  const { plan } = options;
  const items = await itemsOf(plan, null, reelOf);
  if (items === null || items.length === 0) return null;
  return readyStation(options, new Station({ items, ssrc: stationSsrc(plan.id) }));
}

export function readyStation(options: LoadOptions, station: Station): ReadyStation {
  const poster = ({ reel }: StationItem) => options.store.poster(reel.data.manifest.id);
  return { plan: options.plan, station, poster, info: describer(options, station), sources: null };
}

/**
 * The items of a station's files as they are now, in its layout, and the files; reels that are missing are made. Reels that
 * the station has already are those that it has. Rejects with a Problem where no file is left.
 */
export async function reloadItems(
  options: PrepareOptions,
  station: Station,
): Promise<{ items: StationItem[]; files: string[] }> {
  const files = filesOf(options.plan.source.path);
  const plan = { ...options.plan, source: { ...options.plan.source, files } };
  const layout = station.items[0].reel.data.manifest.layout;
  const prepare = preparing({ ...options, plan });
  const found =
    (await itemsOf(plan, layout, async (source) => {
      return (await ownLayout(options, source, layout)) ?? prepare(source, layout);
    })) ?? [];
  if (found.length === 0) throw new Problem('source', 'none of its files can be played', 'The log says why.');
  return { items: found.map((item) => ownItem(station, item)), files };
}

/** The reel of a file that needs no target for that layout: it set it. Null where the store has none. */
async function ownLayout(options: LoadOptions, source: string, layout: StationLayout): Promise<Reel | null> {
  const { settings, store } = options;
  // What is wrong with the file is told when it is prepared.
  const reel = await findReel({ source, settings: { ...settings, target: null }, store }).catch(() => null);
  if (reel === null || isDeepStrictEqual(reel.data.manifest.layout, layout)) return reel;
  closeReel(reel);
  return null;
}

/** The item as the station has it, if it has it: every reel is open once. */
function ownItem({ periods }: Station, item: StationItem): StationItem {
  const same = periods.flatMap((period) => period.items).filter(({ reel }) => isSameReel(reel, item.reel));
  if (same.length === 0) return item;
  closeReel(item.reel);
  return same.find(({ name }) => name === item.name) ?? { name: item.name, reel: same[0].reel };
}

/** A file as an item for a station, if the store has its reel in that station's layout. */
export async function itemFor(
  station: Station,
  { name, file }: { name: string; file: string },
  { settings, store }: Pick<LoadOptions, 'settings' | 'store'>,
): Promise<StationItem | null> {
  const target = station.items[0].reel.data.manifest.layout;
  const reel = await findReel({ source: file, settings: { ...settings, target }, store });
  return reel && ownItem(station, { name, reel });
}

const nameOfItem = (file: string) =>
  file
    .replace(/^.*[/\\]/, '')
    .replace(/\.[^.]*$/, '')
    .replaceAll('_', ' ');

/** Describes it as it is: anew after each change. */
function describer(options: LoadOptions, station: Station): (time: Ticks90k) => StationInfo {
  let described = describe(options, station);
  let { revision } = station;
  const onAir = new NowOnAir(station);
  return (time) => {
    if (revision !== station.revision) described = describe(options, station);
    revision = station.revision;
    return { ...described, name: options.plan.name.slice(0, 200), ...onAir.at(time) };
  };
}

function describe({ plan, server, fec }: LoadOptions, station: Station): StationInfo {
  // A slate changes nothing of what is said of it but what is playing now.
  const programme = withoutSlate(station);
  const manifests = programme.items.map(({ reel }) => reel.data.manifest);
  const [{ format, properties }] = manifests;
  const { width, height, aspectRatio, frameRate, videoCodec, audioCodec } = properties;
  const bytes = manifests.reduce((sum, manifest) => sum + manifest.bytes, 0);
  const seconds = programme.cycleDuration / TICKS_PER_SECOND;
  const interval = Math.max(...manifests.map((manifest) => manifest.randomAccessInterval)) / TICKS_PER_SECOND;
  return {
    number: plan.number,
    id: plan.id,
    name: plan.name.slice(0, 200),
    format,
    width,
    height,
    aspectRatio,
    frameRate: Math.round((frameRate[0] / frameRate[1]) * 1000) / 1000,
    videoCodec,
    audioCodec,
    bitrate: Math.round((bytes * 8) / seconds),
    duration: seconds,
    group: plan.group,
    port: plan.port,
    ssrc: station.ssrc,
    ...(fec && { fec }),
    randomAccessInterval: Math.round(interval * 1000) / 1000,
    nowPlaying: '',
    schedule: scheduleHash(plan.id, [
      ...manifests.map(({ id, checksum }) => `${id}-${checksum}`),
      // Changed at other times, the same items are not the same packets.
      ...station.periods.slice(1).map(({ first, item, packet }) => `${first} ${item} ${packet}`),
    ]),
    server,
  };
}
