/** Facts of sources, looked up in a child process and remembered in the store. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../base/atomic-file.js';
import { fileProblem, isMissing, isSystemError } from '../base/file-problem.js';
import { systemPath } from '../base/path-bytes.js';
import { Problem } from '../base/problem.js';
import { IrregularFileError, readRegular } from '../base/regular-file.js';
import { sealedJson, unsealedJson } from '../base/sealed-json.js';
import type { MediaSettings } from '../media/settings.js';
import { type SourceFacts, sourceFactsSchema } from '../media/source-facts.js';
import { runMediaChild } from './media-child.js';
import type { Store } from './store.js';
import { subtitleFilesOf } from './subtitle-files.js';

/** Files that may end the child that looks at them: more are rather a fault of the installation, which preparing reports. */
const MOST_CRASHES = 3;

/** Raised when a look at the same file finds something else: files are then looked at again. */
const VERSION = 3;

const noteSchema = z.strictObject({
  version: z.literal(VERSION),
  path: z.string(),
  size: z.number(),
  mtimeMs: z.number(),
  /** Null where the file cannot be used. */
  facts: sourceFactsSchema.nullable(),
});
type Note = z.infer<typeof noteSchema>;

/** Most bytes of a note, whose longest part is a path. */
const MOST_NOTE = 1 << 16;

interface FactsOptions {
  settings: MediaSettings;
  store: Store;
}

/**
 * The facts that are known of a source as it is now, by its size and time: null where it cannot be used, undefined where it has to
 * be looked at. Rejects with a Problem where the system refuses to read it.
 */
export async function knownFacts(source: string, options: FactsOptions): Promise<SourceFacts | null | undefined> {
  const path = resolve(source);
  const { size, mtimeMs } = await statSource(path);
  const note = await readNote(await notePath(path, options));
  return note?.path === path && note.size === size && note.mtimeMs === mtimeMs ? note.facts : undefined;
}

/**
 * The facts of sources, in their order; those that are not known are looked at. Null for one that cannot be used: the reason is
 * reported when it is prepared. Rejects with a Problem when `signal` is aborted.
 */
export async function findFacts(
  sources: readonly string[],
  options: FactsOptions & { signal: AbortSignal },
): Promise<(SourceFacts | null)[]> {
  const known = await Promise.all(sources.map((source) => knownFacts(source, options).catch(nullUnlessFault)));
  const missing = sources.filter((_, index) => known[index] === undefined);
  const found = await lookAt(missing, options);
  return sources.map((source, index) => known[index] ?? found.get(source) ?? null);
}

const nullUnlessFault = (error: unknown): null => {
  if (error instanceof Problem) return null;
  throw error;
};

/** One child looks at all; a file that ends it counts as one that cannot be used, and another child goes on behind it. */
async function lookAt(
  sources: readonly string[],
  { settings, store, signal }: FactsOptions & { signal: AbortSignal },
): Promise<Map<string, SourceFacts>> {
  const found = new Map<string, SourceFacts>();
  const times = await Promise.all(sources.map((source) => statSource(resolve(source)).catch(nullUnlessFault)));
  let crashes = 0;
  for (let from = 0; from < sources.length && crashes < MOST_CRASHES; ) {
    const looked: (SourceFacts | null)[] = [];
    const rest = sources.slice(from);
    try {
      await runMediaChild({
        request: { task: 'look', sources: rest, settings },
        subject: rest[0]!,
        signal,
        onLooked: (facts) => looked.push(facts),
      });
    } catch (error) {
      if (signal.aborted || !(error instanceof Problem)) throw error;
      crashes++;
    }
    for (const [index, facts] of looked.slice(0, rest.length).entries()) {
      const source = rest[index]!;
      if (facts !== null) found.set(source, facts);
      const stats = times[from + index];
      const path = resolve(source);
      if (stats)
        await writeNote(await notePath(path, { settings, store }), { version: VERSION, path, ...stats, facts });
    }
    // The one behind them ended the child.
    from += looked.length + 1;
  }
  return found;
}

async function statSource(path: string): Promise<{ size: number; mtimeMs: number }> {
  try {
    const stats = await stat(systemPath(path));
    if (!stats.isFile()) throw new IrregularFileError(path);
    const { size, mtimeMs } = stats;
    return { size, mtimeMs };
  } catch (error) {
    throw fileProblem(error, { code: 'source', path, access: 'read' });
  }
}

/** What can be copied depends on the settings, and on subtitles that are to be burned in. Rejects as `subtitleFilesOf` does. */
async function notePath(path: string, { settings, store }: FactsOptions): Promise<string> {
  const { format, maxGop, burnSubtitles, subtitles } = settings;
  const hash = createHash('sha256').update(`${format} ${maxGop} `).update(systemPath(path));
  if (burnSubtitles) {
    const files = await subtitleFilesOf(path, settings);
    hash.update(JSON.stringify([subtitles, files.map(({ name }) => name)]));
  }
  return join(store.folder, 'facts', `${hash.digest('hex').slice(0, 32)}.json`);
}

/** Null where there is none, or a damaged one: the file is then looked at again. */
async function readNote(path: string): Promise<Note | null> {
  try {
    const text = (await readRegular(path, MOST_NOTE)).toString();
    return noteSchema.safeParse(unsealedJson(text)).data ?? null;
  } catch (error) {
    if (isMissing(error) || error instanceof RangeError) return null;
    throw fileProblem(error, { code: 'store', path, access: 'read' });
  }
}

/** Where the system refuses it, as on a disk that is read only or full, the file is looked at again at the next start. */
async function writeNote(path: string, note: Note): Promise<void> {
  try {
    await replaceFile(path, sealedJson(note));
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}
