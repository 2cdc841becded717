/** Media files are read in a child process only, with limits on time and memory. This is its parent's side. */
import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isSystemError } from '../base/file-problem.js';
import { Problem, type ProblemCode, problemCodes } from '../base/problem.js';
import { systemTimers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import type { GeneratedFilm, MediaSettings } from '../media/settings.js';
import { type SourceFacts, sourceFactsSchema } from '../media/source-facts.js';
import { bytesReadBy } from '../system/process-limits.js';
import type { MakeReel } from './child/make-reel.js';
import { type Excess, guardChild } from './child-guard.js';
import { SilenceWatch } from './silence-watch.js';
import { type Measured, measuredSchema } from './verifications.js';

/** The child's task: one JSON value on its standard input. */
export type MediaTask =
  | ({ task: 'reel' } & MakeReel)
  | { task: GeneratedFilm; path: string; seconds: number }
  /** Reads a file for its length and checksum, at most `rate` bytes a second. */
  | { task: 'measure'; path: string; rate: number }
  /** Decodes the packets of a reel. */
  | { task: 'check'; path: string }
  /** Looks at each for what a station's layout depends on. */
  | { task: 'look'; sources: string[]; settings: MediaSettings };

const reportSchema = z.union([
  z.strictObject({ progress: z.number() }),
  z.strictObject({ measured: measuredSchema }),
  z.strictObject({ checked: z.strictObject({ isDamaged: z.boolean() }) }),
  z.strictObject({ looked: sourceFactsSchema.nullable() }),
  z.strictObject({ done: z.literal(true) }),
  z.strictObject({
    problem: z.object({
      code: z.enum(Object.keys(problemCodes) as ProblemCode[]),
      message: z.string(),
      next: z.string(),
    }),
  }),
]);
/** Its reports: JSON lines on its standard output. `progress` is from 0 to 1. */
export type MediaReport = z.infer<typeof reportSchema>;

/** Null for a line that is no report, such as one that a library of FFmpeg has written. */
function parseReport(line: string): MediaReport | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  return reportSchema.safeParse(value).data ?? null;
}

export interface PrepareLimits {
  /** Longest time without a report and without reading; the child is then ended. */
  silence: Millis;
  /** Longest time in all. */
  time: Millis;
  /** Memory of the child, bytes. */
  memory: number;
}

const mediaEntry = fileURLToPath(new URL('child/media-entry.js', import.meta.url));

const RETRY = 'Close other programs, or raise the limits of open files and processes, and try again.';

/**
 * Encoding 2160p of H.265 with 10 bits takes 3.3 GiB with MOST_THREADS for each codec; 8 bits 1.3 GiB with three. A week is 13 hours, the longest film,
 * at a thirteenth of its speed.
 */
export const prepareLimits: PrepareLimits = {
  silence: Millis(120_000),
  time: Millis(7 * 24 * 3_600_000),
  memory: 4 * 2 ** 30,
};

/**
 * Carries out `request` in a child process; `subject` names it in messages. Rejects with a Problem: the child's own, or
 * that it could not be started, crashed, exceeded its limits or was interrupted. No child outlives this process.
 */
export async function runMediaChild(options: {
  request: MediaTask;
  subject: string;
  limits?: Partial<PrepareLimits>;
  signal?: AbortSignal;
  onProgress?(done: number): void;
  /** Called with the outcome of the task `measure`. */
  onMeasured?(measured: Measured): void;
  /** Called with the outcome of the task `check`. */
  onChecked?(isDamaged: boolean): void;
  /** Called for each file of the task `look`, in order; null: it cannot be used. */
  onLooked?(facts: SourceFacts | null): void;
  /** The child's script; another one in tests. */
  entry?: string;
}): Promise<void> {
  const { request, subject, signal, onProgress, entry = mediaEntry } = options;
  const limits = { ...prepareLimits, ...options.limits };
  const child: ChildProcess = spawn(process.execPath, ['--max-old-space-size=1024', entry], { stdio: 'pipe' });
  let problem: Problem | null = null;
  let done = false;
  let lastWords = '';
  const end = (reason: Problem) => {
    problem ??= reason;
    child.kill('SIGKILL');
  };
  const onSilence = () =>
    end(
      new Problem(
        'prepare',
        `${subject}: preparing it made no progress for ${limits.silence / 1000} s`,
        'The file may be damaged: convert it with another program and try again.',
      ),
    );
  const whole = setTimeout(() => {
    const hours = limits.time / 3_600_000;
    end(
      new Problem('prepare', `${subject}: preparing it took more than ${hours} hours`, 'Convert it first, or cut it.'),
    );
  }, limits.time);
  const { pid } = child;
  const silence = new SilenceWatch({
    timers: systemTimers,
    limit: limits.silence,
    sourceSize: request.task === 'reel' ? sizeOf(request.source) : 0,
    bytesRead: () => (pid === undefined ? null : bytesReadBy(pid)),
    onSilence,
  });
  const guard =
    pid === undefined
      ? null
      : guardChild({
          pid,
          memory: limits.memory,
          folder: folderOf(request),
          onExcess: (reason) => end(excessProblem(subject, reason)),
        });
  const abort = () => end(new Problem('prepare', `${subject}: interrupted`, 'Start again to prepare it.'));
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  const ended = new Promise<void>((resolve) => {
    // Without descriptors for its pipes it has none, and there is no `close`.
    child.on('error', (error) => {
      end(new Problem('prepare', `${subject}: the preparing process could not be started: ${error.message}`, RETRY));
      if (child.pid === undefined) resolve();
    });
    child.once('close', () => resolve());
  });

  let lacksMemory = false;
  const keepWords = (text: string) => {
    lastWords += text;
    // A stack of the engine follows these words.
    lacksMemory ||= OUT_OF_MEMORY.test(lastWords);
    lastWords = lastWords.slice(-2_000);
  };
  child.stderr?.setEncoding('utf8').on('data', keepWords);
  const onLine = (line: string) => {
    const report = parseReport(line);
    if (report === null) {
      keepWords(`${line}\n`);
      return;
    }
    silence.report();
    if ('progress' in report) onProgress?.(report.progress);
    else if ('measured' in report) options.onMeasured?.(report.measured);
    else if ('checked' in report) options.onChecked?.(report.checked.isDamaged);
    else if ('looked' in report) options.onLooked?.(report.looked);
    else if ('problem' in report) {
      const { code, message, next } = report.problem;
      problem ??= withMemory(new Problem(code, message, next), guard?.peak ?? 0, limits.memory);
    } else done = true;
  };
  if (child.stdout) createInterface({ input: child.stdout }).on('line', onLine);
  child.stdin?.on('error', () => child.kill('SIGKILL')); // It ended before it read; its exit gives the cause.
  child.stdin?.end(JSON.stringify(request));
  try {
    await ended;
  } finally {
    silence.end();
    clearTimeout(whole);
    guard?.release();
    signal?.removeEventListener('abort', abort);
  }
  if (problem) throw problem;
  if (done && child.exitCode === 0) return;
  const how = child.signalCode ? `was ended by ${child.signalCode}` : `ended with code ${child.exitCode}`;
  if (lacksMemory) throw excessProblem(subject, { what: 'memory', limit: limits.memory });
  const output = lastWords.trim().split('\n').slice(-3).join(' ');
  const failure = new Problem(
    'prepare',
    `${subject}: the preparing process ${how}${output ? `: ${output}` : ''}`,
    'The file may be damaged: convert it with another program and try again.',
  );
  throw withMemory(failure, guard?.peak ?? 0, limits.memory);
}

/** 0 for a file that cannot be looked at: the child finds the reason. */
function sizeOf(source: string): number {
  try {
    return statSync(source).size;
  } catch (error) {
    if (isSystemError(error)) return 0;
    throw error;
  }
}

/** The last words of V8, of Node.js, of C++ and of C without memory. */
const OUT_OF_MEMORY = /out of memory|bad_alloc|(cannot|failed to) allocate memory|array buffer allocation failed/i;

/** The folder that a task writes to. */
const folderOf = (request: MediaTask): string | undefined => {
  if (request.task === 'reel') return request.folder;
  return request.task === 'measure' || request.task === 'look' || request.task === 'check'
    ? undefined
    : dirname(request.path);
};

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

function excessProblem(subject: string, reason: Exclude<Excess, { what: 'memory' }> | MemoryExcess): Problem {
  if (reason.what === 'disk') {
    const next = `Make room there: ${mebibytes(reason.reserve)} stay free for the state of stations.`;
    return new Problem('store', `${subject}: preparing it fills the disk of ${reason.folder}`, next);
  }
  const used = reason.used === undefined ? '' : `${mebibytes(reason.used)}, `;
  const message = `${subject}: preparing it takes too much memory (${used}at most ${mebibytes(reason.limit)} are allowed)`;
  return new Problem('prepare', message, 'Convert it to a smaller picture with another program and try again.');
}

/** FFmpeg does not tell from other errors that the system has refused memory: where much was taken, that is said. */
function withMemory(problem: Problem, peak: number, limit: number): Problem {
  if (peak < limit / 2 || !['prepare', 'source'].includes(problem.code)) return problem;
  const taken = `it took ${mebibytes(peak)} of the memory, of which at most ${mebibytes(limit)} are allowed`;
  const next = `${problem.next} Or it needs too much memory: convert it to a smaller picture.`;
  return new Problem('prepare', `${problem.message}; ${taken}`, next);
}

/** `used` is missing where the system has refused more. */
type MemoryExcess = { what: 'memory'; used?: number; limit: number };
