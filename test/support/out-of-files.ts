/** Running a task in a process in which no more files can be opened. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messageOf, Problem, systemCode } from '../../src/base/problem.js';
import { runMediaChild } from '../../src/reel/media-child.js';
import { ThumbnailChild } from '../../src/reel/thumbnail-child.js';
import { HandTimers } from './hand-timers.js';

/** Options of such a test. */
export const outOfFiles = { skip: process.platform === 'win32' && 'needs ulimit' };

/** Each resolves with the lines of its outcome. */
const tasks = {
  async thumbnail() {
    const lines: unknown[] = [];
    const child = new ThumbnailChild({ timers: new HandTimers(), log: (line) => lines.push(line) });
    lines.push(await child.make({ format: 'h264', picture: Buffer.from('a picture'), width: 320 }));
    return lines;
  },
  async media() {
    try {
      await runMediaChild({ request: { task: 'slate', path: 'slate.mp4', seconds: 1 }, subject: 'slate' });
      return ['made'];
    } catch (error) {
      return [error instanceof Problem ? `${error.code}: ${error.message}` : `raw: ${messageOf(error)}`];
    }
  },
};

/** What came of a task. Throws with the process's last words where it crashed. */
export function runOutOfFiles(task: keyof typeof tasks): string {
  const words = ['-c', 'ulimit -n 512; exec "$0" "$@"', process.execPath, fileURLToPath(import.meta.url), task];
  const { status, stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`it ended with ${status}: ${stderr}`);
  return stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if (systemCode(error) !== 'EMFILE') throw error;
  }
  const lines = await tasks[process.argv[2] as keyof typeof tasks]();
  for (const descriptor of taken) closeSync(descriptor);
  console.log(lines.map(String).join('\n'));
}
