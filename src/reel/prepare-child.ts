/**
 * The child process in which a reel is made, so that a hostile file can take nothing down with it.
 * Standard input: one MakeReel as JSON. Standard output: lines of PreparationReport as JSON.
 */
import { readFileSync, writeSync } from 'node:fs';
import { messageOf, Problem, type ProblemCode, systemCode } from '../problem/problem.js';
import { makeReel } from './make-reel.js';
import { storeProblem } from './store.js';

export type PreparationReport =
  | { progress: number; memory: number }
  | { done: true }
  | { problem: { code: ProblemCode; message: string; next: string } };

/** Written at once, not by the event loop: making a reel is synchronous. */
function report(line: PreparationReport): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** What storing cannot do is the store's problem, whatever happens to a source is the source's. */
function asProblem(error: unknown, source: string, folder: string): Problem {
  if (error instanceof Problem) return error;
  if (['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) {
    return storeProblem(error, folder);
  }
  return new Problem(
    'prepare',
    `${source}: cannot be prepared: ${messageOf(error)}`,
    'Convert it to MP4 with H.264 and AAC and try again.',
    { cause: error },
  );
}

const request = JSON.parse(readFileSync(0, 'utf8'));
let reported = 0;
try {
  makeReel(request, (progress) => {
    const now = performance.now();
    if (now - reported < 100) return;
    reported = now;
    report({ progress, memory: process.memoryUsage.rss() });
  });
  report({ done: true });
} catch (error) {
  const { code, message, next } = asProblem(error, request.source, request.folder);
  report({ problem: { code, message, next } });
  process.exitCode = 1;
}
