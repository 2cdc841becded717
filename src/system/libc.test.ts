import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

test('the calls can be disabled by the user, with that as the reason', () => {
  const program = `import { loadLibc } from ${JSON.stringify(new URL('./libc.js', import.meta.url).href)};
    console.log(JSON.stringify(await loadLibc()));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, MSC_SOCKETS: 'plain' },
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(stdout), { libc: null, reason: 'MSC_SOCKETS=plain' });
});
