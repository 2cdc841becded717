/** Files that are replaced as a whole: after a crash at any moment there is the old one or the new one. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface AtomicFileOptions {
  /** Permissions of the file, and of folders that are made for it; as the process's umask has it by default. */
  mode?: number;
  folderMode?: number;
}

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
  }
  await syncFolder(folder);
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
