/**
 * The child process in which media is read, so that a hostile file can take nothing down with it.
 * Standard input: one MediaTask as JSON. Standard output: lines of MediaReport as JSON.
 */
import { readFileSync, writeSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname } from 'node:path';
import { messageOf, Problem, systemCode } from '../../base/problem.js';
import type { MediaReport, MediaTask } from '../media-child.js';
import { storeProblem } from '../store.js';

/** Written at once, not by the event loop: making a reel is synchronous. */
function report(line: MediaReport): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** What storing cannot do is the store's problem, whatever happens to a source is the source's. */
function asProblem(error: unknown, source: string, folder: string): Problem {
  if (error instanceof Problem) return error;
  if (systemCode(error) === 'ERR_MODULE_NOT_FOUND' && messageOf(error).includes('node-av')) {
    return new Problem(
      'prepare',
      `${source}: cannot be prepared: FFmpeg (the package node-av) is not installed`,
      'Install it with: npm install --include=optional. A machine that only watches does not need it.',
      { cause: error },
    );
  }
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

// Stations are on the air meanwhile: they come first.
setPriority(constants.priority.PRIORITY_LOW);

const task: MediaTask = JSON.parse(readFileSync(0, 'utf8'));
const [subject, folder] =
  task.task === 'reel' ? [task.source, task.folder] : [task.task.replace('-', ' '), dirname(task.path)];
let reported = Number.NEGATIVE_INFINITY;
try {
  // Only now, so that it can be told when FFmpeg is missing.
  if (task.task === 'reel') {
    const { makeReel } = await import('./make-reel.js');
    makeReel(task, (progress) => {
      const now = performance.now();
      if (now - reported < 100) return;
      reported = now;
      report({ progress, memory: process.memoryUsage.rss() });
    });
  } else if (task.task === 'slate') {
    const { makeSlate } = await import('../../media/slate.js');
    makeSlate(task);
  } else {
    const { makeTestCard } = await import('../../media/test-card.js');
    makeTestCard(task);
  }
  report({ done: true });
} catch (error) {
  const { code, message, next } = asProblem(error, subject, folder);
  report({ problem: { code, message, next } });
  process.exitCode = 1;
}
