/**
 * The store: a folder of reels, named by what is in them.
 *
 *     reels/<id>/        finished reels; never changed
 *     making/<pid>-…/    reels being made; renamed to reels/<id> when whole and on the disk
 *     sources/<key>.json which content a source file had when its size and time were last seen
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, open as openCallback, type Stats } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { replaceFile, syncFolder } from '../base/atomic-file.js';
import { Problem, systemCode } from '../base/problem.js';
import type { MediaSettings } from '../media/settings.js';
import { readJpegIndex } from './jpeg-reel.js';
import { reelOf } from './open-reel.js';
import { REEL_VERSION, type Reel, ReelFile, type ReelManifest } from './reel.js';
import { readTsIndex } from './ts-reel.js';

/** Where reels lie unless `--store` says otherwise: the user's cache folder. */
export function defaultStore(): string {
  const { env, platform } = process;
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'multistreamcast');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'multistreamcast');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'multistreamcast');
}

/** What went wrong while writing to the store, in words that say what to do. */
export function storeProblem(error: unknown, folder: string): Problem {
  if (error instanceof Problem) return error;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Problem(
      'store',
      `${folder}: the disk is full`,
      'Make room there, or choose another folder with --store.',
      {
        cause: error,
      },
    );
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new Problem('store', `${folder}: may not be written to`, 'Choose another folder with --store.', {
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Problem('store', `${folder}: ${message}`, 'Choose another folder with --store.', { cause: error });
}

export class Store {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  /** Makes the folders and removes what preparations that were killed have left. Throws a Problem of code 'store'. */
  async open(): Promise<void> {
    try {
      for (const name of ['reels', 'making', 'sources']) await mkdir(join(this.folder, name), { recursive: true });
      for (const name of await readdir(join(this.folder, 'making'))) {
        if (!isRunning(Number.parseInt(name, 10))) await rm(join(this.folder, 'making', name), { recursive: true });
      }
    } catch (error) {
      throw storeProblem(error, this.folder);
    }
  }

  /** The reel's id: the hash of the source's content and of the settings, the same on every machine. */
  reelId(contentHash: string, settings: MediaSettings): string {
    const { format, fps, maxGop, target } = settings;
    const relevant = format === 'jpeg' ? { format, fps, target } : { format, maxGop, target };
    return hash(JSON.stringify([REEL_VERSION, contentHash, relevant])).slice(0, 32);
  }

  /** The hash of a source's content if its size and time are those it had when it was last read, else null. */
  async knownContentHash(source: string): Promise<string | null> {
    const path = resolve(source);
    const { size, mtimeMs } = await stat(path);
    const known = await readSourceNote(this.#sourceNote(path));
    return known?.size === size && known.mtimeMs === mtimeMs ? known.content : null;
  }

  /** Reads a source in full for the hash of its content, and remembers it. */
  async readContentHash(source: string, signal?: AbortSignal): Promise<string> {
    const path = resolve(source);
    const { size, mtimeMs } = await stat(path);
    const content = await hashFile(path, signal);
    const note = this.#sourceNote(path);
    try {
      await replaceFile(note, JSON.stringify({ path, size, mtimeMs, content }));
    } catch (error) {
      throw storeProblem(error, this.folder);
    }
    return content;
  }

  #sourceNote(path: string): string {
    return join(this.folder, 'sources', `${hash(path).slice(0, 32)}.json`);
  }

  reelFolder(id: string): string {
    return join(this.folder, 'reels', id);
  }

  /** The reel's still, a JPEG file; null where it has none. */
  async poster(id: string): Promise<Buffer | null> {
    try {
      return await readFile(join(this.reelFolder(id), ReelFile.poster));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
  }

  has(id: string): boolean {
    return existsSync(join(this.reelFolder(id), ReelFile.manifest));
  }

  /** A new folder to make a reel in. */
  async makingFolder(): Promise<string> {
    const folder = join(this.folder, 'making', `${process.pid}-${randomBytes(6).toString('hex')}`);
    await mkdir(folder, { recursive: true }).catch((error) => {
      throw storeProblem(error, this.folder);
    });
    return folder;
  }

  /** Puts a folder that is whole and on the disk in its place. Another's reel of the same id stays: it is the same. */
  async adopt(making: string, id: string): Promise<void> {
    try {
      await syncFolder(making);
      await rename(making, this.reelFolder(id));
      await syncFolder(join(this.folder, 'reels'));
    } catch (error) {
      await rm(making, { recursive: true, force: true });
      if (!this.has(id)) throw storeProblem(error, this.folder);
    }
  }

  /** Opens a reel; `closeReel` closes it. Throws when it is missing or damaged. */
  async openReel(id: string): Promise<Reel> {
    const folder = this.reelFolder(id);
    const manifest: ReelManifest = { ...JSON.parse(await readFile(join(folder, ReelFile.manifest), 'utf8')), id };
    const path = join(folder, ReelFile.packets[manifest.format]);
    const packets = await stat(path);
    if (manifest.version !== REEL_VERSION || packets.size !== manifest.bytes) throw new Error(`${folder} is damaged`);
    const index = await (manifest.format === 'h264' ? readTsIndex(folder) : readJpegIndex(folder));
    return reelOf({ manifest, descriptor: await openFile(path, 'r'), index });
  }

  /** Removes a damaged reel, so that it is prepared again. */
  async discard(id: string): Promise<void> {
    await rm(this.reelFolder(id), { recursive: true, force: true });
  }
}

/** A bare descriptor, which all threads may use, unlike a FileHandle. */
const openFile = promisify(openCallback) as (path: string, flags: string) => Promise<number>;

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) digest.update(chunk);
  return digest.digest('hex');
}

async function readSourceNote(path: string): Promise<(Pick<Stats, 'size' | 'mtimeMs'> & { content: string }) | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    // Not there yet, or cut off by a crash: the source is then read again.
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
