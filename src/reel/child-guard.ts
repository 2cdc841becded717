/**
 * The limits of a child process that reads media. Nothing in it depends on what the child reports: the system refuses memory
 * beyond the limit where it can (Linux), and the resident memory is looked at from outside everywhere.
 */
import { statfs } from 'node:fs/promises';
import { isSystemError } from '../base/file-problem.js';
import { Millis } from '../base/units.js';
import { loadLibc } from '../system/libc.js';
import { limitProcess, memoryOf } from '../system/process-limits.js';

/**
 * Between two looks at the child's memory: it takes 250 ms to fill some hundred MiB. Systems other than Linux start a program
 * for each look, which takes some of a processor.
 */
const WATCH_PERIOD = Millis(process.platform === 'linux' ? 250 : 1_000);
/** Between two looks at the disk. */
const DISK_PERIOD = Millis(2_000);
/**
 * Left free on the disk of the store, for the state of stations and everything else that is written there: that much, or of a
 * small disk, such as a memory card, a share.
 */
const FREE_RESERVE = 256 * 2 ** 20;
const FREE_SHARE = 0.05;
/** 13 hours, the longest reel, of 200 Mbit/s: more than any film that is copied. */
const MOST_FILE = 13 * 3_600 * 25e6;
/** Node.js and FFmpeg have about 40 open. */
const MOST_FILES = 256;

export interface GuardedChild {
  pid: number;
  /** Most memory, bytes: of its own as the system counts it, and resident. */
  memory: number;
  /** The folder that it writes to, if any. */
  folder?: string;
  /** Called once, with the reason why the child has to be ended. */
  onExcess(reason: Excess): void;
}

/** `used` and `limit` in bytes. */
export type Excess =
  | { what: 'memory'; used: number; limit: number }
  | { what: 'disk'; folder: string; reserve: number };

export interface ChildGuard {
  /** Most memory that it was seen to have, bytes: what it is refused may be far more. */
  readonly peak: number;
  /** To be called when it has ended. */
  release(): void;
}

/** Holds a child to its limits. */
export function guardChild({ pid, memory, folder, onExcess }: GuardedChild): ChildGuard {
  let peak = 0;
  let isOver = false;
  const end = () => {
    isOver = true;
    for (const timer of timers) clearInterval(timer);
  };
  const exceed = (reason: Excess) => {
    if (isOver) return;
    end();
    onExcess(reason);
  };
  void loadLibc().then(({ libc }) => {
    // Where it is refused, the watch remains.
    if (libc !== null && !isOver) limitProcess(libc, pid, { memory, fileSize: MOST_FILE, files: MOST_FILES });
  });
  const lookAtMemory = async () => {
    const used = await memoryOf(pid);
    if (used === null) return;
    peak = Math.max(peak, used.own, used.resident);
    if (used.resident > memory) exceed({ what: 'memory', used: used.resident, limit: memory });
  };
  const lookAtDisk = async (path: string) => {
    const disk = await diskOf(path);
    if (disk === null) return;
    const reserve = freeReserve(disk.size);
    if (disk.free < reserve) exceed({ what: 'disk', folder: path, reserve });
  };
  const timers = [regularly(lookAtMemory, WATCH_PERIOD)];
  if (folder !== undefined) timers.push(regularly(() => lookAtDisk(folder), DISK_PERIOD));
  for (const timer of timers) timer.unref();
  return {
    get peak() {
      return peak;
    },
    release: end,
  };
}

/** Looks once a period, and not again while a look is under way: a slow system would collect them. */
export function regularly(look: () => Promise<void>, period: Millis): NodeJS.Timeout {
  let isLooking = false;
  return setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    await look();
    isLooking = false;
  }, period);
}

/** Bytes of a disk of `size` bytes that stay free. */
export const freeReserve = (size: number): number => Math.min(FREE_RESERVE, size * FREE_SHARE);

/** Bytes of the disk of a folder; null where the system cannot tell now. */
async function diskOf(folder: string): Promise<{ size: number; free: number } | null> {
  try {
    const { blocks, bavail, bsize } = await statfs(folder);
    return { size: blocks * bsize, free: bavail * bsize };
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}
