/** From a path in the configuration to the files that a station plays. */
import { readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileProblem } from '../base/file-problem.js';
import { Problem } from '../base/problem.js';
import { IrregularFileError } from '../base/regular-file.js';
import { looksLikeVideo } from '../media/video-files.js';

/** The source of a station: a default name and the files, in the order in which they are played. */
export interface StationSource {
  name: string;
  /** As given, for messages. */
  path: string;
  files: string[];
  /** Makes the files of a generated film where they do not exist yet. */
  generate?(signal: AbortSignal): Promise<void>;
}

/** A file's name without its extension, a folder's whole; underscores become spaces. */
function nameOf(path: string): string {
  const base = basename(path.replace(/[/\\]+$/, '')) || path;
  const isFolder = statSync(path).isDirectory();
  const name = (isFolder ? base : basename(base, extname(base))).replaceAll('_', ' ').trim();
  return name || base;
}

/** "Part 2" before "Part 10". */
const byName = new Intl.Collator('en', { numeric: true });

/**
 * The source at a path: a file, or a folder whose video files are played in order of their names. Throws a Problem of code
 * `source` that names the path and the fault.
 */
export function findSource(path: string): StationSource {
  return { files: filesOf(path), name: nameOf(path), path };
}

/**
 * The file itself, or the video files that a folder holds now, in order of their names. Throws a Problem of code `source`
 * that names the path and the fault.
 */
export function filesOf(path: string): string[] {
  try {
    const stats = statSync(path);
    if (stats.isFile()) return [path];
    if (!stats.isDirectory()) throw new IrregularFileError(path);
    const files = readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.') && looksLikeVideo(entry.name))
      .filter((entry) => entry.isFile() || (entry.isSymbolicLink() && isFile(join(path, entry.name))))
      .map((entry) => join(path, entry.name))
      .sort(byName.compare);
    if (files.length > 0) return files;
    const next = 'Put video files directly into it, or name them one by one.';
    throw new Problem('source', `${path}: no video in this folder`, next);
  } catch (error) {
    throw sourceProblem(path, error);
  }
}

/** A link to a file. One that leads nowhere counts too: it is reported when it is opened. */
const isFile = (link: string): boolean => statSync(link, { throwIfNoEntry: false })?.isFile() ?? true;

/** A system error in reading a source as a Problem that names it; any other error as it is. */
export const sourceProblem = (path: string, error: unknown): unknown =>
  fileProblem(error, { code: 'source', path, access: 'read' });
