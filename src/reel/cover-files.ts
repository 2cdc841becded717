/** The cover beside a file of sound, which is part of what it is. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileProblem } from '../base/file-problem.js';
import { systemPath } from '../base/path-bytes.js';
import { IrregularFileError, readRegular } from '../base/regular-file.js';
import { coverAmong, MOST_COVER } from '../media/pictures/cover-files.js';
import { looksLikeSound } from '../media/video-files.js';

/** Its path; null where there is none, or the source is no sound by its name. Rejects with a Problem of code `source`. */
export async function coverOf(source: string): Promise<string | null> {
  if (!looksLikeSound(source)) return null;
  const folder = dirname(source);
  try {
    const name = coverAmong(source, await readdir(systemPath(folder)));
    return name === null ? null : join(folder, name);
  } catch (error) {
    throw fileProblem(error, { code: 'source', path: folder, access: 'read' });
  }
}

/** The hash of a source with its cover: `content`, that of the source, where there is none. Rejects as `coverOf` does. */
export async function withCover(source: string, content: string): Promise<string> {
  const cover = await coverOf(source);
  if (cover === null) return content;
  return createHash('sha256')
    .update(content)
    .update('\ncover ')
    .update(await bytesOf(cover))
    .digest('hex');
}

/** What cannot be read as a picture is none: preparing says so. */
async function bytesOf(cover: string): Promise<Buffer | string> {
  try {
    return await readRegular(cover, MOST_COVER);
  } catch (error) {
    if (error instanceof RangeError || error instanceof IrregularFileError) return 'unusable';
    throw fileProblem(error, { code: 'source', path: cover, access: 'read' });
  }
}
