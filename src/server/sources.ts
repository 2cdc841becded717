/** From a path in the configuration to the files that a station plays. */
import { type Stats, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileProblem } from '../base/file-problem.js';
import { shownPath, systemPath } from '../base/path-bytes.js';
import { Problem } from '../base/problem.js';
import { IrregularFileError } from '../base/regular-file.js';
import { type FolderScan, scanFolder } from './folder-scan.js';
import { titleOf, wordsOf } from './titles.js';

/** The source of a station: a default name and the files, in the order in which they are played. */
export interface StationSource {
  /** Id and group of a station follow from it. */
  name: string;
  /** What people call it; default its name. */
  title?: string;
  /** As given, for messages. */
  path: string;
  files: string[];
  /** What of the folder is left out, one phrase each. */
  notes: readonly string[];
  /** Makes the files of a generated film where they do not exist yet. */
  generate?(signal: AbortSignal): Promise<void>;
}

/**
 * The source at a path: a file, or a folder whose films are played, with those of its subfolders, in order of their names.
 * Throws a Problem of code `source` that names the path and the fault.
 */
export function findSource(path: string): StationSource {
  const found = filesOf(path);
  const name = nameOf(path);
  const title = statOf(path).isDirectory() ? wordsOf(name) || name : titleOf(path);
  return { ...found, name, title, path };
}

/**
 * The file itself, or the films that a folder holds now, in order of their names, and what is left out. Throws a Problem of
 * code `source` that names the path and the fault.
 */
export function filesOf(path: string): FolderScan {
  try {
    const stats = statOf(path);
    if (stats.isFile()) return { files: [path], notes: [] };
    if (!stats.isDirectory()) throw new IrregularFileError(path);
    const { files, notes } = scanFolder(path);
    if (files.length > 0) return { files, notes };
    const next = 'Put films, songs or pictures into it, or name them one by one.';
    throw new Problem(
      'source',
      `${path}: no film and no picture in this folder${notes.map((note) => `; ${note}`).join('')}`,
      next,
    );
  } catch (error) {
    throw sourceProblem(path, error);
  }
}

const statOf = (path: string): Stats => statSync(systemPath(path));

/**
 * A file's name without its extension, a folder's whole; underscores become spaces. A station's id and group come from it, so it
 * stays as it was in every release; its title is tidied further.
 */
function nameOf(path: string): string {
  if (!statOf(path).isDirectory()) return fileName(path);
  const base = basename(path.replace(/[/\\]+$/, '')) || path;
  return spaced(base) || base;
}

/** The name of a station of one file. */
export function fileName(path: string): string {
  const base = basename(path);
  return spaced(basename(base, extname(base))) || base;
}

const spaced = (name: string): string => shownPath(name).replaceAll('_', ' ').trim();

/** A system error in reading a source as a Problem that names it; any other error as it is. */
export const sourceProblem = (path: string, error: unknown): unknown =>
  fileProblem(error, { code: 'source', path, access: 'read' });
