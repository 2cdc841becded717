/** Media files are read in a child process only, with limits on time and memory. This is its parent's side. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Problem, type ProblemCode, problemCodes } from '../base/problem.js';
import { Millis } from '../base/units.js';
import type { GeneratedFilm } from '../media/settings.js';
import type { MakeReel } from './child/make-reel.js';

/** The child's task: one JSON value on its standard input. */
export type MediaTask = ({ task: 'reel' } & MakeReel) | { task: GeneratedFilm; path: string; seconds: number };

const reportSchema = z.union([
  z.strictObject({ progress: z.number(), memory: z.number() }),
  z.strictObject({ done: z.literal(true) }),
  z.strictObject({
    problem: z.object({
      code: z.enum(Object.keys(problemCodes) as ProblemCode[]),
      message: z.string(),
      next: z.string(),
    }),
  }),
]);
/** Its reports: JSON lines on its standard output. `memory` is its resident set, bytes; `progress` is from 0 to 1. */
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
  /** Longest time without a report; the child is then ended. */
  silence: Millis;
  /** Resident memory of the child, bytes. */
  memory: number;
}

const mediaEntry = fileURLToPath(new URL('child/media-entry.js', import.meta.url));

const RETRY = 'Close other programs, or raise the limits of open files and processes, and try again.';

/** Encoding 2160p takes about 1.5 GB. */
const defaultLimits: PrepareLimits = { silence: Millis(120_000), memory: 4 * 2 ** 30 };

/**
 * Carries out `request` in a child process; `subject` names it in messages. Rejects with a Problem: the child's own, or
 * that it could not be started, crashed, exceeded its limits or was interrupted.
 */
export async function runMediaChild(options: {
  request: MediaTask;
  subject: string;
  limits?: PrepareLimits;
  signal?: AbortSignal;
  onProgress?(done: number): void;
  /** The child's script; another one in tests. */
  entry?: string;
}): Promise<void> {
  const { request, subject, limits = defaultLimits, signal, onProgress, entry = mediaEntry } = options;
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
  let silence = setTimeout(onSilence, limits.silence);
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

  const keepWords = (text: string) => {
    lastWords = (lastWords + text).slice(-2_000);
  };
  child.stderr?.setEncoding('utf8').on('data', keepWords);
  const onLine = (line: string) => {
    const report = parseReport(line);
    if (report === null) {
      keepWords(`${line}\n`);
      return;
    }
    clearTimeout(silence);
    silence = setTimeout(onSilence, limits.silence);
    if ('progress' in report) {
      onProgress?.(report.progress);
      if (report.memory > limits.memory) {
        const used = Math.round(report.memory / 2 ** 20);
        end(new Problem('prepare', `${subject}: preparing it takes too much memory (${used} MiB)`, 'Scale it down.'));
      }
    } else if ('problem' in report) {
      const { code, message, next } = report.problem;
      problem ??= new Problem(code, message, next);
    } else done = true;
  };
  if (child.stdout) createInterface({ input: child.stdout }).on('line', onLine);
  child.stdin?.on('error', () => child.kill('SIGKILL')); // It ended before it read; its exit gives the cause.
  child.stdin?.end(JSON.stringify(request));
  try {
    await ended;
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', abort);
  }
  if (problem) throw problem;
  if (done && child.exitCode === 0) return;
  const how = child.signalCode ? `was ended by ${child.signalCode}` : `ended with code ${child.exitCode}`;
  const output = lastWords.trim().split('\n').slice(-3).join(' ');
  throw new Problem(
    'prepare',
    `${subject}: the preparing process ${how}${output ? `: ${output}` : ''}`,
    'The file may be damaged: convert it with another program and try again.',
  );
}
