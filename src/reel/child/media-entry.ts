/**
 * The child process in which media is read, so that a hostile file can crash nothing else.
 * Standard input: one MediaTask as JSON. Standard output: lines of MediaReport as JSON.
 */
import { readFileSync, writeSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname } from 'node:path';
import { messageOf, Problem, systemCode } from '../../base/problem.js';
import { residentMemory } from '../../base/resident-memory.js';
import type { MediaReport, MediaTask } from '../media-child.js';
import { storeProblem } from '../store.js';

/** Writes synchronously: the event loop does not run while a reel is made. */
function report(line: MediaReport): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/**
 * A Problem for the parent. System errors come from the store's folder: sources are read by FFmpeg, which raises none, and
 * `checkSource`, which raises Problems.
 */
function asProblem(thrown: unknown, source: string, folder: string): Problem {
  const error = storeProblem(thrown, folder);
  if (error instanceof Problem) return error;
  if (systemCode(error) === 'ERR_MODULE_NOT_FOUND' && messageOf(error).includes('node-av')) {
    return new Problem(
      'prepare',
      `${source}: cannot be prepared: FFmpeg (the package node-av) is not installed`,
      'Install it with: npm install --include=optional. A machine that only watches does not need it.',
      { cause: error },
    );
  }
  return new Problem(
    'prepare',
    `${source}: cannot be prepared: ${messageOf(error)}`,
    'Convert it to MP4 with H.264 and AAC and try again.',
    { cause: error },
  );
}

// Stations on air come first.
setPriority(constants.priority.PRIORITY_LOW);

const task: MediaTask = JSON.parse(readFileSync(0, 'utf8'));
const [subject, folder] =
  task.task === 'reel' ? [task.source, task.folder] : [task.task.replace('-', ' '), dirname(task.path)];
let reported = Number.NEGATIVE_INFINITY;
try {
  // Imported here, so that a missing FFmpeg can be reported.
  if (task.task === 'reel') {
    const { makeReel } = await import('./make-reel.js');
    makeReel(task, (progress) => {
      const now = performance.now();
      if (now - reported < 100) return;
      reported = now;
      report({ progress, memory: residentMemory() });
    });
  } else {
    const { generateFilm } = await import('../../media/generated-film.js');
    generateFilm(task.task, task);
  }
  report({ done: true });
} catch (error) {
  const { code, message, next } = asProblem(error, subject, folder);
  report({ problem: { code, message, next } });
  process.exitCode = 1;
}
