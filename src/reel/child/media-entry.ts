/**
 * The child process in which media is read, so that a hostile file can crash nothing else.
 * Standard input: one MediaTask as JSON. Standard output: lines of MediaReport as JSON.
 */
import { readFileSync, writeSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname } from 'node:path';
import { messageOf, nullIfProblem, Problem, systemCode } from '../../base/problem.js';
import type { MediaReport, MediaTask } from '../media-child.js';
import { storeProblem } from '../store-problem.js';
import { endWithParent } from './end-with-parent.js';

/** What the task is about, and the folder of the store that its system errors come from. */
function namesOf(task: MediaTask): [subject: string, folder: string] {
  if (task.task === 'reel') return [task.source, task.folder];
  if (task.task === 'look') return [task.sources.join(', '), ''];
  return [
    task.task === 'measure' || task.task === 'check' ? task.path : task.task.replace('-', ' '),
    dirname(task.path),
  ];
}

/** Null for a file that cannot be used: the reason is reported when it is prepared. */
async function orNull<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    return nullIfProblem(error);
  }
}

/** The task with the pictures of its documents and photos. */
async function withPages(task: MediaTask & { task: 'reel' }) {
  const { source, before, folder, settings } = task;
  const { slidePictures } = await import('../../media/slide-pictures.js');
  const options = { folder, target: settings.target, onPage: () => onProgress(0) };
  const pages = await slidePictures({ ...options, source, name: 'page' });
  if (!before) return { ...task, pages };
  const last = await slidePictures({ ...options, source: before, name: 'before', onlyLast: true });
  return { ...task, pages, before: last?.[0] ?? before };
}

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
  // FFmpeg reports it as any other error.
  if (/cannot allocate memory/i.test(messageOf(error))) throw error;
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
endWithParent();

const task: MediaTask = JSON.parse(readFileSync(0, 'utf8'));
const [subject, folder] = namesOf(task);
let reported = Number.NEGATIVE_INFINITY;
const onProgress = (progress: number) => {
  const now = performance.now();
  if (now - reported < 100) return;
  reported = now;
  report({ progress });
};
try {
  // Imported here, so that a missing FFmpeg can be reported.
  if (task.task === 'reel') {
    const { makeReel } = await import('./make-reel.js');
    makeReel(await withPages(task), onProgress);
  } else if (task.task === 'measure') {
    const { measure } = await import('./measure.js');
    report({ measured: measure(task, onProgress) });
  } else if (task.task === 'check') {
    const { hasDamage } = await import('../../media/check-reel.js');
    report({ checked: { isDamaged: hasDamage(task.path, onProgress) } });
  } else if (task.task === 'look') {
    const { lookAtSource } = await import('../../media/look-at-source.js');
    const { subtitleFilesOf } = await import('../subtitle-files.js');
    for (const source of task.sources) {
      report({
        looked: await orNull(async () =>
          lookAtSource(source, task.settings, await subtitleFilesOf(source, task.settings)),
        ),
      });
    }
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
