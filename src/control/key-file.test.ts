import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { messageKey } from '../wire/seal.js';
import { makeKeyFile, readKeyFile } from './key-file.js';

const isWindows = process.platform === 'win32';
const fail = (line: string): never => assert.fail(line);
const refuses = (path: string, cause: RegExp) =>
  assert.rejects(
    readKeyFile(path, fail),
    (error) => error instanceof Problem && error.code === 'usage' && cause.test(error.message),
  );

test('a key that was made can be read, by its owner only, and is another each time', async (context) => {
  const folder = scratchFolder(context);
  const [one, two] = [join(folder, 'one.key'), join(folder, 'two.key')];
  await makeKeyFile(one);
  await makeKeyFile(two);
  assert.notDeepEqual(await readKeyFile(one, fail), await readKeyFile(two, fail));
  if (!isWindows) assert.equal(statSync(one).mode & 0o777, 0o600);
  assert.equal(readFileSync(one).length, 45); // 32 bytes in Base64, and a line end
});

test('a key file that exists is not replaced', async (context) => {
  const path = join(scratchFolder(context), 'msc.key');
  writeFileSync(path, 'another');
  await assert.rejects(makeKeyFile(path), (error) => error instanceof Problem && /already exists/.test(error.message));
  assert.equal(readFileSync(path, 'utf8'), 'another');
});

test('white space around the secret does not count, white space within it does', async (context) => {
  const path = join(scratchFolder(context), 'msc.key');
  const read = (content: string) => {
    writeFileSync(path, content, { mode: 0o600 });
    return readKeyFile(path, fail);
  };
  const expected = messageKey(Buffer.from('sixteen bytes or more'));
  for (const content of ['sixteen bytes or more', ' \t\r\nsixteen bytes or more\r\n']) {
    assert.deepEqual(await read(content), expected);
  }
  assert.notDeepEqual(await read('sixteen  bytes or more'), expected);
});

test('a file that can be no key is refused: missing, short, long, a folder, a pipe', async (context) => {
  const folder = scratchFolder(context);
  const file = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  await refuses(join(folder, 'nothing'), /no such file/);
  await refuses(file('short', '  fifteen bytes!!\n\n'), /has 15 bytes, fewer than the 16/);
  await refuses(file('long', 'x'.repeat(4_097)), /has more than the 4096 bytes allowed/);
  await refuses(folder, /is not a file/);
  if (isWindows) return;
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  await refuses(pipe, /is not a file/);
});

test('a key that every user of the machine can read is used, with a warning', { skip: isWindows }, async (context) => {
  const path = join(scratchFolder(context), 'msc.key');
  writeFileSync(path, 'sixteen bytes or more');
  const warningsAt = async (mode: number) => {
    chmodSync(path, mode);
    const lines: string[] = [];
    await readKeyFile(path, (line) => lines.push(line));
    return lines.map((line) => line.includes(`chmod o-rw ${path}`));
  };
  assert.deepEqual(await warningsAt(0o644), [true]);
  assert.deepEqual(await warningsAt(0o602), [true]);
  assert.deepEqual(await warningsAt(0o640), []);
  assert.deepEqual(await warningsAt(0o400), []);
});
