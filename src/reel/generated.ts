/** Films that nobody has to have: generated once, and kept in the store as files like any other. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type GeneratedName, runMediaChild } from './media-child.js';
import { type Store, storeProblem } from './store.js';

/** A test card with a running clock and a tone is the longer, the less often it begins anew; a slate stands still. */
const SECONDS: Record<GeneratedName, number> = { 'test-card': 30, slate: 10 };

/** Where it lies, or will lie. */
export const generatedPath = (store: Store, name: GeneratedName): string =>
  join(store.folder, 'generated', `${name}.mp4`);

/** Generates it where it is not there yet. Rejects with a Problem. */
export async function generate(store: Store, name: GeneratedName, signal: AbortSignal): Promise<void> {
  const path = generatedPath(store, name);
  if (existsSync(path)) return;
  const making = await store.makingFolder();
  const made = join(making, `${name}.mp4`);
  try {
    await runMediaChild({
      request: { task: name, path: made, seconds: SECONDS[name] },
      subject: name.replace('-', ' '),
      signal,
    });
    await mkdir(dirname(path), { recursive: true });
    await rename(made, path);
  } catch (error) {
    throw storeProblem(error, store.folder);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}
