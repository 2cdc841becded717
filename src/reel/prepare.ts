/** Preparing a reel: found in the store, or made in a child process with limits on time and memory. */
import { rm } from 'node:fs/promises';
import type { MediaSettings } from './media/spool.js';
import { type PrepareLimits, runMediaChild } from './media-child.js';
import type { Reel } from './reel.js';
import type { Store } from './store.js';

export interface Preparation {
  reel: Reel;
  /** Whether it had to be made. */
  made: boolean;
}

/** The reel of `source` if the store has it whole, else null. Costs no more than a look at the file. */
export async function findReel(options: {
  source: string;
  settings: MediaSettings;
  store: Store;
  onProgress?(done: number): void;
}): Promise<{ id: string; reel: Reel | null }> {
  const { source, settings, store, onProgress } = options;
  const id = store.reelId(await store.contentHash(source, onProgress), settings);
  if (!store.has(id)) return { id, reel: null };
  try {
    return { id, reel: await store.openReel(id) };
  } catch {
    // Damaged, or of an older version: it is made again.
    await store.discard(id);
    return { id, reel: null };
  }
}

/**
 * The reel of `source`, made first where the store does not have it. `onProgress` gets the share done, 0 to 1.
 * Throws a Problem; an interrupted preparation leaves nothing in the store.
 */
export async function prepareReel(options: {
  source: string;
  settings: MediaSettings;
  store: Store;
  limits?: PrepareLimits;
  signal?: AbortSignal;
  onProgress?(done: number): void;
}): Promise<Preparation> {
  const { source, settings, store, limits, signal, onProgress } = options;
  const found = await findReel({ source, settings, store });
  if (found.reel) return { reel: found.reel, made: false };
  const folder = await store.makingFolder();
  try {
    const request = { task: 'reel', source, settings, folder, id: found.id } as const;
    await runMediaChild({ request, subject: source, limits, signal, onProgress });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  await store.adopt(folder, found.id);
  return { reel: await store.openReel(found.id), made: true };
}
