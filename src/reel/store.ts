/**
 * The store: a folder of reels, named by their contents.
 *
 *     reels/<id>/        finished reels; never changed, except that those of earlier releases are sealed
 *     making/<mark>-…/   reels being made or removed; a whole one is renamed to reels/<id> once it is on the disk
 *     damaged/<id>/      reels that were set aside because they are damaged, until they are made again
 *     facts/<key>.json   what a look at a source told, with the size and time that the file had then
 *     sources/<key>.json the hash of a source file's content, with the size and time that the file had then
 *     verified/<id>.json the file of packets that was read in full and had its checksum
 *     running/<mark>-…   a server that runs with the store
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { removeLeftovers, replaceFile, syncFolder } from '../base/atomic-file.js';
import { fileProblem, isMissing, isSystemError } from '../base/file-problem.js';
import { systemPath } from '../base/path-bytes.js';
import { messageOf, systemCode } from '../base/problem.js';
import { hashRegular, IrregularFileError, readRegular } from '../base/regular-file.js';
import { parsed, sealedJson, unsealedJson } from '../base/sealed-json.js';
import { Millis } from '../base/units.js';
import { defaultMediaSettings, type MediaSettings, MOST_SOUND_TRACKS } from '../media/settings.js';
import { isLeftBehind, ownMark } from '../system/process-mark.js';
import { withCover } from './cover-files.js';
import { DecodeChecks, isCopiedDamaged } from './decode-checks.js';
import { DecodeNotes } from './decode-notes.js';
import type { ReelManifest } from './manifest.js';
import { closeReel } from './open-reel.js';
import { ReelDamage, readReel } from './read-reel.js';
import { type Reel, ReelFile } from './reel.js';
import { ReelVerifier } from './reel-verifier.js';
import { sealReel } from './seal-reel.js';
import { storeProblem } from './store-problem.js';
import { beginRun, type StoreRun } from './store-runs.js';
import { withSubtitleFiles } from './subtitle-files.js';
import { type FileIdentity, isSameFile, Verifications } from './verifications.js';

/** The store's folder where the user names none: in the user's cache folder. */
export function defaultStore(): string {
  const { env, platform } = process;
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'multistreamcast');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'multistreamcast');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'multistreamcast');
}

const sourceNoteSchema = z.strictObject({
  path: z.string(),
  size: z.number(),
  mtimeMs: z.number(),
  /** SHA-256, hexadecimal. */
  content: z.string().regex(/^[0-9a-f]{64}$/),
});
type SourceNote = z.infer<typeof sourceNoteSchema>;

/** Most bytes of a note, whose longest part is a path, and of a poster. */
const MOST_NOTE = 1 << 16;
const MOST_POSTER = 1 << 24;

/** Without these there is no store. The others are made when they are needed: a finished store may lie on a disk that is read only. */
const folders = ['reels', 'making', 'sources'] as const;

export interface StoreOptions {
  /** Gets a line for each damaged reel or note, and where a reel cannot be verified. */
  log?(line: string): void;
}

/** Called when decoding found damage that was copied into a reel that is open. */
export type OnCopiedDamage = (id: string) => void;

/** Called when packets of a reel that is open turned out to be others than those that were made. */
export type OnDamage = (id: string, damage: ReelDamage) => void;

/** Raised when the packets of the same source and settings change: films are then prepared again. */
const PREPARATION = 3;

/**
 * Responsible for:
 * - finding and opening reels, putting finished ones in their place, setting damaged ones aside
 * - the packets of open reels being verified, and copied ones decoded, for servers
 * - the hashes of sources, remembered from start to start
 *
 * Where the system refuses, methods reject with a Problem of code 'store', or 'source' where it is the source.
 */
export class Store {
  readonly folder: string;
  readonly #log: (line: string) => void;
  readonly #verifications: Verifications;
  #verifier: ReelVerifier | null = null;
  readonly #decoded: DecodeNotes;
  #checks: DecodeChecks | null = null;
  #run: StoreRun | null = null;

  constructor(folder: string, { log = () => {} }: StoreOptions = {}) {
    this.folder = resolve(folder);
    this.#log = log;
    this.#verifications = new Verifications(join(this.folder, 'verified'));
    this.#decoded = new DecodeNotes(join(this.folder, 'decoded'));
  }

  /** Makes the folders, and removes the remains of processes that were killed. */
  async open(): Promise<void> {
    await this.#writing(async () => {
      for (const name of folders) await mkdir(join(this.folder, name), { recursive: true });
      const making = join(this.folder, 'making');
      for (const name of await readdir(making)) {
        if (await isLeft(making, name)) await removeFolder(join(making, name));
      }
      for (const name of ['sources', 'facts', 'verified', 'decoded', 'stations'])
        await removeLeftovers(join(this.folder, name));
    });
  }

  /**
   * From now on, for a server: the packets of every reel that is opened are verified, once for each file. They are verified before
   * the reel is used where the machine stopped under an earlier server, as far as that takes about a minute of a hard disk in all.
   * Behind that, with `onCopiedDamage`, reels with copied pictures or sound are decoded, once each, to find damage. `close` ends both.
   */
  async serve(onDamage: OnDamage, onCopiedDamage: OnCopiedDamage | null = null): Promise<void> {
    if (onCopiedDamage) {
      this.#checks = new DecodeChecks({
        notes: this.#decoded,
        packetsOf: (manifest) => this.#packetsPath(manifest),
        onDamage: onCopiedDamage,
        log: this.#log,
      });
    }
    await this.#writing(async () => {
      this.#run = await this.#beginRun();
      const brokenSince = this.#run?.brokenSince ?? null;
      const folderOf = (id: string) => this.reelFolder(id);
      const verifications = this.#verifications;
      this.#verifier = new ReelVerifier({ folderOf, verifications, onDamage, log: this.#log });
      if (brokenSince === null) return;
      this.#log('The machine stopped while a server ran: reels are verified before they are used.');
      await verifications.forgetSince(brokenSince, (id) => this.#writtenAt(id));
      this.#verifier.distrust();
    });
  }

  /** Null where the system refuses it, as on a disk that is read only or full: stations go on the air all the same. */
  async #beginRun(): Promise<StoreRun | null> {
    try {
      return await beginRun(join(this.folder, 'running'));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#log(`A start cannot be noted in the store, so reels are trusted after a power cut: ${messageOf(error)}`);
      return null;
    }
  }

  /** Resolves when every reel that was opened so far is verified. */
  async verified(): Promise<void> {
    await this.#verifier?.idle();
  }

  /** Ends the verification, for a server. */
  async close(): Promise<void> {
    await this.#checks?.close();
    await this.#verifier?.close();
    await this.#writing(async () => this.#run?.end());
  }

  /**
   * The reel's id: the hash of the source's content and of the settings, the same on every machine. `before`: that of the
   * picture it fades in from, if it does.
   */
  reelId(contentHash: string, settings: MediaSettings, before?: string): string {
    const { format, fps, maxGop, bitrate, maxBitrate, target, slide, fade } = settings;
    const { languages, ac3, loudness, channels, spectrum } = settings;
    const { subtitles, burnSubtitles, preset, crf, encoder, decodeCheck = false } = settings;
    // Defaults are left out, so that ids of earlier releases stay.
    const stands = { ...(slide !== defaultMediaSettings.slide && { slide }), ...(fade > 0 && { fade }) };
    const sound = {
      ...(languages.length > 0 && { languages }),
      // Reels made before had only the first of them.
      ...(languages.length > 1 && { tracks: MOST_SOUND_TRACKS }),
      ...(ac3 && { ac3 }),
      ...(channels !== null && { channels }),
      ...(loudness !== null && { loudness }),
      ...(spectrum && { spectrum }),
    };
    const text = { ...(subtitles.length > 0 && { subtitles }), ...(burnSubtitles && { burnSubtitles }) };
    const most = maxBitrate === defaultMediaSettings.maxBitrate ? {} : { maxBitrate };
    const rate = bitrate === undefined ? most : { ...most, bitrate };
    const quality = {
      ...(preset !== defaultMediaSettings.preset && { preset }),
      ...(crf !== defaultMediaSettings.crf && { crf }),
      ...(encoder !== defaultMediaSettings.encoder && { encoder }),
    };
    const relevant =
      format === 'jpeg'
        ? { format, fps, target, ...stands, ...(burnSubtitles && text) }
        : {
            format,
            maxGop,
            target,
            ...stands,
            ...sound,
            ...text,
            ...rate,
            ...quality,
            ...(decodeCheck && { decodeCheck }),
          };
    const content = before === undefined ? [contentHash] : [contentHash, before];
    return hash(JSON.stringify([PREPARATION, ...content, relevant])).slice(0, 32);
  }

  /**
   * Decodes a reel with copied pictures or sound, unless that was done before: whether damage was copied into it. The film is then
   * prepared in another way.
   */
  async decode(manifest: ReelManifest, signal: AbortSignal): Promise<boolean> {
    const packetsOf = (of: ReelManifest) => this.#packetsPath(of);
    return this.#writing(() => isCopiedDamaged(manifest, { notes: this.#decoded, packetsOf, signal }));
  }

  #packetsPath({ id, format }: ReelManifest): string {
    return join(this.reelFolder(id), ReelFile.packets[format]);
  }

  /** Whether decoding found damage in the reel `id`; null where it was not decoded yet. */
  async isCopiedDamaged(id: string): Promise<boolean | null> {
    return this.#reading(id, () => this.#decoded.read(id));
  }

  /** Notes whether the reel `id` has damage that was copied into it. */
  async noteCopiedDamage(id: string, isDamaged: boolean): Promise<void> {
    await this.#writing(() => this.#decoded.write(id, isDamaged));
  }

  /**
   * The hash of a source's content, of the files with subtitles beside it that `settings` may take, and of a song's cover. Null
   * where its size and time are not those of the last reading.
   */
  async knownContentHash(source: string, settings: MediaSettings): Promise<string | null> {
    const path = resolve(source);
    const { size, mtimeMs } = await readingSource(path, () => statRegular(path));
    const known = await this.#readSourceNote(path);
    if (known?.size !== size || known.mtimeMs !== mtimeMs) return null;
    return withFilesBeside(path, known.content, settings);
  }

  /** Reads a source in full for the same hash, and remembers its content's. */
  async readContentHash(source: string, settings: MediaSettings, signal?: AbortSignal): Promise<string> {
    const path = resolve(source);
    const { size, mtimeMs } = await readingSource(path, () => statRegular(path));
    const content = await readingSource(path, () => hashRegular(path, signal));
    await this.#writing(() => this.#writeSourceNote({ path, size, mtimeMs, content }));
    return withFilesBeside(path, content, settings);
  }

  reelFolder(id: string): string {
    return join(this.folder, 'reels', id);
  }

  /** The reel's poster, a JPEG file; null where it has none. */
  async poster(id: string): Promise<Buffer | null> {
    return this.#reading(id, () => readRegular(join(this.reelFolder(id), ReelFile.poster), MOST_POSTER));
  }

  /**
   * Opens the reel if the store has it; `closeReel` closes it. Null where there is none, or where it is damaged: that
   * one is set aside, so that it can be made again. A reel that the system refuses to read stays.
   */
  async findReel(id: string): Promise<Reel | null> {
    if (!(await this.#has(id))) return null;
    const packets = await this.#packetsOf(id);
    try {
      return await this.openReel(id);
    } catch (error) {
      if (!(error instanceof ReelDamage)) throw error;
      const aside = await this.setAside(id, error.packets ?? packets);
      if (aside === null) return this.openReel(id);
      this.#log(`${error.message}. It is kept in ${aside} until it is made again.`);
      return null;
    }
  }

  /** Opens a reel that the store has; `closeReel` closes it. Rejects with ReelDamage when it is missing or damaged. */
  async openReel(id: string): Promise<Reel> {
    const reel = await readReel(this.reelFolder(id));
    try {
      await this.#verifier?.admit(reel);
      this.#checks?.add(reel.data.manifest);
      return reel;
    } catch (error) {
      closeReel(reel);
      throw error;
    }
  }

  /**
   * Takes the reel with these packets (null: any) out of its place, for people to look at; returns its new folder, or null where
   * a reel that was made meanwhile has its place. Readers that have its files open keep them.
   */
  async setAside(id: string, packets: FileIdentity | null): Promise<string | null> {
    const aside = join(this.folder, 'damaged', id);
    return this.#writing(async () => {
      const now = await this.#packetsOf(id);
      if (now !== null && packets !== null && !isSameFile(now, packets)) return null;
      const moved = this.#makingPath();
      try {
        await rename(this.reelFolder(id), moved);
      } catch (error) {
        if (isMissing(error)) return aside; // Another process was quicker.
        throw error;
      }
      await this.#remove(aside);
      await mkdir(dirname(aside), { recursive: true });
      await rename(moved, aside);
      return aside;
    });
  }

  /** A new folder to make a reel in. */
  async makingFolder(): Promise<string> {
    const folder = this.#makingPath();
    await this.#writing(() => mkdir(folder, { recursive: true }));
    return folder;
  }

  /**
   * Seals a folder with a whole reel and moves it to its place. A reel of the same id that another process has put there
   * meanwhile stays: it is as good.
   */
  async adopt(making: string, id: string): Promise<void> {
    await this.#writing(async () => {
      const { format, checksum } = await sealReel(making, id);
      const { size: bytes, ino: inode, mtimeMs } = await stat(join(making, ReelFile.packets[format]));
      await syncFolder(making);
      try {
        await rename(making, this.reelFolder(id));
      } catch (error) {
        if (!isOccupied(error)) throw error;
        if (await this.#has(id)) return;
        // The remains of a removal that was cut short.
        await this.#remove(this.reelFolder(id));
        await rename(making, this.reelFolder(id));
      }
      await syncFolder(join(this.folder, 'reels'));
      try {
        await this.#verifications.add(id, { bytes, inode, mtimeMs, checksum });
        await this.#remove(join(this.folder, 'damaged', id));
      } catch (error) {
        if (!isSystemError(error)) throw error;
        this.#log(`The reel ${this.reelFolder(id)} is finished, but the store cannot note it: ${messageOf(error)}`);
      }
    });
  }

  /** Moved first, so that at no moment half a reel lies in its place. Readers that have its file open keep it. */
  async #remove(folder: string): Promise<void> {
    const removed = this.#makingPath();
    try {
      await rename(folder, removed);
    } catch (error) {
      if (!isMissing(error)) throw error; // There is none, or another process was quicker.
    }
    await removeFolder(removed);
  }

  #makingPath(): string {
    return join(this.folder, 'making', `${ownMark()}-${randomBytes(6).toString('hex')}`);
  }

  async #has(id: string): Promise<boolean> {
    return (await this.#reading(id, () => stat(join(this.reelFolder(id), ReelFile.manifest)))) !== null;
  }

  #sourceNotePath(path: string): string {
    return join(this.folder, 'sources', `${hash(path).slice(0, 32)}.json`);
  }

  async #writeSourceNote(note: SourceNote): Promise<void> {
    await replaceFile(this.#sourceNotePath(note.path), sealedJson(note));
  }

  /** What the system refuses, as on a disk that is read only or full, is done at a later start. */
  async #sealSourceNote(note: SourceNote): Promise<void> {
    try {
      await this.#writeSourceNote(note);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#log(`The note on ${note.path} stays without a checksum: ${messageOf(error)}`);
    }
  }

  /** Null where there is no note, or a damaged one: the source is then read again. */
  async #readSourceNote(source: string): Promise<SourceNote | null> {
    const path = this.#sourceNotePath(source);
    try {
      const text = (await readRegular(path, MOST_NOTE)).toString();
      const sealed = sourceNoteSchema.safeParse(unsealedJson(text)).data;
      // Those of earlier releases have no seal.
      const note = sealed ?? sourceNoteSchema.safeParse(parsed(text)).data;
      if (note?.path === source) {
        if (!sealed) await this.#sealSourceNote(note);
        return note;
      }
      this.#log(`The note ${path} is damaged: ${source} is read again.`);
      return null;
    } catch (error) {
      if (isMissing(error) || error instanceof RangeError) return null;
      throw fileProblem(error, { code: 'store', path, access: 'read' });
    }
  }

  /** When the packets of a reel were written, or copied to where they are; null where there are none. */
  async #writtenAt(id: string): Promise<Millis | null> {
    const stats = await this.#statPackets(id);
    // Unlike its modification, its change cannot be set to an earlier time, as copies have it.
    return stats && Millis(stats.ctimeMs);
  }

  async #packetsOf(id: string): Promise<FileIdentity | null> {
    const stats = await this.#statPackets(id);
    return stats && { bytes: stats.size, inode: stats.ino, mtimeMs: stats.mtimeMs };
  }

  async #statPackets(id: string): Promise<Stats | null> {
    for (const packets of new Set(Object.values(ReelFile.packets))) {
      const stats = await this.#reading(id, () => stat(join(this.reelFolder(id), packets)));
      if (stats !== null) return stats;
    }
    return null;
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

const withFilesBeside = async (path: string, content: string, settings: MediaSettings): Promise<string> =>
  withCover(path, await withSubtitleFiles(path, content, settings));

/** Whether an entry of a folder was left by a process that has ended. Another server that starts may remove it first. */
async function isLeft(folder: string, name: string): Promise<boolean> {
  try {
    return isLeftBehind(name, Millis((await stat(join(folder, name))).mtimeMs));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function statRegular(path: string): Promise<Stats> {
  const stats = await stat(systemPath(path));
  if (stats.isFile()) return stats;
  throw new IrregularFileError(path);
}

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

const hash = (text: string) => createHash('sha256').update(systemPath(text)).digest('hex');
