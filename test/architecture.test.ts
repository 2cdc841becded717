import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importsOf } from './support/imports.js';
import { packages } from './support/tools.js';

/** Below both branches. */
const common = ['base', 'wire', 'contract', 'clock', 'system', 'net', 'threads', 'discovery', 'control'];
const serverBranch = ['media', 'reel', 'station', 'playout', 'unicast', 'server'];
const clientBranch = ['receiver', 'viewer'];

/** The diamond: what each folder may import beside itself. docs/architecture.md has the reasons. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ['base'],
  contract: ['base', 'wire'],
  clock: ['base'],
  system: ['base'],
  net: ['base', 'wire', 'system'],
  threads: ['base', 'system'],
  discovery: ['base', 'wire', 'contract', 'clock', 'system', 'net', 'threads'],
  control: ['base', 'wire', 'contract', 'clock', 'system', 'net', 'threads', 'discovery'],
  media: common,
  reel: [...common, 'media'],
  station: [...common, 'reel'],
  playout: [...common, 'reel', 'station'],
  unicast: [...common, 'reel', 'station'],
  server: [...common, 'media', 'reel', 'station', 'playout', 'unicast'],
  receiver: common,
  viewer: [...common, 'receiver'],
  gateway: [...common, 'receiver', 'reel', 'station'],
  cli: [...common, ...serverBranch, ...clientBranch, 'gateway'],
  web: ['base', 'wire', 'contract', 'clock'],
};

/** Of media, the parent side of a preparation knows only what the child hands over; the rest runs in the child. */
const mediaForParents = [
  join('input', 'language.ts'),
  join('input', 'still-picture.ts'),
  'ratio.ts',
  'settings.ts',
  'most-demanding.ts',
  'source-facts.ts',
  'spool.ts',
  'spool-reader.ts',
  join('subtitles', 'carried.ts'),
  join('subtitles', 'subtitle-files.ts'),
  join('pictures', 'cover-files.ts'),
  'video-files.ts',
].map((name) => join('src', 'media', name));

const root = fileURLToPath(new URL('../..', import.meta.url));
const isTest = (file: string) => file.endsWith('.test.ts');

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(root, folder, path))
    .filter((path) => /\.tsx?$/.test(path));
}
const source = filesBelow('src');
const pages = filesBelow('web');

/** The folder of the table that a file belongs to; null outside of them. */
function folderOf(file: string): string | null {
  const [top = '', folder = ''] = relative(root, file).split(sep);
  if (top === 'web') return 'web';
  return top === 'src' ? folder : null;
}

/** The source file that a relative import means. */
function target(file: string, specifier: string): string {
  const path = resolve(dirname(file), specifier);
  const candidates = [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx'), path];
  return candidates.find((each) => existsSync(each)) ?? path;
}

const relativeImportsOf = (file: string, kinds: 'all' | 'loaded' = 'all') =>
  importsOf(readFileSync(file, 'utf8'))
    .filter(({ specifier, isType }) => specifier.startsWith('.') && (kinds === 'all' || !isType))
    .map(({ specifier }) => target(file, specifier));

test('every folder of src has its line in the table, and every line its folder', () => {
  const folders = readdirSync(join(root, 'src'));
  assert.deepEqual(
    folders.sort(),
    Object.keys(mayImport)
      .filter((name) => name !== 'web')
      .sort(),
  );
  for (const allowed of Object.values(mayImport)) for (const name of allowed) assert.ok(name in mayImport, name);
});

test('a folder imports only what the table allows, by static, dynamic and type imports', () => {
  const wrong: string[] = [];
  let followed = 0;
  for (const file of [...source, ...pages]) {
    const folder = folderOf(file)!;
    for (const imported of relativeImportsOf(file)) {
      followed++;
      const other = folderOf(imported);
      // Tests may use what is in test/support, and pages are opened from package.json's folder.
      if (other === null && isTest(file)) continue;
      if (other === folder || (other !== null && mayImport[folder]!.includes(other))) continue;
      if (relative(root, imported) === 'package.json') continue;
      wrong.push(`${relative(root, file)} → ${relative(root, imported)}`);
    }
  }
  assert.ok(followed > 1_000, `only ${followed} imports were found`);
  assert.deepEqual(wrong, []);
});

test('a table that allowed nothing would be broken by every folder above the first', () => {
  const importing = new Set(
    [...source, ...pages].filter((file) => relativeImportsOf(file).some((each) => folderOf(each) !== folderOf(file))),
  );
  const folders = new Set([...importing].map(folderOf));
  assert.deepEqual(
    Object.keys(mayImport).filter((name) => mayImport[name]!.length > 0 && !folders.has(name)),
    [],
  );
});

test('of media, only the child process takes more than what is handed over', () => {
  const wrong = source
    .filter((file) => folderOf(file) !== 'media' && !isTest(file))
    .filter((file) => !relative(root, file).startsWith(join('src', 'reel', 'child')))
    .flatMap((file) => relativeImportsOf(file).map((imported) => ({ file, imported: relative(root, imported) })))
    .filter(({ imported }) => imported.startsWith(join('src', 'media')) && !mediaForParents.includes(imported))
    .map(({ file, imported }) => `${relative(root, file)} → ${imported}`);
  assert.deepEqual(wrong, []);
});

const loadsFfmpeg = (file: string) =>
  importsOf(readFileSync(file, 'utf8')).some(({ specifier }) => /^node-av/.test(specifier));

test('only media loads FFmpeg', () => {
  const loading = source.filter((file) => !isTest(file) && loadsFfmpeg(file));
  assert.ok(loading.length > 0);
  for (const file of loading) assert.equal(folderOf(file), 'media', relative(root, file));
});

test('only the child process reaches what loads FFmpeg', () => {
  // A machine that only watches has no node-av: nothing on its way may import a file that does.
  const reach = new Set<string>();
  const visit = (file: string) => {
    if (reach.has(file)) return;
    reach.add(file);
    if (file.endsWith('.ts')) relativeImportsOf(file, 'loaded').forEach(visit);
  };
  visit(join(root, 'src', 'cli', 'main.ts'));
  assert.ok(reach.size > 100, `only ${reach.size} modules are reached from the command line`);
  assert.deepEqual(
    [...reach].filter((file) => file.endsWith('.ts') && loadsFfmpeg(file)).map((file) => relative(root, file)),
    [],
  );
});

const matching = (pattern: RegExp) =>
  source
    .filter(
      (file) => !isTest(file) && pattern.test(readFileSync(file, 'utf8').replaceAll(/^ *(\/\*\*|\*|\/\/).*$/gm, '')),
    )
    .map((file) => relative(join(root, 'src'), file))
    .sort();

test('text reaches standard output and error only through the file that makes it printable', () => {
  assert.deepEqual(matching(/console\.|process\.(stdout|stderr)\.write|writeSync\([12]\b/), [
    join('cli', 'output.ts'),
    join('reel', 'child', 'media-entry.ts'), // Reports as JSON, for its parent.
  ]);
  // The streams themselves, to be handed to a function of that file or of the viewer's terminal.
  assert.deepEqual(matching(/process\.(stdout|stderr)\b(?!\.(isTTY|columns|on\b))/), [
    join('cli', 'output.ts'),
    join('cli', 'record.ts'), // The recording itself.
    join('cli', 'watch.ts'),
  ]);
  assert.deepEqual(matching(/output\.write\(/), [
    join('viewer', 'players', 'alternate-screen.ts'), // Only our own control sequences.
    join('viewer', 'players', 'screen-text.ts'),
    join('viewer', 'terminal.ts'),
  ]);
});

test('no modules import each other in a circle', () => {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]) => {
    if (way.includes(file)) {
      circles.push([...way.slice(way.indexOf(file)), file].map((each) => relative(root, each)).join(' → '));
    } else if (!done.has(file)) {
      if (/\.tsx?$/.test(file)) for (const loaded of relativeImportsOf(file, 'loaded')) visit(loaded, [...way, file]);
      done.add(file);
    }
  };
  for (const file of [...source, ...pages]) visit(file, []);
  assert.deepEqual(circles, []);
});

test('.ci/run installs everything that tests check us against', () => {
  const script = readFileSync(join(root, '.ci', 'run'), 'utf8');
  const installed = new Set(/packages=\(([^)]*)\)/.exec(script)![1]!.trim().split(/\s+/));
  assert.deepEqual(
    Object.values(packages).filter((name) => !installed.has(name)),
    [],
  );
});
