/** What is known of the packets of reels: which files have been read in full, and had the checksum of their reel. */
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../base/atomic-file.js';
import { isMissing } from '../base/file-problem.js';
import { readRegular } from '../base/regular-file.js';
import { sealedJson, unsealedJson } from '../base/sealed-json.js';
import type { Millis } from '../base/units.js';

/** A file's identity: another file, or one that was written to, has another. */
export interface FileIdentity {
  readonly bytes: number;
  readonly inode: number;
  readonly mtimeMs: number;
}

export const isSameFile = (a: FileIdentity, b: FileIdentity): boolean =>
  a.bytes === b.bytes && a.inode === b.inode && a.mtimeMs === b.mtimeMs;

/** A file that was read in full. */
export const measuredSchema = z.strictObject({
  bytes: z.number(),
  inode: z.number(),
  mtimeMs: z.number(),
  /** CRC-32 of the whole file. */
  checksum: z.number(),
});
export type Measured = z.infer<typeof measuredSchema>;

const MOST_NOTE = 10_000;

/** Responsible for: a note for each verified file, sealed, from start to start. Rejects with the system's errors. */
export class Verifications {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether this file of reel `id` has been read and had this checksum. */
  async has(id: string, identity: FileIdentity, checksum: number): Promise<boolean> {
    const note = await this.#read(id);
    return note !== null && note.checksum === checksum && isSameFile(note, identity);
  }

  async add(id: string, measured: Measured): Promise<void> {
    await replaceFile(this.#path(id), sealedJson(measured));
  }

  /**
   * Forgets the files that were written since then, by the time that `writtenAt` gives (null: unknown). One that was only read
   * since then stays verified: its bytes were on the disk before.
   */
  async forgetSince(time: Millis, writtenAt: (id: string) => Promise<Millis | null>): Promise<void> {
    for (const name of await this.#names()) {
      const path = join(this.#folder, name);
      if ((await stat(path)).mtimeMs < time) continue;
      const written = await writtenAt(basename(name, '.json'));
      if (written === null || written >= time) await rm(path, { force: true });
    }
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#folder);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Null where there is none, or a damaged one: the file is then read again. */
  async #read(id: string): Promise<Measured | null> {
    try {
      const text = (await readRegular(this.#path(id), MOST_NOTE)).toString();
      return measuredSchema.safeParse(unsealedJson(text)).data ?? null;
    } catch (error) {
      if (isMissing(error) || error instanceof RangeError) return null;
      throw error;
    }
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
