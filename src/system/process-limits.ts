/** Limits of another process that do not depend on what it does: set by the system, or watched from outside. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isSystemError } from '../base/file-problem.js';
import type { Libc } from './libc.js';

/** Resources of setrlimit(2), asm-generic/resource.h. */
const Resource = { fileSize: 1, data: 2, core: 4, files: 7 } as const;

export interface ResourceLimits {
  /** Writable memory of its own, touched or not, bytes. Unlike the address space, of which Node.js reserves hundreds of GiB. */
  memory: number;
  /** Length of each file that it writes, bytes. */
  fileSize: number;
  /** Open descriptors. */
  files: number;
}

/** Has the system hold a child to its limits, which it cannot raise. False where the system refuses. */
export function limitProcess(libc: Libc, pid: number, { memory, fileSize, files }: ResourceLimits): boolean {
  const limits = [
    [Resource.data, memory],
    [Resource.fileSize, fileSize],
    [Resource.files, files],
    [Resource.core, 0], // A core file would be as large as its memory.
  ] as const;
  return limits.every(([resource, most]) => {
    const value = BigInt(most);
    return libc.prlimit(pid, resource, BigUint64Array.of(value, value), null) === 0; // rlim_cur, rlim_max
  });
}

/** Memory of a process, bytes. */
export interface ProcessMemory {
  resident: number;
  /** What `ResourceLimits.memory` limits; where that cannot be told, the same as `resident`. */
  own: number;
}

/**
 * Memory of a process; null where it has ended, or cannot be told now. On Linux from /proc, elsewhere from the
 * system's own list of processes.
 */
export async function memoryOf(pid: number): Promise<ProcessMemory | null> {
  try {
    if (process.platform === 'linux') return ofLinux(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return process.platform === 'win32' ? await ofWindows(pid) : await ofList(pid);
  } catch (error) {
    if (isSystemError(error)) return null; // Too many open files, or no such process.
    throw error;
  }
}

/** Bytes that a process has read from files so far; null where that cannot be told: elsewhere than on Linux, or when it has ended. */
export function bytesReadBy(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  try {
    // proc(5): rchar
    return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? Number.NaN);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

/** Null for a process that has ended and was not waited for. */
function ofLinux(status: string): ProcessMemory | null {
  const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1_024;
  const resident = field('VmRSS');
  return resident === 0 ? null : { resident, own: field('VmData') };
}

const sameOf = (kibibytes: number): ProcessMemory | null =>
  kibibytes > 0 ? { resident: kibibytes * 1_024, own: kibibytes * 1_024 } : null;

/** macOS and others. */
async function ofList(pid: number): Promise<ProcessMemory | null> {
  return sameOf(Number(await outputOf('ps', ['-o', 'rss=', '-p', String(pid)])));
}

/** "node.exe","4242","Console","1","51,300 K" */
async function ofWindows(pid: number): Promise<ProcessMemory | null> {
  const output = await outputOf('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']);
  const kibibytes = /"([^"]*) K"\s*$/.exec(output)?.[1]?.replaceAll(/\D/g, '');
  return sameOf(Number(kibibytes ?? 0));
}

/** What a program writes; nothing where it cannot be started, ends with a code or is ended: then it cannot tell now. */
export const outputOf = (program: string, options: readonly string[]): Promise<string> =>
  new Promise((resolve) => execFile(program, options, (error, output) => resolve(error === null ? output : '')));
