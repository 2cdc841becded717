/** Programs in process groups of their own, and their cost as Linux counts it: proc(5). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Millis } from '../../src/base/units.js';
import { sum } from './stats.js';

const [TICKS_PER_SECOND, PAGE] = ['CLK_TCK', 'PAGESIZE'].map((name) =>
  Number(spawnSync('getconf', [name], { encoding: 'utf8' }).stdout),
);

/** A nice value. */
const PREFERRED = '-15';

const started = new Set<Program>();

process.on('exit', () => {
  for (const { child } of started) endGroup(child, 'SIGKILL');
});

/** Ends all programs that this process has started. */
export async function endPrograms(): Promise<void> {
  await Promise.all(Array.from(started, (program) => program.end()));
}

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export interface ProgramOptions {
  env?: NodeJS.ProcessEnv;
  /** A command that runs the program elsewhere, e.g. in another network. */
  before?: readonly string[];
}

/** A command that runs another command as a user without privileges: VLC refuses to run as root. */
export const asNobody: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];

/** A program in a process group of its own, which includes all processes that it starts. */
export class Program {
  readonly child: ChildProcess;
  readonly group: number;
  /** The end of its standard error. */
  errors = '';

  constructor(program: string, args: readonly string[], { env, before = [] }: ProgramOptions = {}) {
    const [command, ...words] = [...before, program, ...args];
    this.child = spawn(command!, words, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, MSC_INTERFACE: 'lo', ...env },
    });
    started.add(this);
    this.group = this.child.pid ?? -1;
    this.child.on('error', ({ message }) => {
      this.errors = message;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.errors = (this.errors + text).slice(-500);
    });
    this.child.stdout!.resume(); // Output that nobody reads must not block the program.
    this.child.stdin!.on('error', () => undefined);
  }

  /**
   * Has it run before the other programs of the machine, which are no part of a measurement. Linux shares a processor among
   * sessions first (sched(7), "The autogroup feature"), and each program has one of its own.
   */
  prefer(): void {
    const path = `/proc/${this.group}/autogroup`;
    if (existsSync(path)) writeFileSync(path, PREFERRED);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Interrupts the group, and kills it after `patience`. Resolves when it has ended. */
  async end(patience = Millis(5_000)): Promise<void> {
    if (!this.hasEnded) {
      const closed = once(this.child, 'close');
      endGroup(this.child, 'SIGINT');
      const timer = setTimeout(() => endGroup(this.child, 'SIGKILL'), patience);
      await closed;
      clearTimeout(timer);
    }
    endGroup(this.child, 'SIGKILL');
    started.delete(this);
  }
}

/** A module of this folder as a process: it reads commands, a line each, and answers in lines. See helper.ts. */
export class HelperProcess extends Program {
  readonly #name: string;
  readonly #lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();

  private constructor(name: string, task: unknown, options: ProgramOptions) {
    super(process.execPath, [fileURLToPath(new URL(`${name}.js`, import.meta.url)), JSON.stringify(task)], options);
    this.#name = name;
  }

  /** Resolves when it is ready. */
  static async start(name: string, task: unknown, options: ProgramOptions = {}): Promise<HelperProcess> {
    const helper = new HelperProcess(name, task, options);
    await helper.read();
    return helper;
  }

  write(line: string): void {
    this.child.stdin!.write(`${line}\n`);
  }

  /** The next line. Rejects when the process has ended. */
  async read(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (!done) return value;
    await this.end();
    throw new Error(`${this.#name} ended: ${this.errors}`);
  }

  /** The answer to a command, which is JSON. */
  async ask<T>(command: string): Promise<T> {
    this.write(command);
    return JSON.parse(await this.read());
  }
}

/** Seconds that a command takes. Rejects when it fails. */
export async function timeCommand(command: string, words: readonly string[]): Promise<number> {
  const began = performance.now();
  const program = new Program(command, words);
  await once(program.child, 'close');
  const seconds = (performance.now() - began) / 1000;
  await program.end();
  if (program.child.exitCode !== 0) throw new Error(`${command} ${words.join(' ')}: ${program.errors}`);
  return seconds;
}

/** The fields of a `stat` file from `state`, the third, on. The name before it may contain any character. */
const fieldsOf = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');
const PGRP = 5 - 3;
const RSS = 24 - 3;

/** The file's text, or '' when its process has ended. */
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
  /** Seconds on a processor, from `schedstat`: utime and stime in `stat` are in hundredths of a second. */
  cpu: number;
  /** Voluntary context switches. */
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

export const cpuSeconds = (of: ReadonlyMap<string, Thread>): number => sum([...of.values()].map(({ cpu }) => cpu));

export interface Usage {
  seconds: number;
  /** Shares of a core, 0 to 1: of all threads, and of each, the busiest first. */
  cpu: number;
  threads: number[];
  /** Per second. */
  wakeUps: number;
  /** Bytes, at the end. */
  rss: number;
}

/** Waits, and measures the program meanwhile. Rejects when it has ended. */
export async function usageDuring(program: Program, wait: Millis): Promise<Usage> {
  const group = new Set([program.group]);
  const look = () => ({ time: performance.now() / 1000, threads: threads(group) });
  const from = look();
  await sleep(wait);
  const to = look();
  if (program.hasEnded) throw new Error(`it ended early. ${program.errors}`);
  const seconds = to.time - from.time;
  const rates = (of: 'cpu' | 'sleeps') =>
    [...to.threads].map(([id, thread]) => (thread[of] - (from.threads.get(id)?.[of] ?? 0)) / seconds);
  const shares = rates('cpu').sort((a, b) => b - a);
  return { seconds, cpu: sum(shares), threads: shares, wakeUps: sum(rates('sleeps')), rss: memory(group).rss };
}

/** Memory of the groups, bytes: resident, and proportional, in which processes share the size of shared pages. */
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
  return sum([user, nice, system, irq, softirq].map(Number)) / TICKS_PER_SECOND!;
}

/** Multicast that this network namespace has sent: messages (a segmented one counts once) and bytes with IP headers. */
export function multicastSent(): { messages: number; octets: number } {
  const lines = readFileSync('/proc/self/net/netstat', 'utf8').split('\n');
  const [names, values] = lines.filter((line) => line.startsWith('IpExt:')).map((line) => line.split(' '));
  return {
    messages: Number(values![names!.indexOf('OutMcastPkts')]),
    octets: Number(values![names!.indexOf('OutMcastOctets')]),
  };
}
