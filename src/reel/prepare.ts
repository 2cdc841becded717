/** Preparing a reel: found in the store, or made in a child process with limits on time and memory. */
import { rm, stat } from 'node:fs/promises';
import { fileProblem, isMissing } from '../base/file-problem.js';
import { systemPath } from '../base/path-bytes.js';
import { Problem } from '../base/problem.js';
import type { MediaSettings } from '../media/settings.js';
import { settingsOfFile } from '../media/video-files.js';
import { coverOf } from './cover-files.js';
import { type PrepareLimits, runMediaChild } from './media-child.js';
import { closeReel } from './open-reel.js';
import type { Reel } from './reel.js';
import type { Store } from './store.js';
import { subtitleFilesOf } from './subtitle-files.js';

export interface Preparation {
  reel: Reel;
  /** Whether it had to be made. */
  made: boolean;
}

/** A source that was written to while it was read: what was made of it may be of half a file. */
export class SourceChanged extends Problem {
  constructor(source: string) {
    super('source', `${source}: changed while it was being prepared`, 'Try again when it is written.');
    this.name = 'SourceChanged';
  }
}

interface ReelRequest {
  source: string;
  /** The picture that `source` fades in from, where it is one and `settings` have it fade; absent or null: there is none. */
  before?: string | null;
  settings: MediaSettings;
  store: Store;
}

/** The request with what matters of it. */
function relevant<T extends ReelRequest>(request: T): T {
  const settings = settingsOfFile(request.source, request.settings);
  return { ...request, settings, before: settings.fade > 0 ? request.before : null };
}

/**
 * The reel of `source` if the store is known to have it, else null. Reads no more of the source than its size and time.
 * Rejects with a Problem where the system refuses to read the source or the reel.
 */
export async function findReel(request: ReelRequest): Promise<Reel | null> {
  const id = await knownReelId(request);
  return id === null ? null : request.store.findReel(id);
}

/** The id of the reel, if it is known without reading more of the source than its size and time; rejects as `findReel` does. */
export async function knownReelId(request: ReelRequest): Promise<string | null> {
  return (await knownReelIds(request)).at(-1) ?? null;
}

/**
 * The ids that the reel has had, the present one last: where decoding has found damage in the copied one, that is the one which
 * is encoded around it. Empty where they are not known without reading the source; rejects as `findReel` does.
 */
export async function knownReelIds(request: ReelRequest): Promise<string[]> {
  const { source, before, settings, store } = relevant(request);
  const content = await store.knownContentHash(source, settings);
  const other = before ? await store.knownContentHash(before, settings) : undefined;
  if (content === null || other === null) return [];
  const copied = store.reelId(content, settings, other);
  if ((await store.isCopiedDamaged(copied)) !== true) return [copied];
  return [copied, store.reelId(content, { ...settings, decodeCheck: true }, other)];
}

/**
 * The reel of `source`, made first where the store does not have it. `onProgress` gets the share done, 0 to 1.
 * Rejects with a Problem, SourceChanged where the source was written to meanwhile; an interrupted preparation leaves nothing in the store.
 */
export async function prepareReel(
  options: ReelRequest & { limits?: Partial<PrepareLimits>; signal?: AbortSignal; onProgress?(done: number): void },
): Promise<Preparation> {
  const { store, limits, signal, onProgress } = options;
  const ids = await knownReelIds(options);
  const found = ids.length > 0 ? await store.findReel(ids.at(-1)!) : null;
  if (found) return { reel: found, made: false };
  const decodeCheck = ids.length > 1;
  const wanted = decodeCheck ? { ...options, settings: { ...options.settings, decodeCheck } } : options;
  const { source, before, settings } = relevant(wanted);
  const version = await versionOf(source);
  const folder = await store.makingFolder();
  // The source is read for its hash while the child works: the hash gives the reel's id.
  const stop = new AbortController();
  const hashing = identifyReel(wanted, stop.signal);
  const subtitleFiles = await subtitleFilesOf(source, settings);
  const cover = await coverOf(source);
  const request = { task: 'reel', source, before, settings, subtitleFiles, cover, folder } as const;
  const ended = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]);
  const making = runMediaChild({ request, subject: source, limits, signal: ended, onProgress });
  try {
    // The store may have the reel of a copy of the source: then the child's work is not needed.
    const { reel } = await Promise.race([hashing, making.then(() => hashing)]);
    if (reel) return { reel, made: false };
    const { id } = await hashing;
    await making;
    const after = await versionOf(source);
    if (after !== null && after !== version) throw new SourceChanged(source);
    await store.adopt(folder, id);
    if (decodeCheck) await store.noteCopiedDamage(id, false);
    return { reel: await store.openReel(id), made: true };
  } catch (error) {
    stop.abort();
    const found = await hashing.catch(() => null);
    if (found?.reel) closeReel(found.reel);
    throw error;
  } finally {
    stop.abort();
    await Promise.allSettled([hashing, making]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Another text whenever the file was written to; null where it is gone, which changes nothing of what was read. */
async function versionOf(source: string): Promise<string | null> {
  try {
    const { size, mtimeMs } = await stat(systemPath(source));
    return `${size} ${mtimeMs}`;
  } catch (error) {
    if (isMissing(error)) return null;
    throw fileProblem(error, { code: 'source', path: source, access: 'read' });
  }
}

/** The id of the reel, by its source's content, and the reel itself if the store has it. */
async function identifyReel(request: ReelRequest, signal: AbortSignal) {
  const { source, before, settings, store } = relevant(request);
  const content = await store.readContentHash(source, settings, signal);
  const other = before ? await store.readContentHash(before, settings, signal) : undefined;
  const id = store.reelId(content, settings, other);
  return { id, reel: await store.findReel(id) };
}
