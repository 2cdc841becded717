/** Standard output and standard error that take nothing more, under a server. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openStore } from './support/film.js';
import { finished, mscCommand } from './support/msc.js';
import { makeSource } from './support/sources.js';
import { scratchFolder } from './support/spool.js';

const FULL = '/dev/full';
const skip = !existsSync(FULL) && 'needs /dev/full';

/** A server with one station and `--json`. */
async function startServer(context: TestContext, output: { stdout?: number; stderr?: number }, words: string[] = []) {
  const store = await openStore(context);
  const source = makeSource({ path: join(scratchFolder(context), 'film.mp4'), seconds: 1 });
  const options = ['--json', '--control-port', '0', '--store', store.folder];
  const [command, ...rest] = mscCommand(['serve', source, ...options, ...words]);
  const child: ChildProcess = spawn(command!, rest, {
    env: { ...process.env, MSC_INTERFACE: 'lo' },
    stdio: ['ignore', output.stdout ?? 'pipe', output.stderr ?? 'pipe'],
  });
  context.after(() => child.kill('SIGKILL'));
  return { child, running: () => readdirSync(join(store.folder, 'running')) };
}

function openFull(context: TestContext): number {
  const full = openSync(FULL, 'w');
  context.after(() => closeSync(full));
  return full;
}

test('events that a full disk does not take end the server in order, with one message and an exit code', {
  skip,
}, async (context) => {
  const { child, running } = await startServer(context, { stdout: openFull(context) });
  const { exitCode, stderr } = await finished(child);
  assert.equal(exitCode, 5);
  assert.equal(stderr.match(/^msc: /gm)?.length, 1, stderr);
  assert.match(stderr, /^msc: Standard output: the disk is full \(ENOSPC\)\n +Make room there/m);
  assert.deepEqual(running(), [], 'everything was closed');
});

test('events whose reader has ended end the server in order, with one message and an exit code', async (context) => {
  const { child, running } = await startServer(context, {}, ['--stats', '1s']);
  await once(child.stdout!, 'data');
  child.stdout!.destroy();
  const { exitCode, stderr } = await finished(child);
  assert.equal(exitCode, 5);
  assert.equal(stderr.match(/^msc: /gm)?.length, 1, stderr);
  assert.match(stderr, /^msc: The reader of standard output has ended, and this command with it$/m);
  assert.deepEqual(running(), []);
});

test('a full disk under standard error ends no server', { skip }, async (context) => {
  const { child } = await startServer(context, { stderr: openFull(context) });
  const [line] = await once(child.stdout!, 'data');
  assert.match(String(line), /"event":"on-air"/);
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});
