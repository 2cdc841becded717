import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { outOfFiles, runOutOfFiles } from '../../test/support/out-of-files.js';
import { makeSource } from '../../test/support/sources.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { isRunning } from '../base/running.js';
import { Millis } from '../base/units.js';
import { defaultMediaSettings } from '../media/settings.js';
import { type PrepareLimits, runMediaChild } from './media-child.js';

test('a child that cannot be started because too many files are open is a problem, not a crash', outOfFiles, () => {
  assert.match(runOutOfFiles('media'), /^prepare: slate: the preparing process could not be started: .*EMFILE/);
});

for (const name of ['packets.ts', 'audio.aac', 'index.bin']) {
  test(`a disk that is full while ${name} is written is a problem of the store`, {
    skip: !existsSync('/dev/full') && 'needs /dev/full',
  }, async (context) => {
    const folder = scratchFolder(context);
    const source = makeSource({ path: join(folder, 'film.mp4'), seconds: 1 });
    const reel = join(folder, 'reel');
    mkdirSync(reel);
    symlinkSync('/dev/full', join(reel, name));
    const request = { task: 'reel', source, settings: defaultMediaSettings, folder: reel } as const;
    await assert.rejects(
      runMediaChild({ request, subject: source }),
      (error) => error instanceof Problem && error.code === 'store' && /the disk is full/.test(error.message),
    );
  });
}

/** Runs a child that writes these lines to its standard output and ends with `exitCode`. */
function runLines(context: TestContext, lines: string[], exitCode: number): Promise<void> {
  const entry = join(scratchFolder(context), 'child.mjs');
  writeFileSync(
    entry,
    `process.stdout.write(${JSON.stringify(lines.map((line) => `${line}\n`).join(''))}); process.exitCode = ${exitCode};`,
  );
  return runMediaChild({ request: { task: 'slate', path: 'slate.mp4', seconds: 1 }, subject: 'slate', entry });
}

const noReports = ['x265 [info]: hello', '', '5', 'null', '{}', '{"progress":"1"}', '{"problem":{"code":"none"}}'];

test('lines of a library among the reports of a child are ignored', async (context) => {
  await runLines(context, [...noReports, '{"done":true}', ...noReports], 0);
});

test('a child that ends without a report is a problem with its last words', async (context) => {
  await assert.rejects(
    runLines(context, noReports, 1),
    (error) => error instanceof Problem && error.code === 'prepare' && /with code 1: .*"none"/.test(error.message),
  );
});

test('a problem that the child reports is the problem of the preparation', async (context) => {
  const line = JSON.stringify({
    problem: { code: 'source', message: 'film.mp4: is empty', next: 'Copy it once more.' },
  });
  await assert.rejects(
    runLines(context, [line], 1),
    (error) => error instanceof Problem && error.code === 'source' && error.next === 'Copy it once more.',
  );
});

/** Runs a child with this program. */
function runProgram(context: TestContext, program: string, limits: Partial<PrepareLimits>): Promise<void> {
  const entry = join(scratchFolder(context), 'child.mjs');
  writeFileSync(entry, program);
  const request = { task: 'slate', path: join(scratchFolder(context), 'slate.mp4'), seconds: 1 } as const;
  return runMediaChild({ request, subject: 'film.mp4', entry, limits });
}

test('a child that takes native memory without a report is ended, with the file and the limit', async (context) => {
  const eat = 'const eaten = []; setInterval(() => eaten.push(Buffer.alloc(8 << 20, 1)), 5);';
  await assert.rejects(
    runProgram(context, eat, { memory: 160 * 2 ** 20 }),
    (error) =>
      error instanceof Problem && /^film\.mp4: .*memory/.test(error.message) && error.message.includes('160 MiB'),
  );
});

test('the system refuses a child memory beyond its limit, open files beyond their number, and core files', {
  skip: process.platform !== 'linux' && 'needs prlimit',
}, async (context) => {
  // It ends when it has the limits.
  const wait = `import { readFileSync } from 'node:fs';
    const wanted = [/Max data size +1073741824 +1073741824 /, /Max open files +256 +256 /, /Max core file size +0 +0 /];
    const timer = setInterval(() => {
      const limits = readFileSync('/proc/self/limits', 'utf8');
      if (!wanted.every((each) => each.test(limits))) return;
      console.log('{"done":true}');
      clearInterval(timer);
    }, 10);`;
  await runProgram(context, wait, { memory: 2 ** 30 });
});

test('a child that goes on for ever is ended, also where it reports', async (context) => {
  const reports = 'setInterval(() => console.log(JSON.stringify({ progress: 0.5 })), 20);';
  await assert.rejects(runProgram(context, reports, { time: Millis(300) }), /film\.mp4: preparing it took more than/);
});

test('a child does not outlive a parent that was killed, though its main thread is busy for ever', {
  skip: process.platform === 'win32' && 'needs signals',
}, async (context) => {
  const folder = scratchFolder(context);
  const guard = new URL('child/end-with-parent.js', import.meta.url).href;
  writeFileSync(
    join(folder, 'child.mjs'),
    `import { endWithParent } from ${JSON.stringify(guard)}; endWithParent(); console.log(process.pid); for (;;);`,
  );
  const parent = spawn(process.execPath, [
    ...['--input-type=module', '--eval'],
    `import { spawn } from 'node:child_process';
     spawn(process.execPath, [${JSON.stringify(join(folder, 'child.mjs'))}], { stdio: ['ignore', 'inherit', 'ignore'] });`,
  ]);
  const [pid] = await once(parent.stdout!.setEncoding('utf8'), 'data');
  context.after(() => isRunning(Number(pid)) && process.kill(Number(pid), 'SIGKILL'));
  parent.kill('SIGKILL');
  // Its standard output is closed with it.
  await once(parent, 'close');
});
