import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packages } from './support/tools.js';

/** From the bytes up: a folder imports only from itself and from those before it. docs/architecture.md says why. */
const order = [
  'base',
  'system',
  'wire',
  'contract',
  'clock',
  'net',
  'threads',
  'media',
  'reel',
  'station',
  'discovery',
  'control',
  'receiver',
  'playout',
  'unicast',
  'gateway',
  'viewer',
  'server',
  'cli',
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = join(root, 'src');

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join(source, path));

const importsOf = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]);

test('every folder has its place in the order', () => {
  assert.deepEqual(readdirSync(source).sort(), [...order].sort());
});

test('a folder imports only what stands below it', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const place = order.indexOf(relative(source, file).split(sep)[0]);
    for (const imported of importsOf(file).filter((name) => name.startsWith('.'))) {
      const [folder] = relative(source, resolve(dirname(file), imported)).split(sep);
      // Tests may use what is in test/support.
      if (file.endsWith('.test.ts') && folder === '..') continue;
      if (order.indexOf(folder) > place || !order.includes(folder)) wrong.push(`${relative(root, file)} → ${imported}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('only what prepares media loads FFmpeg', () => {
  const loading = files.filter(
    (file) => !file.endsWith('.test.ts') && importsOf(file).some((name) => /^node-av/.test(name)),
  );
  for (const file of loading) assert.match(relative(root, file), /^src.media/);
});

/** What a module loads when it is loaded: types are gone by then. */
const loadedBy = (file: string): string[] => {
  const text = readFileSync(file, 'utf8').replaceAll(/import type [^;]+;/g, '');
  return [...text.matchAll(/^(?:import|export)[^;]*?from '(\.[^']+)'/gms)].map(([, name]) =>
    resolve(dirname(file), name).replace(/\.js$/, '.ts'),
  );
};

test('no modules import each other in a circle', () => {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    if (way.includes(file)) {
      circles.push([...way.slice(way.indexOf(file)), file].map((each) => relative(source, each)).join(' → '));
    } else if (!done.has(file)) {
      for (const loaded of loadedBy(file)) visit(loaded, [...way, file]);
      done.add(file);
    }
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(circles, []);
});

test('only the child process reaches what loads FFmpeg', () => {
  // A machine that only watches has no node-av: nothing on its way may import a file that does.
  const reach = new Set<string>();
  const visit = (file: string) => {
    if (reach.has(file)) return;
    reach.add(file);
    loadedBy(file).forEach(visit);
  };
  visit(join(source, 'cli', 'main.ts'));
  const loading = [...reach].filter((file) => importsOf(file).some((name) => /^node-av/.test(name)));
  assert.deepEqual(
    loading.map((file) => relative(root, file)),
    [],
  );
});

test('.ci/run installs everything that tests check us against', () => {
  const script = readFileSync(join(root, '.ci', 'run'), 'utf8');
  const installed = new Set(/packages=\(([^)]*)\)/.exec(script)![1].trim().split(/\s+/));
  assert.deepEqual(
    Object.values(packages).filter((name) => !installed.has(name)),
    [],
  );
});
