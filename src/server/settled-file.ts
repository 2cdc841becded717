/** Files that are still being copied or recorded: they are not taken half. */
import { stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { systemPath } from '../base/path-bytes.js';
import { Millis } from '../base/units.js';

/** How long a file has not changed when it is taken for whole: copying programs write at least every second. */
export const QUIET = Millis(2_000);

export interface FileClock {
  /** Unix epoch, as the times of files. */
  now(): Millis;
  /** Resolves after `delay`, or when `signal` is aborted. */
  wait(delay: Millis, signal: AbortSignal): Promise<void>;
}

export const systemFileClock: FileClock = {
  now: () => Millis(Date.now()),
  wait: (delay, signal) =>
    setTimeout(delay, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
};

/**
 * Whether a file has not changed for QUIET; one that changed less than that ago is looked at again then. A time in the future is
 * that of another clock, and tells nothing. Rejects with the system's error.
 */
export async function isSettled(path: string, clock: FileClock, signal: AbortSignal): Promise<boolean> {
  const before = await stat(systemPath(path));
  const age = clock.now() - before.mtimeMs;
  if (age < 0 || age >= QUIET) return true;
  await clock.wait(Millis(Math.ceil(QUIET - age)), signal);
  const after = await stat(systemPath(path));
  return after.size === before.size && after.mtimeMs === before.mtimeMs;
}
