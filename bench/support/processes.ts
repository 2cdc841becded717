/** Programs in process groups of their own, and what the system says they cost: Linux, proc(5). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

const [TICKS_PER_SECOND, PAGE] = ['CLK_TCK', 'PAGESIZE'].map((name) =>
  Number(spawnSync('getconf', [name], { encoding: 'utf8' }).stdout),
);

const started = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of started) endGroup(child, 'SIGKILL');
});

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A program with a process group of its own, which holds whatever it starts. */
export class Program {
  readonly child: ChildProcess;
  readonly group: number;
  /** The end of what it said on standard error. */
  said = '';

  constructor(command: string, words: readonly string[], options: { env?: NodeJS.ProcessEnv } = {}) {
    this.child = spawn(command, words, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, MSC_INTERFACE: 'lo', ...options.env },
    });
    started.add(this.child);
    this.group = this.child.pid ?? -1;
    this.child.on('error', ({ message }) => {
      this.said = message;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.said = (this.said + text).slice(-500);
    });
    // Whoever does not read its output loses it.
    this.child.stdout!.resume();
    this.child.stdin!.on('error', () => undefined);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves when the group is gone: asked first, ended after `patience` milliseconds. */
  async end(patience = 5_000): Promise<void> {
    if (!this.hasEnded) {
      const closed = once(this.child, 'close');
      endGroup(this.child, 'SIGINT');
      const timer = setTimeout(() => endGroup(this.child, 'SIGKILL'), patience);
      await closed;
      clearTimeout(timer);
    }
    endGroup(this.child, 'SIGKILL');
    started.delete(this.child);
  }
}

/** The fields of a `stat` file from `state`, the third, on: the name before may hold anything. */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
const PGRP = 5 - 3;
const RSS = 24 - 3;

/** The file's text, or '' when its process has gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

interface Process {
  pid: string;
  fields: string[];
}

function processesOf(groups: ReadonlySet<number>): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, fields: fieldsOf(textOf(`/proc/${pid}/stat`)) }))
    .filter(({ fields }) => groups.has(Number(fields[PGRP])));
}

export interface Thread {
  /** Seconds on a processor: what utime and stime in `stat` add up to, but those are in hundredths of a second. */
  cpu: number;
  /** How often it has gone to sleep. */
  sleeps: number;
}

/** The threads of the groups' processes, by their ids. */
export function threads(groups: ReadonlySet<number>): Map<string, Thread> {
  const found = new Map<string, Thread>();
  for (const { pid } of processesOf(groups)) {
    for (const tid of readdirSync(`/proc/${pid}/task`)) {
      const folder = `/proc/${pid}/task/${tid}`;
      const cpu = Number(textOf(`${folder}/schedstat`).split(' ')[0]) / 1e9;
      const sleeps = Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(textOf(`${folder}/status`))?.[1] ?? 0);
      found.set(tid, { cpu, sleeps });
    }
  }
  return found;
}

/** Processor seconds of threads together. None of the contestants has any that end while they are looked at. */
export const cpuSeconds = (of: ReadonlyMap<string, Thread>): number =>
  [...of.values()].reduce((sum, { cpu }) => sum + cpu, 0);

/** Bytes of memory of the groups: resident, summed over processes; and shared pages counted by their share. */
export function memory(groups: ReadonlySet<number>): { rss: number; pss: number } {
  const total = { rss: 0, pss: 0 };
  for (const { pid, fields } of processesOf(groups)) {
    total.rss += Number(fields[RSS]) * PAGE!;
    total.pss += Number(/^Pss:\s+(\d+)/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
  }
  return total;
}

/** Processor seconds of everything on the machine. */
export function machineCpuSeconds(): number {
  // user, nice, system, idle, iowait, irq, softirq, steal
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .split(/\s+/)
    .slice(1);
  return [user, nice, system, irq, softirq].reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND!;
}

/** What this network namespace has sent to groups: messages (a segmented one counts once) and bytes with IP headers. */
export function multicastSent(): { messages: number; octets: number } {
  const lines = readFileSync('/proc/self/net/netstat', 'utf8').split('\n');
  const [names, values] = lines.filter((line) => line.startsWith('IpExt:')).map((line) => line.split(' '));
  return {
    messages: Number(values![names!.indexOf('OutMcastPkts')]),
    octets: Number(values![names!.indexOf('OutMcastOctets')]),
  };
}
