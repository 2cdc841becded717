/** Preparing a reel: found in the store, or made in a child process with limits on time and memory. */
import { rm } from 'node:fs/promises';
import type { MediaSettings } from '../media/settings.js';
import { type PrepareLimits, runMediaChild } from './media-child.js';
import type { Reel } from './reel.js';
import type { Store } from './store.js';

export interface Preparation {
  reel: Reel;
  /** Whether it had to be made. */
  made: boolean;
}

interface Wanted {
  source: string;
  settings: MediaSettings;
  store: Store;
}

/** The reel of `source` if the store is known to have it, else null. Costs no more than a look at the file. */
export async function findReel({ source, settings, store }: Wanted): Promise<Reel | null> {
  const content = await store.knownContentHash(source);
  return content === null ? null : storedReel(store, store.reelId(content, settings));
}

async function storedReel(store: Store, id: string): Promise<Reel | null> {
  if (!store.has(id)) return null;
  try {
    return await store.openReel(id);
  } catch {
    // Damaged, or of an older version: it is made again.
    await store.discard(id);
    return null;
  }
}

/**
 * The reel of `source`, made first where the store does not have it. `onProgress` gets the share done, 0 to 1.
 * Throws a Problem; an interrupted preparation leaves nothing in the store.
 */
export async function prepareReel(
  options: Wanted & { limits?: PrepareLimits; signal?: AbortSignal; onProgress?(done: number): void },
): Promise<Preparation> {
  const { source, settings, store, limits, signal, onProgress } = options;
  const found = await findReel(options);
  if (found) return { reel: found, made: false };
  const folder = await store.makingFolder();
  // The source is read for its hash while the child works: only then is it known what the reel is called.
  const stop = new AbortController();
  const hashing = namedReel(options, stop.signal);
  const request = { task: 'reel', source, settings, folder } as const;
  const ended = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]);
  const making = runMediaChild({ request, subject: source, limits, signal: ended, onProgress });
  try {
    // A reel under another path's name: the child's work is not needed.
    const { reel } = await Promise.race([hashing, making.then(() => hashing)]);
    if (reel) return { reel, made: false };
    const { id } = await hashing;
    await making;
    await store.adopt(folder, id);
    return { reel: await store.openReel(id), made: true };
  } finally {
    stop.abort();
    await Promise.allSettled([hashing, making]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the reel is called, by its source's content, and the reel itself if the store has it. */
async function namedReel({ source, settings, store }: Wanted, signal: AbortSignal) {
  const id = store.reelId(await store.readContentHash(source, signal), settings);
  return { id, reel: await storedReel(store, id) };
}
