import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readCorpus } from './corpus.js';
import { loadTarget, targetModules, targetNames } from './targets.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

for (const name of targetNames) {
  test(`${name}: no input of the corpus breaks a rule`, async () => {
    const target = await loadTarget(name);
    const inputs = [...target.seeds(), ...readCorpus(name)];
    assert.ok(inputs.length > target.seeds().length, 'there is a corpus');
    for (const input of inputs) {
      assert.ok(input.length <= target.largest, `an input of ${input.length} bytes`);
      await target.run(Buffer.from(input));
    }
  });
}

test('every target is guided by modules that exist', () => {
  const compiled = readdirSync(join(root, 'dist', 'src'), { recursive: true, encoding: 'utf8' }).map((path) =>
    path.replaceAll('\\', '/'),
  );
  for (const beginning of Object.values(targetModules).flat()) {
    assert.ok(
      compiled.some((path) => path.startsWith(beginning)),
      beginning,
    );
  }
});

test('every corpus belongs to a target', () => {
  const files = readdirSync(join(root, 'test', 'fuzz', 'corpus'));
  assert.deepEqual(files.map((file) => file.replace(/\.txt$/, '')).sort(), [...targetNames].sort());
});
