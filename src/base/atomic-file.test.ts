import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { replaceFile } from './atomic-file.js';

test('a file is replaced as a whole, with its folder and permissions, and nothing is left beside it', async (context) => {
  const folder = join(scratchFolder(context), 'new', 'folder');
  const path = join(folder, 'file.json');
  await replaceFile(path, 'old', { mode: 0o600, folderMode: 0o700 });
  await replaceFile(path, 'new', { mode: 0o600 });
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.deepEqual(readdirSync(folder), ['file.json']);
  if (process.platform === 'win32') return;
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test('where a file cannot be replaced, it stays and nothing is left beside it', async (context) => {
  const folder = scratchFolder(context);
  const path = join(folder, 'taken');
  mkdirSync(path);
  writeFileSync(join(path, 'inside'), '');
  await assert.rejects(replaceFile(path, 'new'));
  assert.deepEqual(readdirSync(folder), ['taken']);
});
