/** What is known of the copied pictures and sound of reels: which have been decoded, and whether they were whole. */
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../base/atomic-file.js';
import { isMissing } from '../base/file-problem.js';
import { readRegular } from '../base/regular-file.js';
import { sealedJson, unsealedJson } from '../base/sealed-json.js';

const noteSchema = z.strictObject({ isDamaged: z.boolean() });
const MOST_NOTE = 1_000;

/** Responsible for: a note for each reel that was decoded, sealed, from start to start. Rejects with the system's errors. */
export class DecodeNotes {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether damage was found in reel `id`; null where it was not decoded yet, or the note is damaged. */
  async read(id: string): Promise<boolean | null> {
    try {
      const text = (await readRegular(this.#path(id), MOST_NOTE)).toString();
      return noteSchema.safeParse(unsealedJson(text)).data?.isDamaged ?? null;
    } catch (error) {
      if (isMissing(error) || error instanceof RangeError) return null;
      throw error;
    }
  }

  async write(id: string, isDamaged: boolean): Promise<void> {
    await replaceFile(this.#path(id), sealedJson({ isDamaged }));
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
