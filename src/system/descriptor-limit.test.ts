import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { descriptorLimit } from './descriptor-limit.js';

const module = new URL('./descriptor-limit.js', import.meta.url).href;
const skip = process.platform === 'win32' && 'needs ulimit';

test('the limit is that of the shell, by both ways of asking', { skip }, () => {
  const program = `const { descriptorLimit } = await import(${JSON.stringify(module)});
    console.log(descriptorLimit(), descriptorLimit('darwin'));`;
  const words = ['-c', 'ulimit -n 345; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', program];
  const { stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8' });
  assert.equal(stdout.trim(), '345 345', stderr);
});

test('Windows has no limit', () => {
  assert.equal(descriptorLimit('win32'), null);
});
