/** Whatever touches a media file runs in a child process with limits on time and memory. This is its parent's side. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Problem, type ProblemCode } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import type { MakeReel } from './child/make-reel.js';

/** Films that can be generated. */
export type GeneratedName = 'test-card' | 'slate';

/** What a child can be asked for, as one JSON value on its standard input. */
export type MediaTask = ({ task: 'reel' } & MakeReel) | { task: GeneratedName; path: string; seconds: number };

/** What it answers, as JSON lines on its standard output. `memory` is its resident set, bytes. */
export type MediaReport =
  | { progress: number; memory: number }
  | { done: true }
  | { problem: { code: ProblemCode; message: string; next: string } };

export interface PrepareLimits {
  /** The child is ended when it has reported nothing for this long. */
  silence: Millis;
  /** Resident memory of the child, bytes. */
  memory: number;
}

/** Encoding 2160p takes about 1.5 GB. */
export const defaultLimits: PrepareLimits = { silence: 120_000, memory: 4 * 2 ** 30 };

/**
 * Carries out `request` in a child process; `subject` names it in messages. Rejects with a Problem: what the child
 * found, or that it broke, went over its limits or was interrupted.
 */
export async function runMediaChild(options: {
  request: MediaTask;
  subject: string;
  limits?: PrepareLimits;
  signal?: AbortSignal;
  onProgress?(done: number): void;
}): Promise<void> {
  const { request, subject, limits = defaultLimits, signal, onProgress } = options;
  const entry = fileURLToPath(new URL('child/media-entry.js', import.meta.url));
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
        `${subject}: preparing it made no progress for ${limits.silence / 1000} s`,
        'The file may be damaged: convert it with another program and try again.',
      ),
    );
  let silence = setTimeout(tooSilent, limits.silence);
  const abort = () => end(new Problem('prepare', `${subject}: interrupted`, 'Start again to prepare it.'));
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();

  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    clearTimeout(silence);
    silence = setTimeout(tooSilent, limits.silence);
    const report: MediaReport = JSON.parse(line);
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
    `${subject}: the preparing process ${how}${said ? `: ${said}` : ''}`,
    'The file may be damaged: convert it with another program and try again.',
  );
}
