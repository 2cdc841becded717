/** Generated films: made once, and kept in the store as source files like any other. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { GeneratedFilm } from '../media/settings.js';
import { runMediaChild } from './media-child.js';
import type { Store } from './store.js';
import { storeProblem } from './store-problem.js';

/** The test card's clock starts again after its length, so that is the longer one; a slate is a still picture. */
const SECONDS: Record<GeneratedFilm, number> = { 'test-card': 30, slate: 10 };

/** The film's file, whether it exists yet or not. */
export const generatedPath = (store: Store, name: GeneratedFilm): string =>
  join(store.folder, 'generated', `${name}.mp4`);

/** Generates the film unless its file exists. Rejects with a Problem. */
export async function generate(store: Store, name: GeneratedFilm, signal: AbortSignal): Promise<void> {
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
