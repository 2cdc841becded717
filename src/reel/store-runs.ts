/**
 * Servers that run with a store: a file for each, `running/<mark>-…`, which is removed at its end. One that is left tells that
 * a server ended without closing; and when the machine has started since, that the machine did.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../base/atomic-file.js';
import { isMissing } from '../base/file-problem.js';
import { Millis } from '../base/units.js';
import { hasRestartedSince, isLeftBehind, ownMark } from '../system/process-mark.js';

export interface StoreRun {
  /** Since when the disk cannot be trusted: the start of a server under which the machine stopped. Null: always. */
  readonly brokenSince: Millis | null;
  end(): Promise<void>;
}

/** Notes that a server runs with the store of which `folder` has the marks. Rejects with the system's errors. */
export async function beginRun(folder: string): Promise<StoreRun> {
  let brokenSince: Millis | null = null;
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const started = await startOf(path);
    if (started === null || !isLeftBehind(name, started)) continue;
    // A process that was killed leaves its files whole, because the system wrote them; a machine that stopped may not.
    if (hasRestartedSince(name, started)) brokenSince = Millis(Math.min(started, brokenSince ?? started));
    await rm(path, { force: true });
  }
  const own = join(folder, `${ownMark()}-${randomBytes(6).toString('hex')}`);
  await writeFile(own, '');
  await syncFolder(folder);
  return { brokenSince, end: () => rm(own, { force: true }) };
}

/** Null where another server has removed it. */
async function startOf(path: string): Promise<Millis | null> {
  try {
    return Millis((await stat(path)).mtimeMs);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
