/** The stations of a server: who they are, and how they come from source files onto the air. */
import { Problem } from '../problem/problem.js';
import type { MediaSettings, StationLayout } from '../reel/media/spool.js';
import { closeReel } from '../reel/open-reel.js';
import { findReel, prepareReel } from '../reel/prepare.js';
import type { Reel } from '../reel/reel.js';
import type { Store } from '../reel/store.js';
import {
  distinctId,
  type StationAddress,
  scheduleHash,
  stationAddress,
  stationId,
  stationSsrc,
} from '../station/identity.js';
import { Station, type StationItem } from '../station/station.js';
import type { FecSize } from '../wire/fec.js';
import type { StationFormat, StationInfo } from '../wire/station-info.js';
import { TICKS_PER_SECOND, type Ticks90k } from '../wire/time.js';
import { asProblem, type Output } from './output.js';
import { type StationSource, sourceProblem } from './sources.js';

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

/**
 * The station, its missing reels made first. `onProblem` is told what is wrong with a file; the others play without
 * it. Null when none is left. Rejects with a Problem only when `signal` is aborted.
 */
export async function prepareStation(
  options: LoadOptions & { signal: AbortSignal; onProblem(problem: Problem): void },
): Promise<ReadyStation | null> {
  const { plan, settings, store, output, signal, onProblem } = options;
  const unusable = (source: string, error: unknown): 'unusable' => {
    if (signal.aborted) throw error;
    onProblem(asProblem(sourceProblem(source, error)));
    return 'unusable';
  };
  try {
    await plan.source.generate?.(signal);
  } catch (error) {
    unusable(plan.source.path, error);
    return null;
  }
  return assemble(options, async (source, target) => {
    const label = `${plan.number} ${plan.name}: preparing ${source}`;
    output.say(label);
    const onProgress = (done: number) => output.progress(label, done);
    try {
      const { reel } = await prepareReel({ source, settings: { ...settings, target }, store, signal, onProgress });
      const { properties } = reel.data.manifest;
      for (const note of properties.notes) output.say(`  ${source}: ${note}`);
      if (properties.reason) output.say(`  ${source}: encoded, because of ${properties.reason}`);
      return reel;
    } catch (error) {
      return unusable(source, error);
    } finally {
      output.progressEnd();
    }
  });
}

/** Gets the reels in order; the first that is usable sets the layout of the others. Null as soon as one is missing. */
async function assemble(
  options: LoadOptions,
  reelOf: (source: string, target: StationLayout | null) => Promise<Reel | null | 'unusable'>,
): Promise<ReadyStation | null> {
  const { plan } = options;
  const items: StationItem[] = [];
  let layout: StationLayout | null = null;
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
  if (items.length === 0) return null;
  const station = new Station({ items, ssrc: stationSsrc(plan.id) });
  const described = describe(options, station);
  return { plan, station, info: (time) => ({ ...described, nowPlaying: station.itemAt(time).name }) };
}

const nameOfItem = (file: string) =>
  file
    .replace(/^.*[/\\]/, '')
    .replace(/\.[^.]*$/, '')
    .replaceAll('_', ' ');

function describe({ plan, server, fec }: LoadOptions, station: Station): StationInfo {
  const manifests = station.items.map(({ reel }) => reel.data.manifest);
  const [{ format, properties }] = manifests;
  const { width, height, aspectRatio, frameRate, videoCodec, audioCodec } = properties;
  const bytes = manifests.reduce((sum, manifest) => sum + manifest.bytes, 0);
  const seconds = station.cycleDuration / TICKS_PER_SECOND;
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
    schedule: scheduleHash(
      plan.id,
      manifests.map(({ id, checksum }) => `${id}-${checksum}`),
    ),
    server,
  };
}
