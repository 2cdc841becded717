import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importsOf } from './support/imports.js';
import { scratchFolder } from './support/spool.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Build {
  stamp: string;
  sources: string[];
}
const { builds, newest } = (await import(join(root, 'scripts', 'setup.mjs'))) as {
  builds: Build[];
  newest(path: string): number;
};
const { alone, lanes } = (await import(join(root, 'scripts', 'lanes.mjs'))) as {
  alone: string[];
  lanes: string[][];
};

/** All modules that a folder's modules import, themselves included, as paths relative to the root. */
function reachOf(folder: string): Set<string> {
  const reach = new Set<string>();
  const visit = (file: string) => {
    if (reach.has(relative(root, file))) return;
    reach.add(relative(root, file));
    for (const { specifier } of importsOf(readFileSync(file, 'utf8'))) {
      if (!specifier.startsWith('.')) continue;
      const path = resolve(dirname(file), specifier);
      const source = [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')].find((each) => existsSync(each));
      if (source?.match(/\.tsx?$/)) visit(source);
    }
  };
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .forEach((name) => {
      visit(join(root, folder, name));
    });
  return reach;
}

for (const [stamp, folders] of [
  ['.built', ['src', 'test', 'bench']],
  ['.web-built', ['web']],
] as const) {
  test(`the build with the stamp ${stamp} depends on everything that its modules import`, () => {
    const build = builds.find((each) => each.stamp === stamp);
    assert.ok(build);
    const reach = folders.flatMap((folder) => [...reachOf(folder)]);
    assert.ok(reach.length > 100);
    const isCovered = (file: string) =>
      build.sources.some((source) => file === join(source) || file.startsWith(join(source) + sep));
    assert.deepEqual(
      reach.filter((file) => !isCovered(file)),
      [],
    );
  });
}

test('a changed, an added and a removed file each make a folder newer', (t) => {
  const folder = scratchFolder(t);
  const below = join(folder, 'below');
  mkdirSync(below);
  writeFileSync(join(below, 'a'), '');
  const age = (path: string, seconds: number) => utimesSync(path, seconds, seconds);
  const settle = () => {
    for (const path of [join(below, 'a'), below, folder]) age(path, 1_000);
  };
  settle();
  assert.equal(newest(folder), 1_000_000);
  age(join(below, 'a'), 2_000);
  assert.equal(newest(folder), 2_000_000);
  settle();
  writeFileSync(join(below, 'b'), '');
  age(join(below, 'b'), 500);
  assert.ok(newest(folder) > 1_000_000, 'the folder itself has changed');
  settle();
  rmSync(join(below, 'b'));
  assert.ok(newest(folder) > 1_000_000, 'a removed file is a change');
});

test('lanes name files that exist, each once', () => {
  const files = [...alone, ...lanes.flat()];
  assert.ok(files.length > 10);
  assert.deepEqual(
    files.filter((file) => !existsSync(join(root, file))),
    [],
  );
  assert.equal(new Set(files).size, files.length);
});
