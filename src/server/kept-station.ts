/** Stations as their operator has left them: a server that comes back goes on as the one before it. */
import { basename } from 'node:path';
import { messageOf } from '../base/problem.js';
import { stationSsrc } from '../station/identity.js';
import { type KeptData, KeptFile, keptData, openKept } from '../station/station-state.js';
import { type LoadOptions, type ReadyStation, readyStation } from './station-loader.js';

type SourceOptions = Pick<LoadOptions, 'settings' | 'store'>;

/**
 * What tells the files apart that a station plays: their content, and how they are prepared. Null where that is not known
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

/** Keeps what has been changed in a station; when it resolves, on the disk. Rejects with the system's error. */
export async function keepStation(ready: ReadyStation, options: SourceOptions): Promise<void> {
  const { plan, station } = ready;
  ready.sources ??= await sourcesOf(plan.source.files, options, true);
  const name = plan.name === plan.source.name ? null : plan.name;
  const file = new KeptFile(options.store.folder, plan.id);
  await file.write(keptData(plan.id, station, { sources: ready.sources ?? [], name }));
}

/** Notes which files a station plays, as far as that is known: as they are now. */
export async function noteSources(ready: ReadyStation, options: SourceOptions): Promise<void> {
  ready.sources = await sourcesOf(ready.plan.source.files, options, false).catch(() => null);
}

/**
 * The station as its operator left it; null where there is nothing of the kind, or not of these files. Without `reads`, files
 * that would have to be read for that are left alone: null as well.
 */
export async function keptStation(options: LoadOptions, reads = false): Promise<ReadyStation | null> {
  const { plan, store, onEvent } = options;
  const file = new KeptFile(store.folder, plan.id);
  const say = (words: string) =>
    onEvent({ kind: 'note', message: `${plan.number} ${plan.name}: ${words}`, station: plan });
  const putAside = async (why: string) => {
    const aside = basename(await file.putAside());
    say(`it begins anew, ${why}. What its operator had changed lies in ${aside} now.`);
    return null;
  };
  let data: KeptData | null;
  try {
    data = await file.read();
  } catch (error) {
    return putAside(`for ${basename(file.path)} cannot be used: ${messageOf(error)}`);
  }
  if (data === null) return null;
  plan.name = data.name ?? plan.name;
  if (data.periods.length === 0) return null;
  // What cannot be read is another problem, and is told as that.
  const sources = await sourcesOf(plan.source.files, options, reads).catch(() => null);
  if (sources === null) return null;
  if (JSON.stringify(sources) !== JSON.stringify(data.sources)) {
    await putAside('for its files are others');
    if (data.name !== null) await file.write({ ...data, sources: [], items: [], periods: [] });
    return null;
  }
  try {
    const station = await openKept(data, store, stationSsrc(plan.id));
    if (station.periods.length > 1) say(`as its operator left it (${basename(file.path)})`);
    const ready = readyStation(options, station);
    ready.sources = sources;
    return ready;
  } catch (error) {
    return putAside(`for it cannot go on: ${messageOf(error)}`);
  }
}
