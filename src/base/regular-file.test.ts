import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { fileProblem } from './file-problem.js';
import { Problem } from './problem.js';
import { IrregularFileError, openRegular, readRegular } from './regular-file.js';

const skip = process.platform === 'win32' && 'needs pipes with names';

test('a pipe that nobody writes, a folder, a device and links to them are refused at once', {
  skip,
}, async (context) => {
  const folder = scratchFolder(context);
  const at = (name: string) => join(folder, name);
  execFileSync('mkfifo', [at('pipe')]);
  mkdirSync(at('folder'));
  symlinkSync(at('pipe'), at('link'));
  symlinkSync(at('folder'), at('folder-link'));
  for (const path of [at('pipe'), at('folder'), at('link'), at('folder-link'), '/dev/zero']) {
    await assert.rejects(openRegular(path), IrregularFileError, path);
    await assert.rejects(readRegular(path, 100), IrregularFileError, path);
  }
});

test('a socket is refused', { skip }, async (context) => {
  const path = join(scratchFolder(context), 'socket');
  const server = createServer().listen(path);
  context.after(() => void server.close());
  while (!existsSync(path)) await new Promise((resolve) => setImmediate(resolve));
  // The system's own refusal, ENXIO.
  await assert.rejects(openRegular(path));
});

test('a file is opened and read, also by a link, up to a length', { skip }, async (context) => {
  const path = join(scratchFolder(context), 'file');
  writeFileSync(path, 'words');
  symlinkSync(path, `${path}-link`);
  closeSync(await openRegular(`${path}-link`));
  assert.equal(String(await readRegular(path, 5)), 'words');
  await assert.rejects(readRegular(path, 4), RangeError);
});

test('the problem names the path', () => {
  const problem = fileProblem(new IrregularFileError('p'), { code: 'source', path: 'p', access: 'read' });
  assert.ok(problem instanceof Problem);
  assert.equal(problem.message, 'p: is not a file');
});
