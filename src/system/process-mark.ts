/**
 * Marks by which files of a process are known as its own: `<pid>.<start>.<host>.<boot>`. A pid alone is not enough, because
 * another process gets it after a restart of the machine, and in a container nearly always. Nothing of it depends on the clock,
 * which may be set while the process runs.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { isSystemError } from '../base/file-problem.js';
import { isRunning } from '../base/running.js';
import { Millis } from '../base/units.js';

/** Stands for a start or a boot that is not known. */
const UNKNOWN = '0';

/** Field 22 of /proc/PID/stat: ticks between the machine's start and that of the process. */
function startOf(pid: number): string {
  const stat = ifReadable(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The second field is a name in parentheses, which can hold anything.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? UNKNOWN;
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

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** Processes of another host, or another container, have pids of their own. */
const host = (): string => hash(`${hostname()} ${ifReadable(() => readlinkSync('/proc/self/ns/pid'))}`);

/** Another after each start of the machine. */
function boot(): string {
  const id = ifReadable(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'));
  return id === undefined ? UNKNOWN : hash(id);
}

/** The mark of this process. */
export const ownMark = (): string => `${process.pid}.${startOf(process.pid)}.${host()}.${boot()}`;

interface Mark {
  pid: number;
  /** UNKNOWN in names of earlier releases, which begin with the pid only. */
  start: string;
  /** Undefined in the same. */
  host: string | undefined;
  /** UNKNOWN in names of the release after those. */
  boot: string;
}

/** Null for a name that belongs to nobody. */
function markOf(name: string): Mark | null {
  const parts = /^(\d+)(?:\.(\d+)\.([0-9a-f]{8})(?:\.([0-9a-f]+))?)?-/.exec(name);
  if (parts === null) return null;
  const [, pid, start = UNKNOWN, of, at = UNKNOWN] = parts;
  return { pid: Number(pid), start, host: of, boot: at };
}

const differ = (a: string, b: string): boolean => a !== UNKNOWN && b !== UNKNOWN && a !== b;

/**
 * Nothing is known of processes of another host: what they have not changed for this long was left behind. The longest
 * preparation takes a week.
 */
const LONGEST_ELSEWHERE = Millis(8 * 24 * 3_600_000);
/** Tolerance in comparing a file's time with the start of the machine, whose clock may have been set since. */
const CLOCK_TOLERANCE = Millis(60_000);

/**
 * Whether the machine has started since the process that a name begins with; where the name does not tell that, since its file
 * was changed last at `changed` (Unix epoch).
 */
export function hasRestartedSince(name: string, changed: Millis): boolean {
  const now = boot();
  const mark = markOf(name);
  if (mark !== null && mark.boot !== UNKNOWN && now !== UNKNOWN) return mark.boot !== now;
  return changed < Date.now() - uptime() * 1_000 - CLOCK_TOLERANCE;
}

/**
 * Whether the process that a name begins with has ended. `changed` is when its file was changed last (Unix epoch), which counts
 * for processes of another host only. A name without any belongs to nobody.
 */
export function isLeftBehind(name: string, changed: Millis): boolean {
  const mark = markOf(name);
  if (mark === null) return true;
  const { pid, start } = mark;
  if (mark.host === undefined) return pid === process.pid || !isRunning(pid);
  if (mark.host !== host()) return Date.now() - changed > LONGEST_ELSEWHERE;
  return differ(mark.boot, boot()) || !isRunning(pid) || differ(start, startOf(pid));
}
