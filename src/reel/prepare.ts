/** Preparing a reel: found in the store, or made in a child process with limits on time and memory. */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Problem } from '../problem/problem.js';
import type { Millis } from '../wire/time.js';
import type { MakeReel } from './make-reel.js';
import type { MediaSettings } from './media/spool.js';
import type { PreparationReport } from './prepare-child.js';
import type { Reel } from './reel.js';
import type { Store } from './store.js';

export interface PrepareLimits {
  /** The child is ended when it has reported nothing for this long. */
  silence: Millis;
  /** Resident memory of the child, bytes. */
  memory: number;
}

/** Encoding 2160p takes about 1.5 GB. */
export const defaultLimits: PrepareLimits = { silence: 120_000, memory: 4 * 2 ** 30 };

export interface Preparation {
  reel: Reel;
  /** Whether it had to be made. */
  made: boolean;
}

/** The reel of `source` if the store has it whole, else null. Costs no more than a look at the file. */
export async function findReel(options: {
  source: string;
  settings: MediaSettings;
  store: Store;
  onProgress?(done: number): void;
}): Promise<{ id: string; reel: Reel | null }> {
  const { source, settings, store, onProgress } = options;
  const id = store.reelId(await store.contentHash(source, onProgress), settings);
  if (!store.has(id)) return { id, reel: null };
  try {
    return { id, reel: await store.openReel(id) };
  } catch {
    // Damaged, or of an older version: it is made again.
    await store.discard(id);
    return { id, reel: null };
  }
}

/**
 * The reel of `source`, made first where the store does not have it. `onProgress` gets the share done, 0 to 1.
 * Throws a Problem; an interrupted preparation leaves nothing in the store.
 */
export async function prepareReel(options: {
  source: string;
  settings: MediaSettings;
  store: Store;
  limits?: PrepareLimits;
  signal?: AbortSignal;
  onProgress?(done: number): void;
}): Promise<Preparation> {
  const { source, settings, store, limits = defaultLimits, signal, onProgress } = options;
  const found = await findReel({ source, settings, store });
  if (found.reel) return { reel: found.reel, made: false };
  const folder = await store.makingFolder();
  try {
    await runChild({ request: { source, settings, folder, id: found.id }, limits, signal, onProgress });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  await store.adopt(folder, found.id);
  return { reel: await store.openReel(found.id), made: true };
}

async function runChild(options: {
  request: MakeReel;
  limits: PrepareLimits;
  signal?: AbortSignal;
  onProgress?(done: number): void;
}): Promise<void> {
  const { request, limits, signal, onProgress } = options;
  const entry = fileURLToPath(new URL('prepare-child.js', import.meta.url));
  const child = spawn(process.execPath, ['--max-old-space-size=1024', entry], { stdio: ['pipe', 'pipe', 'pipe'] });
  let problem: Problem | null = null;
  let done = false;
  let words = '';
  const end = (why: Problem) => {
    problem ??= why;
    child.kill('SIGKILL');
  };
  const tooSilent = () =>
    end(
      new Problem(
        'prepare',
        `${request.source}: preparing it made no progress for ${limits.silence / 1000} s`,
        'The file may be damaged: convert it with another program and try again.',
      ),
    );
  let silence = setTimeout(tooSilent, limits.silence);
  const abort = () => end(new Problem('prepare', `${request.source}: interrupted`, 'Start again to prepare it.'));
  signal?.addEventListener('abort', abort);

  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    clearTimeout(silence);
    silence = setTimeout(tooSilent, limits.silence);
    const report: PreparationReport = JSON.parse(line);
    if ('progress' in report) {
      onProgress?.(report.progress);
      if (report.memory > limits.memory) {
        const used = Math.round(report.memory / 2 ** 20);
        end(
          new Problem(
            'prepare',
            `${request.source}: preparing it takes too much memory (${used} MiB)`,
            'Scale it down.',
          ),
        );
      }
    } else if ('problem' in report) {
      const { code, message, next } = report.problem;
      problem ??= new Problem(code, message, next);
    } else done = true;
  });
  child.stdin.on('error', () => child.kill('SIGKILL')); // It ended before it read; its exit says why.
  child.stdin.end(JSON.stringify(request));
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => resolve());
    });
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', abort);
  }
  if (problem) throw problem;
  if (done && child.exitCode === 0) return;
  const how = child.signalCode ? `was ended by ${child.signalCode}` : `ended with code ${child.exitCode}`;
  const said = words.trim().split('\n').slice(-3).join(' ');
  throw new Problem(
    'prepare',
    `${request.source}: the preparing process ${how}${said ? `: ${said}` : ''}`,
    'The file may be damaged: convert it with another program and try again.',
  );
}
