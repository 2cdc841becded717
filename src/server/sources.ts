/** From the words on the command line to what each station plays. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileProblem } from '../base/file-problem.js';
import { Problem } from '../base/problem.js';
import { looksLikeVideo } from '../media/video-files.js';

/** A station to be: its name and the files it plays in order. */
export interface StationSource {
  name: string;
  /** As given, for messages. */
  path: string;
  files: string[];
  /** Makes the files where they are still to be generated. */
  generate?(signal: AbortSignal): Promise<void>;
}

/** "NAME=PATH" names the station, unless a file of that whole name exists. */
function splitName(word: string): { name: string | null; path: string } {
  const at = word.indexOf('=');
  if (at <= 0 || existsSync(word)) return { name: null, path: word };
  return { name: word.slice(0, at).trim(), path: word.slice(at + 1) };
}

/** A file's name without its ending, a folder's whole; underscores are spaces. */
function nameOf(path: string, isFolder: boolean): string {
  const base = basename(path.replace(/[/\\]+$/, '')) || path;
  const name = (isFolder ? base : basename(base, extname(base))).replaceAll('_', ' ').trim();
  return name || base;
}

/** "Part 2" before "Part 10". */
const byName = new Intl.Collator('en', { numeric: true });

/**
 * What a word on the command line stands for: a file, or a folder whose video files are played in order of name.
 * Throws a Problem of code 'source' that names the path and what is wrong with it.
 */
function findSource(word: string): StationSource {
  const { name, path } = splitName(word);
  try {
    const isFolder = statSync(path).isDirectory();
    return { name: name ?? nameOf(path, isFolder), path, files: filesOf(path) };
  } catch (error) {
    throw sourceProblem(path, error);
  }
}

/**
 * The file itself, or the video files of a folder in order of name, as they are now. Throws a Problem of code 'source' that
 * names the path and what is wrong with it.
 */
export function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const files = readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && looksLikeVideo(entry.name))
      .map((entry) => join(path, entry.name))
      .sort(byName.compare);
    if (files.length > 0) return files;
    throw new Problem(
      'source',
      `${path}: no video in this folder`,
      'Put video files directly into it, or name them one by one.',
    );
  } catch (error) {
    throw sourceProblem(path, error);
  }
}

/** What each word stands for; null, and `onProblem` told, where that is nothing to play. */
export function findSources(words: readonly string[], onProblem: (problem: Problem) => void): (StationSource | null)[] {
  return words.map((word) => {
    try {
      return findSource(word);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      onProblem(error);
      return null;
    }
  });
}

/** A system error in reading a source as a Problem that names it; any other error as it is. */
export const sourceProblem = (path: string, error: unknown): unknown =>
  fileProblem(error, { code: 'source', path, access: 'read' });
