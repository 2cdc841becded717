/**
 * Marks by which files of a process are known as its own: `<pid>.<start>.<host>`. A pid alone is not enough, because another
 * process gets it after a restart of the machine, and in a container nearly always.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { isSystemError } from '../base/file-problem.js';
import { isRunning } from '../base/running.js';
import { Millis } from '../base/units.js';

/** Field 22 of /proc/PID/stat: ticks between the machine's start and that of the process. "0" where it is not known. */
function startOf(pid: number): string {
  const stat = ifReadable(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The second field is a name in parentheses, which can hold anything.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
}

/** Only Linux has these files. */
function ifReadable(read: () => string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return read();
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** Processes of another host, or another container, have pids of their own. */
const host = (): string =>
  createHash('sha256')
    .update(`${hostname()} ${ifReadable(() => readlinkSync('/proc/self/ns/pid'))}`)
    .digest('hex')
    .slice(0, 8);

/** The mark of this process. */
export const ownMark = (): string => `${process.pid}.${startOf(process.pid)}.${host()}`;

/** Nothing is known of processes of another host: what they have not changed for this long was left behind. */
const LONGEST_ELSEWHERE = Millis(24 * 3_600_000);
/** Tolerance in comparing a file's time with the start of the machine, whose clock may have been set since. */
const CLOCK_TOLERANCE = Millis(60_000);

/** Whether the machine has started since `time` (Unix epoch). */
export const hasRestartedSince = (time: Millis): boolean => time < Date.now() - uptime() * 1_000 - CLOCK_TOLERANCE;

/**
 * Whether the process that a name begins with has ended. `changed` is when its file was changed last (Unix epoch). Names of
 * earlier releases begin with the pid only; a name without any belongs to nobody.
 */
export function isLeftBehind(name: string, changed: Millis): boolean {
  const mark = /^(\d+)(?:\.(\d+)\.([0-9a-f]{8}))?-/.exec(name);
  if (mark === null) return true;
  const pid = Number(mark[1]);
  const [, , start, of] = mark;
  if (of !== undefined && of !== host()) return Date.now() - changed > LONGEST_ELSEWHERE;
  if (hasRestartedSince(changed) || !isRunning(pid)) return true;
  return start === undefined ? pid === process.pid : start !== startOf(pid);
}
