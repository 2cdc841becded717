import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryOf, outputOf } from './process-limits.js';

test('a program that is ended, fails or is missing tells nothing, and is no fault', async () => {
  const run = (script: string) => outputOf(process.execPath, ['-e', script]);
  assert.equal(await run('console.log("all")'), 'all\n');
  assert.equal(await run('console.log("half"); process.kill(process.pid, "SIGKILL")'), '');
  assert.equal(await run('console.log("half"); process.exitCode = 3'), '');
  assert.equal(await outputOf('no-such-program', []), '');
});

test('the memory of a process is known while it runs', async () => {
  const { resident = 0 } = (await memoryOf(process.pid)) ?? {};
  assert.ok(resident > 10 * 2 ** 20 && resident < 2 ** 40, String(resident));
  assert.equal(await memoryOf(4_194_305), null, 'beyond the pids that systems give');
});
