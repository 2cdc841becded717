/** `msc prepare`: reels ahead of time, so that a server goes on the air with them at once. */
import { Problem } from '../base/problem.js';
import { TICKS_PER_SECOND } from '../base/units.js';
import type { MediaSettings } from '../media/settings.js';
import { defaultStore, Store } from '../reel/store.js';
import { checkEncoder } from '../server/config.js';
import { leftOutEvent, type ServerEvent } from '../server/events.js';
import { type Preferences, settingsFor } from '../server/preferences.js';
import { findSource } from '../server/sources.js';
import { prepareStation, type ReadyStation } from '../server/station-loader.js';
import { Plans, planStation } from '../server/station-plan.js';
import type { StationItem } from '../station/station.js';
import { type Output, openOutput } from './output.js';
import { printEvents } from './serve-report.js';
import { stationsOf } from './station-arguments.js';

export interface PrepareOptions {
  /** Files, folders, NAME=PATH. A folder's reels are made for one station. */
  sources: string[];
  store?: string;
  settings: MediaSettings;
  preferences: Preferences;
  /** Whether copied reels are decoded to find damage, which is then encoded. */
  check: boolean;
  json: boolean;
  quiet: boolean;
  signal: AbortSignal;
}

/** Returns the exit code: that of the first problem, or 0. */
export async function runPrepare({
  sources,
  settings,
  preferences,
  check,
  signal,
  ...options
}: PrepareOptions): Promise<number> {
  checkEncoder(settings);
  const output = openOutput(options);
  const store = new Store(options.store ?? defaultStore(), { log: (line) => output.print(line) });
  await store.open();
  let exitCode = 0;
  const print = printEvents(output, (problem) => {
    exitCode ||= problem.exitCode;
  });
  /** Reels whose notes were printed when they were made. */
  const made = new Set<string>();
  const onEvent = (event: ServerEvent) => {
    if (event.kind === 'prepared') made.add(event.reel);
    print(event);
  };
  for (const [index, { source, ...config }] of stationsOf(sources).entries()) {
    try {
      const { format } = settings;
      const plan = planStation({
        config,
        source: findSource(String(source)),
        number: index + 1,
        format,
        preferences,
        others: new Plans(),
      });
      leftOutEvent(plan, plan.source.notes).forEach(onEvent);
      const request = { plan, settings: settingsFor(settings, preferences), store, server: '', onEvent, signal };
      let ready = await prepareStation(request);
      if (check && ready && (await hasCopiedDamage(ready, store, signal))) {
        ready.station.close();
        ready = await prepareStation(request);
      }
      for (const item of ready?.station.items ?? []) {
        printItem(item, store, output);
        const { id, properties } = item.reel.data.manifest;
        if (!made.has(id)) for (const note of properties.notes) output.print(`  ${item.name}: ${note}`);
      }
      ready?.station.close();
    } catch (error) {
      if (!(error instanceof Problem) || signal.aborted) throw error;
      onEvent({ kind: 'problem', problem: error } satisfies ServerEvent);
    }
  }
  return exitCode;
}

/** Whether decoding finds damage in a reel of the station. */
async function hasCopiedDamage({ station }: ReadyStation, store: Store, signal: AbortSignal): Promise<boolean> {
  let isDamaged = false;
  for (const { reel } of station.items) {
    if (await store.decode(reel.data.manifest, signal)) isDamaged = true;
  }
  return isDamaged;
}

function printItem({ name, reel }: StationItem, store: Store, output: Output): void {
  const { id, duration, bitrate, properties } = reel.data.manifest;
  const { width, height, aspectRatio, video, audio, encoding } = properties;
  const rate = (bitrate / 1e6).toFixed(1);
  output.print(`Prepared: ${name}, ${width}×${height} ${aspectRatio}, ${rate} Mbit/s, video ${video}, audio ${audio}`);
  if (encoding !== undefined) output.print(`  ${name}: ${encoding}`);
  const reelFolder = store.reelFolder(id);
  output.event({
    event: 'prepared',
    name,
    reel: reelFolder,
    duration: duration / TICKS_PER_SECOND,
    bitrate,
    properties,
  });
}
