/**
 * The store: a folder of reels, named by their contents.
 *
 *     reels/<id>/        finished reels; never changed
 *     making/<pid>-…/    reels being made or removed; a whole one is renamed to reels/<id> once it is on the disk
 *     sources/<key>.json the hash of a source file's content, with the size and time that the file had then
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { replaceFile, syncFolder } from '../base/atomic-file.js';
import { fileProblem, isMissing } from '../base/file-problem.js';
import { systemCode } from '../base/problem.js';
import type { MediaSettings } from '../media/settings.js';
import { REEL_VERSION } from './manifest.js';
import { ReelDamage, readReel } from './read-reel.js';
import { type Reel, ReelFile } from './reel.js';

/** The store's folder where the user names none: in the user's cache folder. */
export function defaultStore(): string {
  const { env, platform } = process;
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'multistreamcast');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'multistreamcast');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'multistreamcast');
}

const sourceNoteSchema = z.object({ size: z.number(), mtimeMs: z.number(), content: z.string().min(1) });
type SourceNote = z.infer<typeof sourceNoteSchema>;

/**
 * Responsible for:
 * - finding and opening reels, putting finished ones in their place, removing damaged ones
 * - the hashes of sources, remembered from start to start
 *
 * Where the system refuses, methods reject with a Problem of code 'store', or 'source' where it is the source.
 */
export class Store {
  readonly folder: string;
  readonly #log: (line: string) => void;

  /** `log` gets a line for each damaged reel that is removed. */
  constructor(folder: string, { log = () => {} }: { log?: (line: string) => void } = {}) {
    this.folder = resolve(folder);
    this.#log = log;
  }

  /** Makes the folders, and removes the remains of preparations that were killed. */
  async open(): Promise<void> {
    await this.#writing(async () => {
      for (const name of ['reels', 'making', 'sources']) await mkdir(join(this.folder, name), { recursive: true });
      for (const name of await readdir(join(this.folder, 'making'))) {
        // Another server that starts may be removing the same.
        if (!isRunning(Number.parseInt(name, 10))) await removeFolder(join(this.folder, 'making', name));
      }
    });
  }

  /** The reel's id: the hash of the source's content and of the settings, the same on every machine. */
  reelId(contentHash: string, settings: MediaSettings): string {
    const { format, fps, maxGop, target } = settings;
    const relevant = format === 'jpeg' ? { format, fps, target } : { format, maxGop, target };
    return hash(JSON.stringify([REEL_VERSION, contentHash, relevant])).slice(0, 32);
  }

  /** The hash of a source's content if its size and time are still those of the last reading, else null. */
  async knownContentHash(source: string): Promise<string | null> {
    const path = resolve(source);
    const { size, mtimeMs } = await readingSource(path, () => stat(path));
    const known = await this.#readSourceNote(path);
    return known?.size === size && known.mtimeMs === mtimeMs ? known.content : null;
  }

  /** Reads a source in full for the hash of its content, and remembers it. */
  async readContentHash(source: string, signal?: AbortSignal): Promise<string> {
    const path = resolve(source);
    const { size, mtimeMs } = await readingSource(path, () => stat(path));
    const content = await readingSource(path, () => hashFile(path, signal));
    const note = JSON.stringify({ path, size, mtimeMs, content });
    await this.#writing(() => replaceFile(this.#sourceNotePath(path), note));
    return content;
  }

  reelFolder(id: string): string {
    return join(this.folder, 'reels', id);
  }

  /** The reel's poster, a JPEG file; null where it has none. */
  async poster(id: string): Promise<Buffer | null> {
    return this.#reading(id, () => readFile(join(this.reelFolder(id), ReelFile.poster)));
  }

  /**
   * Opens the reel if the store has it; `closeReel` closes it. Null where there is none, or where it was damaged: that
   * one is removed, so that it can be made again. A reel that the system refuses to read stays.
   */
  async findReel(id: string): Promise<Reel | null> {
    if (!(await this.#has(id))) return null;
    try {
      return await readReel(this.reelFolder(id));
    } catch (error) {
      if (!(error instanceof ReelDamage)) throw error;
      this.#log(`${error.message}. It is removed, to be made again.`);
      await this.#writing(() => this.#remove(id));
      return null;
    }
  }

  /** Opens a reel that the store has; `closeReel` closes it. Rejects with ReelDamage when it is missing or damaged. */
  openReel(id: string): Promise<Reel> {
    return readReel(this.reelFolder(id));
  }

  /** A new folder to make a reel in. */
  async makingFolder(): Promise<string> {
    const folder = this.#makingPath();
    await this.#writing(() => mkdir(folder, { recursive: true }));
    return folder;
  }

  /**
   * Moves a folder with a whole reel to its place. A reel of the same id that another process has put there meanwhile
   * stays: it is as good.
   */
  async adopt(making: string, id: string): Promise<void> {
    await this.#writing(async () => {
      await syncFolder(making);
      try {
        await rename(making, this.reelFolder(id));
      } catch (error) {
        if (!isOccupied(error)) throw error;
        if (await this.#has(id)) return;
        // The remains of a removal that was cut short.
        await this.#remove(id);
        await rename(making, this.reelFolder(id));
      }
      await syncFolder(join(this.folder, 'reels'));
    });
  }

  /** Moved first, so that at no moment half a reel lies in its place. Readers that have its file open keep it. */
  async #remove(id: string): Promise<void> {
    const removed = this.#makingPath();
    try {
      await rename(this.reelFolder(id), removed);
    } catch (error) {
      if (!isMissing(error)) throw error; // Another process was quicker.
    }
    await removeFolder(removed);
  }

  #makingPath(): string {
    return join(this.folder, 'making', `${process.pid}-${randomBytes(6).toString('hex')}`);
  }

  async #has(id: string): Promise<boolean> {
    return (await this.#reading(id, () => stat(join(this.reelFolder(id), ReelFile.manifest)))) !== null;
  }

  #sourceNotePath(path: string): string {
    return join(this.folder, 'sources', `${hash(path).slice(0, 32)}.json`);
  }

  /** Null where there is no note, or a damaged one: the source is then read again. */
  async #readSourceNote(source: string): Promise<SourceNote | null> {
    const path = this.#sourceNotePath(source);
    try {
      return sourceNoteSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    } catch (error) {
      if (isMissing(error) || error instanceof SyntaxError || error instanceof z.ZodError) return null;
      throw fileProblem(error, { code: 'store', path, access: 'read' });
    }
  }

  /** Reads a file of a reel; null where it is missing. */
  async #reading<T>(id: string, read: () => Promise<T>): Promise<T | null> {
    try {
      return await read();
    } catch (error) {
      if (isMissing(error)) return null;
      throw fileProblem(error, { code: 'store', path: this.reelFolder(id), access: 'read' });
    }
  }

  async #writing<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      throw storeProblem(error, this.folder);
    }
  }
}

/** A system error in writing to the store as a Problem of code 'store'; any other error as it is. */
export const storeProblem = (error: unknown, folder: string): unknown =>
  fileProblem(error, { code: 'store', path: folder, access: 'write', option: '--store' });

async function readingSource<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw fileProblem(error, { code: 'source', path, access: 'read' });
  }
}

const removeFolder = (folder: string) => rm(folder, { recursive: true, force: true });

/** A folder with something in it is in the way of a rename: POSIX has two codes for that, Windows a third. */
const isOccupied = (error: unknown): boolean => ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(systemCode(error) ?? '');

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) digest.update(chunk);
  return digest.digest('hex');
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs for another user.
    return systemCode(error) !== 'ESRCH';
  }
}
