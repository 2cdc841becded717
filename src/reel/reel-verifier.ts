/** Verifying the packets of reels against their checksum: those that are opened, one at a time, behind everything else. */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isMissing, isSystemError } from '../base/file-problem.js';
import { messageOf, Problem } from '../base/problem.js';
import type { ReelManifest } from './manifest.js';
import { measureFile } from './measure-file.js';
import { openFileOf } from './open-reel.js';
import { ReelDamage, readManifest } from './read-reel.js';
import { type Reel, ReelFile } from './reel.js';
import { sealReel } from './seal-reel.js';
import { type FileIdentity, isSameFile, type Measured, type Verifications } from './verifications.js';

/**
 * Bytes a second read in the background: 1 GiB in half a minute, a terabyte in a night, and little of what a hard disk reads. The
 * stations on the air come first.
 */
export const BACKGROUND_RATE = 32 * 2 ** 20;

/**
 * Most bytes that stations wait for after the machine stopped without an end: a minute of a hard disk. What is more goes on the
 * air at once, and is verified there.
 */
export const MOST_BEFORE = 8 * 2 ** 30;

/** Most reads of a reel in a row: another server may have made it again meanwhile, but hardly twice. */
const MOST_READS = 3;

export interface ReelVerifierOptions {
  /** The folder of a reel. */
  folderOf(id: string): string;
  verifications: Verifications;
  /** A reel on the air does not have the packets that it was made with. */
  onDamage(id: string, damage: ReelDamage): void;
  log(line: string): void;
  /** How a file is read; another one in tests. */
  measure?: typeof measureFile;
  mostBefore?: number;
}

/**
 * Responsible for:
 * - each file of packets that is opened being read once, and again when it is another file
 * - before a reel is used, where the disk cannot be trusted: up to a number of bytes in all
 * - a reel that was made again while it was read being read again, not condemned; the one that is open is then another
 * - sealing whole reels of earlier releases
 */
export class ReelVerifier {
  readonly #options: Required<ReelVerifierOptions>;
  readonly #ending = new AbortController();
  /** Reels that wait, by their ids, in order, with the file that is open. */
  readonly #waiting = new Map<string, FileIdentity>();
  #isTrusted = true;
  /** Bytes that may still be read before reels are used. */
  #before: number;
  #running: Promise<void> | null = null;

  constructor(options: ReelVerifierOptions) {
    this.#options = { measure: measureFile, mostBefore: MOST_BEFORE, ...options };
    this.#before = this.#options.mostBefore;
  }

  /** From now on reels are verified before they are used. */
  distrust(): void {
    this.#isTrusted = false;
  }

  /**
   * To be called with each reel that was opened, before it is used. Rejects with ReelDamage where it was found to be damaged at
   * once.
   */
  async admit(reel: Reel): Promise<void> {
    const { id, bytes } = reel.data.manifest;
    if (this.#waiting.has(id) || this.#ending.signal.aborted) return;
    const opened = openFileOf(reel);
    if (!this.#isTrusted && bytes <= this.#before) {
      this.#before -= bytes;
      const isRead = await this.#check(id, opened, Number.POSITIVE_INFINITY);
      if (!isRead) this.#before += bytes;
      return;
    }
    this.#waiting.set(id, opened);
    this.#running ??= this.#run();
  }

  /** Resolves when all reels that were opened until now are verified. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  /** Ends what runs; resolves when it has ended. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#waiting.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (const [id, opened] of this.#waiting) {
      this.#waiting.delete(id);
      try {
        await this.#check(id, opened, BACKGROUND_RATE);
      } catch (error) {
        if (!(error instanceof ReelDamage)) throw error;
        this.#options.onDamage(id, error);
      }
    }
    this.#running = null;
  }

  /**
   * Verifies a reel that was not; returns whether it was read. Rejects with ReelDamage alone: what the system refuses is a line in
   * the log, and keeps no station off the air.
   */
  async #check(id: string, opened: FileIdentity, rate: number): Promise<boolean> {
    let reads = 0;
    try {
      while (!(await this.#isVerified(id))) {
        reads++;
        if (await this.#verify(id, rate)) break;
        if (reads === MOST_READS) throw new Error(`${this.#options.folderOf(id)} changes while it is read`);
      }
      await this.#compare(id, opened);
      return reads > 0;
    } catch (error) {
      if (error instanceof ReelDamage) throw error;
      if (!this.#ending.signal.aborted) this.#options.log(`A reel cannot be verified: ${messageOf(error)}`);
      return true;
    }
  }

  /** Rejects with ReelDamage where the reel in its place is not the one that is open, which another server has set aside. */
  async #compare(id: string, opened: FileIdentity): Promise<void> {
    const folder = this.#options.folderOf(id);
    const { manifest } = await readManifest(folder);
    const now = await identify(folder, manifest);
    if (now.inode === opened.inode || now.mtimeMs === opened.mtimeMs) return;
    throw new ReelDamage(folder, ReelFile.packets[manifest.format], 'another server has set it aside', opened);
  }

  async #isVerified(id: string): Promise<boolean> {
    const folder = this.#options.folderOf(id);
    const { manifest } = await readManifest(folder);
    return this.#options.verifications.has(id, await identify(folder, manifest), manifest.checksum);
  }

  /** Whether another reel has the place of the one that was read; not where there is none at all. */
  async #isOther(folder: string, read: Measured, checksum: number): Promise<boolean> {
    try {
      const { manifest } = await readManifest(folder);
      return manifest.checksum !== checksum || !isSameFile(await identify(folder, manifest), read);
    } catch (error) {
      if (error instanceof ReelDamage || isMissing(error)) return false;
      throw error;
    }
  }

  /**
   * Whether the reel in its place is now verified; false where it was made again meanwhile. Rejects with ReelDamage where its
   * packets are others, and with a Problem where they cannot be read.
   */
  async #verify(id: string, rate: number): Promise<boolean> {
    const { folderOf, verifications, measure } = this.#options;
    const folder = folderOf(id);
    const { manifest, index } = await readManifest(folder);
    const packets = ReelFile.packets[manifest.format];
    const measured = await measure({ path: join(folder, packets), rate, signal: this.#ending.signal });
    if (await this.#isOther(folder, measured, manifest.checksum)) return false;
    const fault = faultOf(measured, manifest);
    if (fault !== null) throw new ReelDamage(folder, packets, fault, measured);
    try {
      if (index === null) await sealReel(folder, basename(folder));
      await verifications.add(id, measured);
    } catch (error) {
      if (!(error instanceof Problem || isSystemError(error))) throw error;
      this.#options.log(`The reel ${folder} is whole, and read again at the next start: ${messageOf(error)}`);
    }
    return true;
  }
}

async function identify(folder: string, { format }: ReelManifest): Promise<FileIdentity> {
  const { size, ino, mtimeMs } = await stat(join(folder, ReelFile.packets[format]));
  return { bytes: size, inode: ino, mtimeMs };
}

function faultOf({ bytes, checksum }: Measured, wanted: { bytes: number; checksum: number }): string | null {
  if (bytes !== wanted.bytes) return `it has ${bytes} bytes instead of ${wanted.bytes}`;
  return checksum === wanted.checksum ? null : 'its packets are not those that were made: the checksum is another';
}
