/** Files that are replaced as a whole: after a crash at any moment there is the old one or the new one. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing } from './file-problem.js';
import { isRunning } from './running.js';
import { Millis } from './units.js';

export interface AtomicFileOptions {
  /** Permissions of the file, and of folders that are made for it; as the process's umask has it by default. */
  mode?: number;
  folderMode?: number;
}

/** Temporary files of this process. */
const writing = new Set<string>();

/**
 * Replaces the file, and makes its folder where that is missing. When it resolves, the content is on the disk. Rejects with
 * the system's error; the file is then as it was.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  { mode, folderMode }: AtomicFileOptions = {},
): Promise<void> {
  const folder = dirname(path);
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await mkdir(folder, { recursive: true, mode: folderMode });
  writing.add(temporary);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    writing.delete(temporary);
  }
  await syncFolder(folder);
}

/** A temporary file: <name>.<pid>.<8 hexadecimal digits>. */
const temporaryName = /\.(\d+)\.[0-9a-f]{8}$/;
/** Writing takes seconds at most: a temporary file of this age was left behind, also where its pid is that of another process. */
const LONGEST_WRITE = Millis(3_600_000);

/** Removes the temporary files that killed processes have left in a folder, where there is one. Rejects with the system's error. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const pid = temporaryName.exec(name)?.[1];
    const path = join(folder, name);
    if (pid === undefined || !(await isLeft(path, Number(pid)))) continue;
    await rm(path, { force: true });
  }
}

async function isLeft(path: string, pid: number): Promise<boolean> {
  const isOwn = pid === process.pid;
  if (isOwn ? !writing.has(path) : !isRunning(pid)) return true;
  try {
    return Date.now() - (await stat(path)).mtimeMs > LONGEST_WRITE;
  } catch (error) {
    if (isMissing(error)) return false; // It has been written.
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Makes durable what was created or renamed in a folder. Windows cannot open folders, and needs no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
