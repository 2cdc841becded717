/** `msc prepare`: reels ahead of time, so that a server goes on the air with them at once. */
import type { Problem } from '../base/problem.js';
import type { MediaSettings } from '../media/settings.js';
import { defaultStore, Store } from '../reel/store.js';
import { planStations, prepareStation } from '../server/line-up.js';
import { findSources } from '../server/sources.js';
import { openOutput } from './output.js';

export interface PrepareOptions {
  /** Files, folders, NAME=PATH. A folder's reels are made for one station. */
  sources: string[];
  store?: string;
  settings: MediaSettings;
  json: boolean;
  quiet: boolean;
  signal: AbortSignal;
}

/** Returns the exit code: that of the first problem, or 0. */
export async function runPrepare(options: PrepareOptions): Promise<number> {
  const { settings, signal } = options;
  const output = openOutput(options);
  const store = new Store(options.store ?? defaultStore(), { log: (line) => output.say(line) });
  await store.open();
  let exitCode = 0;
  const onProblem = (problem: Problem) => {
    exitCode ||= problem.exitCode;
    output.warn(problem);
  };
  const sources = findSources(options.sources, onProblem);
  for (const plan of planStations(sources, { format: settings.format, firstGroup: null })) {
    const ready = await prepareStation({ plan, settings, store, server: '', output, signal, onProblem });
    for (const item of ready?.station.items ?? []) {
      const { id, duration, bitrate, properties } = item.reel.data.manifest;
      const { width, height, aspectRatio, video, audio } = properties;
      output.say(
        `Prepared: ${item.name}, ${width}×${height} ${aspectRatio}, ${(bitrate / 1e6).toFixed(1)} Mbit/s, video ${video}, audio ${audio}`,
      );
      output.event({
        event: 'prepared',
        name: item.name,
        reel: store.reelFolder(id),
        duration: duration / 90_000,
        bitrate,
        properties,
      });
    }
    ready?.station.close();
  }
  return exitCode;
}
