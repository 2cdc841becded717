/** The files with subtitles beside a source, which are part of what it is. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileProblem } from '../base/file-problem.js';
import { systemPath } from '../base/path-bytes.js';
import { IrregularFileError, readRegular } from '../base/regular-file.js';
import { languageOf } from '../media/input/language.js';
import type { MediaSettings } from '../media/settings.js';
import { MOST_SUBTITLE_FILE, type SubtitleFile, subtitleFilesAmong } from '../media/subtitles/subtitle-files.js';

type Wanted = Pick<MediaSettings, 'subtitles' | 'burnSubtitles'>;

/**
 * The files that `settings` may take: those in their languages, and those whose names tell none. What is no file, or too large, is
 * left out. Rejects with a Problem of code `source` where the folder cannot be read.
 */
export async function subtitleFilesOf(source: string, { subtitles, burnSubtitles }: Wanted): Promise<SubtitleFile[]> {
  if (subtitles.length === 0 && !burnSubtitles) return [];
  const wanted = new Set(subtitles.map(languageOf));
  const folder = dirname(source);
  try {
    return subtitleFilesAmong(source, await readdir(systemPath(folder))).filter(
      ({ language }) => language === null || wanted.size === 0 || wanted.has(language),
    );
  } catch (error) {
    throw fileProblem(error, { code: 'source', path: folder, access: 'read' });
  }
}

/**
 * The hash of a source with the files beside it that `settings` may take: `content`, that of the source, where there are none. Rejects as
 * `subtitleFilesOf` does.
 */
export async function withSubtitleFiles(source: string, content: string, settings: Wanted): Promise<string> {
  const files = await subtitleFilesOf(source, settings);
  if (files.length === 0) return content;
  const hash = createHash('sha256').update(content);
  for (const { name } of files)
    hash.update(`\n${name.length} ${name} `).update(await hashOf(join(dirname(source), name)));
  return hash.digest('hex');
}

async function hashOf(path: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readRegular(path, MOST_SUBTITLE_FILE))
      .digest('hex');
  } catch (error) {
    if (error instanceof RangeError || error instanceof IrregularFileError) return 'unusable';
    throw fileProblem(error, { code: 'source', path, access: 'read' });
  }
}
