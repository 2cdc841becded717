/**
 * State as files, `stations/<station>.log` in a folder. State that an earlier release left in `<station>.json` is read as a log of
 * one entry, and replaced by the first snapshot.
 */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { replaceFile, syncFolder } from '../base/atomic-file.js';
import { systemCode } from '../base/problem.js';
import { readRegular } from '../base/regular-file.js';
import { Millis } from '../base/units.js';
import { logLine, type ParsedLog, parseLog } from './state-log.js';
import { StaleStateError, type StateLog, type StateStore } from './state-store.js';

/** Most bytes of a log: an entry has some kilobytes, a snapshot of the longest timeline some megabytes. */
const MOST_LOG = 1 << 28;
/** Longest file name, in bytes: with the endings put behind it, most file systems allow it. */
const LONGEST_NAME = 200;

/**
 * Responsible for:
 * - after a crash at any moment, the entries that were reported as durable, and at most the one after them
 * - one write of a station at a time, also of several processes: servers on one machine may share the folder
 */
export class FileStateStore implements StateStore {
  readonly #folder: string;
  readonly #watchers = new Map<string, Set<(entry: unknown, number: number) => void>>();
  /** By station: its log, as this store has written it. */
  readonly #ends = new Map<string, { last: number; length: number; inode: number | undefined }>();
  /** By station: resolves when the last write is done. */
  readonly #writing = new Map<string, Promise<unknown>>();

  readonly #wait: (duration: Millis) => Promise<void>;

  /** `wait` is passed by tests that turn the clock by hand. */
  constructor(folder: string, { wait = setTimeout as (duration: Millis) => Promise<void> } = {}) {
    this.#wait = wait;
    this.#folder = join(folder, 'stations');
  }

  async read(station: string): Promise<StateLog | null> {
    const log = await this.#load(station);
    if (log !== null) {
      const { lines, isCut } = log;
      return { entries: lines.map(({ entry }) => entry), last: lines.at(-1)!.number, ...(isCut && { isCut }) };
    }
    const earlier = await readIfThere(this.#path(station, 'json'));
    return earlier && { entries: [JSON.parse(earlier.toString('utf8'))], last: 0 };
  }

  append(station: string, last: number, entry: unknown): Promise<number> {
    return this.#write(station, last, entry, async (line, length) => {
      const file = await open(this.#path(station, 'log'), constants.O_WRONLY | constants.O_APPEND);
      try {
        await file.truncate(length); // A torn line goes first: behind it, this one would be damage.
        await file.writeFile(line); // Unlike `write`, it fails where a full disk takes only a part.
        await file.datasync();
        return length + line.length;
      } finally {
        await file.close();
      }
    });
  }

  replace(station: string, last: number, snapshot: unknown): Promise<number> {
    return this.#write(station, last, snapshot, async (line) => {
      await replaceFile(this.#path(station, 'log'), line);
      await rm(this.#path(station, 'json'), { force: true });
      return line.length;
    });
  }

  async quarantine(station: string): Promise<string> {
    const log = this.#path(station, 'log');
    const path = (await sizeOf(log)) !== null ? log : this.#path(station, 'json');
    for (let number = 1; ; number++) {
      const aside = `${path}.quarantine${number === 1 ? '' : `-${number}`}`;
      if ((await sizeOf(aside)) !== null) continue;
      await rename(path, aside);
      await syncFolder(dirname(path));
      return basename(aside);
    }
  }

  watch(station: string, onEntry: (entry: unknown, number: number) => void): () => void {
    const watchers = this.#watchers.get(station) ?? new Set();
    this.#watchers.set(station, watchers.add(onEntry));
    return () => watchers.delete(onEntry);
  }

  #write(
    station: string,
    last: number,
    entry: unknown,
    put: (line: Buffer, length: number) => Promise<number>,
  ): Promise<number> {
    const write = async () => {
      const end = await this.#end(station);
      if (end.last !== last) throw new StaleStateError(station, { known: last, last: end.last });
      const number = last + 1;
      const line = logLine({ number, entry });
      this.#ends.delete(station);
      const length = await put(line, end.length);
      const inode = (await statIfThere(this.#path(station, 'log')))?.ino;
      this.#ends.set(station, { last: number, length, inode });
      for (const onEntry of this.#watchers.get(station) ?? []) onEntry(entry, number);
      return number;
    };
    const written = (this.#writing.get(station) ?? Promise.resolve()).then(() =>
      locked(this.#path(station, 'log'), write, this.#wait),
    );
    this.#writing.set(
      station,
      written.catch(() => undefined),
    );
    return written;
  }

  /** The last entry and the whole lines of a log, which is read only where its file is not as this store left it. */
  async #end(station: string): Promise<{ last: number; length: number }> {
    const known = this.#ends.get(station);
    const found = await statIfThere(this.#path(station, 'log'));
    if (known !== undefined && known.length === found?.size && known.inode === found.ino) return known;
    const log = await this.#load(station);
    return { last: log?.lines.at(-1)?.number ?? 0, length: log?.length ?? 0 };
  }

  async #load(station: string): Promise<ParsedLog | null> {
    const bytes = await readIfThere(this.#path(station, 'log'));
    return bytes && parseLog(bytes);
  }

  #path(station: string, ending: 'log' | 'json'): string {
    const isShort = Buffer.byteLength(station) <= LONGEST_NAME;
    const name = isShort ? station : createHash('sha256').update(station).digest('hex');
    return join(this.#folder, `${name}.${ending}`);
  }
}

/** Between two attempts to take a lock. */
const LOCK_PERIOD: Millis = Millis(5);
/** A lock that one process holds for longer was left by a crash. */
const LONGEST_LOCK: Millis = Millis(5_000);

/** Runs `work` while no other process runs any for the same path: a file beside it is the lock. */
async function locked<T>(path: string, work: () => Promise<T>, wait: (duration: Millis) => Promise<void>): Promise<T> {
  const lock = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true });
  let holder: number | null = null;
  let waited = 0;
  for (;;) {
    try {
      await (await open(lock, 'wx')).close();
      break;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    await wait(LOCK_PERIOD);
    const found = await markOf(lock);
    waited = found === holder ? waited + LOCK_PERIOD : 0;
    holder = found;
    if (found !== null && waited >= LONGEST_LOCK) await rm(lock, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readRegular(path, MOST_LOG);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Null where there is no file. */
async function statIfThere(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

const sizeOf = async (path: string): Promise<number | null> => (await statIfThere(path))?.size ?? null;
/** Changes with the file of that name. */
const markOf = async (path: string): Promise<number | null> => (await statIfThere(path))?.mtimeMs ?? null;
