import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { outOfFiles, runOutOfFiles } from '../../test/support/out-of-files.js';
import { makeSource } from '../../test/support/sources.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { defaultMediaSettings } from '../media/settings.js';
import { runMediaChild } from './media-child.js';

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
