// `npm test`: sets up what is missing, runs every test, ends with a line "N passed, N failed, N skipped".
// Arguments choose test files: those whose path contains one of them.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { alone, lanes } from './lanes.mjs';
import { build, install, root } from './setup.mjs';

install();
build();

const chosen = process.argv.slice(2);
const files = ['test', 'web-js/web', 'src']
  .flatMap((folder) =>
    readdirSync(join(root, 'dist', folder), { recursive: true })
      .sort()
      .map((path) => join(root, 'dist', folder, path)),
  )
  .filter((path) => path.endsWith('.test.js'))
  .filter((path) => chosen.length === 0 || chosen.some((part) => relative(root, path).includes(part)));

const count = { passed: 0, failed: 0, skipped: 0 };
const skipped = new Map();
const failures = [];

process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
process.env.MSC_INTERFACE ??= 'lo';
const listeners = {
  'test:pass': (event) => {
    if (event.skip !== undefined) {
      count.skipped++;
      skipped.set(event.name, event.skip);
    } else count.passed++;
  },
  'test:fail': (event) => {
    count.failed++;
    failures.push(`${relative(root, event.file ?? '')}: ${event.name}`);
  },
};

/** Runs test files, at most `concurrency` at once; resolves when all have ended. */
async function runAll(paths, concurrency) {
  if (paths.length === 0) return;
  const stream = run({ files: paths, concurrency, timeout: 480_000 });
  for (const [name, listener] of Object.entries(listeners)) {
    stream.on(name, (event) => {
      if (event.details.type !== 'suite') listener(event);
    });
  }
  stream.compose(new spec()).pipe(process.stdout, { end: false });
  await new Promise((resolve) => stream.on('end', resolve));
}

const sourceOf = (path) => relative(join(root, 'dist'), path).split(sep).join('/').replace(/\.js$/, '.ts');
const isAlone = (path) => alone.includes(sourceOf(path));
const laneOf = (path) => lanes.findIndex((sources) => sources.includes(sourceOf(path)));
const inLane = (lane) => files.filter((path) => laneOf(path) === lane);
const others = inLane(-1).filter((path) => !isAlone(path));
// Unit tests are short: they come last and fill the remaining processor time.
const isWhole = (path) => path.startsWith(join(root, 'dist', 'test'));
await runAll(files.filter(isAlone), 1);
await Promise.all([
  ...lanes.map((_, lane) => runAll(inLane(lane), 1)),
  runAll(others.filter(isWhole), Math.max(1, availableParallelism() - 1)).then(() =>
    runAll(
      others.filter((path) => !isWhole(path)),
      Math.max(2, availableParallelism() - 1),
    ),
  ),
]);
await new Promise((resolve) => setImmediate(resolve));

if (skipped.size > 0) {
  console.log('\nSkipped:');
  for (const [name, reason] of skipped) console.log(`  ${name}: ${reason}`);
}
for (const failure of failures) console.log(`failed: ${failure}`);
if (files.length === 0) console.log(`No test file matches ${chosen.join(', ')}.`);
console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exit(count.failed > 0 || count.passed === 0 ? 1 : 0);
