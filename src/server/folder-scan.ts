/** The films of a folder and of its subfolders, in the order in which a station plays them. */
import { type BigIntStats, type Dirent, readdirSync, statSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileProblem, isSystemError } from '../base/file-problem.js';
import { pathFrom, systemPath } from '../base/path-bytes.js';
import { messageOf, systemCode } from '../base/problem.js';
import { isAnimation } from '../media/input/still-picture.js';
import { looksLikePicture, looksPlayable } from '../media/video-files.js';

export interface FolderScan {
  files: string[];
  /** What is left out, one phrase each. */
  notes: string[];
}

/** Subfolders within each other that are looked into: a film library has three or four. */
const MOST_DEPTH = 16;
/** Entries that are looked at in all: a second of work, and more films than a station can have. */
const MOST_ENTRIES = 50_000;
/** Names in one note. */
const MOST_NAMES = 3;

/** Of file servers, systems and archivers: copies of films, and what was thrown away. */
const systemFolders = new Set([
  '@eadir',
  '@recycle',
  '@tmp',
  '#recycle',
  '#snapshot',
  '$recycle.bin',
  '__macosx',
  'lost+found',
  'recycler',
  'system volume information',
]);

/** Endings of names while a browser, a copying program or an editor still writes the file. */
const unfinished = /(\.(part|partial|crdownload|download|opdownload|tmp|temp|filepart|!qb|!ut)|~)$/i;

/** What usually lies beside films: nobody expects it to be played. */
const companions = new Set(
  (
    '.aria2 .ass .bif .cue .db .doc .docx .htm .html .idx .ini .jpeg .jpg .json .log .lrc .md .md5 .nfo .png .rtf .sfv .sha256 .smi ' +
    '.srr .srt .ssa .sub .sup .torrent .txt .url .vtt .webp .xml'
  ).split(' '),
);

/** Of animations, and of pictures that may be animations. */
const animations = new Set(['.apng', '.gif']);
const maybeAnimations = new Set(['.png', '.webp']);

/** "Part 2" before "Part 10". */
const collator = new Intl.Collator('en', { numeric: true });
/** Names that read alike have an order as well: that in which a folder lists them differs from machine to machine. */
const byName = (a: Entry, b: Entry): number => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);

/**
 * The films in `folder`, or its pictures where it has no films: entries in order of their names, numbers as numbers, a subfolder's films in the place of its name.
 * Hidden entries, folders of the system and links that lead back are left out. Throws the system's error where the folder itself
 * cannot be read.
 */
export function scanFolder(folder: string): FolderScan {
  const scan = new Scan(folder);
  scan.read(folder, 0);
  return { files: scan.files, notes: scan.notes };
}

interface Entry {
  name: string;
  kind: 'file' | 'folder' | 'special';
}

class Scan {
  readonly #found: { path: string; is: 'film' | 'animation' | 'picture' }[] = [];
  readonly #root: string;
  readonly #others: string[] = [];
  readonly #unfinished: string[] = [];
  readonly #special: string[] = [];
  readonly #faults: string[] = [];
  /** Folders by device and inode: a link may lead to one that has been read. */
  readonly #seen = new Set<string>();
  #entries = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** Pictures beside films are covers and posters; beside animations they are slides. */
  get files(): string[] {
    const hasFilms = this.#found.some(({ is }) => is === 'film');
    return this.#found.filter(({ is }) => is !== 'picture' || !hasFilms).map(({ path }) => path);
  }

  get notes(): string[] {
    return [
      leftOut(this.#unfinished, 'file that is still being written', 'files that are still being written'),
      leftOut(this.#others, 'file that is no film', 'files that are no films'),
      leftOut(this.#special, 'pipe, socket or device', 'pipes, sockets and devices'),
      ...this.#faults,
      this.#entries > MOST_ENTRIES ? `only the first ${MOST_ENTRIES} entries are looked at` : null,
    ].filter((note) => note !== null);
  }

  read(folder: string, depth: number): void {
    if (this.#isKnown(statSync(systemPath(folder), { bigint: true }))) return;
    // Names may be any bytes.
    const entries = readdirSync(systemPath(folder), { withFileTypes: true, encoding: 'buffer' });
    for (const entry of entries.map((each) => entryOf(folder, each)).sort(byName)) {
      if (++this.#entries > MOST_ENTRIES) return;
      this.#take(join(folder, entry.name), entry, depth);
    }
  }

  #isKnown({ dev, ino }: BigIntStats): boolean {
    const key = `${dev}:${ino}`;
    return this.#seen.size === this.#seen.add(key).size;
  }

  #take(path: string, { name, kind }: Entry, depth: number): void {
    if (name.startsWith('.')) return;
    if (kind === 'folder') {
      if (systemFolders.has(name.toLowerCase())) return;
      if (depth < MOST_DEPTH) this.#readSubfolder(path, depth + 1);
      else this.#faults.push(`folders within ${relative(this.#root, path)} are left out: they are nested too deeply`);
    } else if (unfinished.test(name)) this.#unfinished.push(this.#shown(path));
    else if (kind === 'file' && looksLikePicture(name))
      this.#found.push({ path, is: moves(path) ? 'animation' : 'picture' });
    else if (!looksPlayable(name)) {
      if (!companions.has(extname(name).toLowerCase())) this.#others.push(this.#shown(path));
    } else if (kind === 'special') this.#special.push(this.#shown(path));
    else this.#found.push({ path, is: animations.has(extname(name).toLowerCase()) ? 'animation' : 'film' });
  }

  /** One that cannot be read keeps no other film from being played. */
  #readSubfolder(path: string, depth: number): void {
    try {
      this.read(path, depth);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      const problem = fileProblem(error, { code: 'source', path: this.#shown(path), access: 'read' });
      this.#faults.push(`a folder is left out: ${messageOf(problem)}`);
    }
  }

  #shown(path: string): string {
    return relative(this.#root, path);
  }
}

function entryOf(folder: string, entry: Dirent<Buffer>): Entry {
  const name = pathFrom(entry.name);
  if (entry.isSymbolicLink()) return { name, kind: linkKind(join(folder, name)) };
  return { name, kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'special' };
}

/** Whether it is an animation. What cannot be read is reported when it is opened. */
function moves(path: string): boolean {
  if (!maybeAnimations.has(extname(path).toLowerCase())) return false;
  try {
    return isAnimation(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/** What a link leads to. One that leads nowhere, or back to itself, counts as a file: it is reported when it is opened. */
function linkKind(path: string): Entry['kind'] {
  try {
    const stats = statSync(systemPath(path), { throwIfNoEntry: false });
    return stats === undefined || stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'special';
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return 'file';
  }
}

/** "2 files that are no films are left out: a.zip, b.iso"; null where there is none. */
function leftOut(names: readonly string[], one: string, many: string): string | null {
  if (names.length === 0) return null;
  const what = names.length === 1 ? `1 ${one} is` : `${names.length} ${many} are`;
  const more = names.length > MOST_NAMES ? ', …' : '';
  return `${what} left out: ${names.slice(0, MOST_NAMES).join(', ')}${more}`;
}
