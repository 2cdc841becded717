// `npm test`: sets up what is missing, runs every test, ends with a line "N passed, N failed, N skipped".
// Arguments choose test files: those whose path contains one of them.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
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

process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
process.env.MSC_INTERFACE ??= 'lo';

// Films and reels that the test files share.
const shared = mkdtempSync(join(tmpdir(), 'msc-tests-'));
process.env.MSC_TEST_SHARED = shared;
process.on('exit', () => rmSync(shared, { recursive: true, force: true }));

/** Most files that are run again: more failures than these are no matter of a busy machine. */
const MOST_AGAIN = 5;

/** Files whose time is printed. */
const MOST_NAMED = 15;

const sourceOf = (path) => relative(join(root, 'dist'), path).split(sep).join('/').replace(/\.js$/, '.ts');

/** Runs a test file; resolves with the names of its tests by outcome, and the reasons of skipped ones. */
async function runFile(path) {
  const began = performance.now();
  const result = { passed: [], failed: [], skipped: new Map(), seconds: 0 };
  const stream = run({ files: [path], timeout: 480_000 });
  stream.on('test:pass', ({ name, skip, details }) => {
    if (details.type === 'suite') return;
    if (skip === undefined) result.passed.push(name);
    else result.skipped.set(name, skip);
  });
  stream.on('test:fail', ({ name, details }) => {
    if (details.type !== 'suite') result.failed.push(name);
  });
  stream.compose(new spec()).pipe(process.stdout, { end: false });
  await new Promise((resolve) => stream.on('end', resolve));
  result.seconds = (performance.now() - began) / 1000;
  return result;
}

/** By path. */
const results = new Map();

/** Runs the test files of a list one after another, and takes them from it; several may do so with one list. */
async function work(waiting) {
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) results.set(path, await runFile(path));
}

const isAlone = (path) => alone.includes(sourceOf(path));
const laneOf = (path) => lanes.findIndex((sources) => sources.includes(sourceOf(path)));
const inLane = (lane) => files.filter((path) => laneOf(path) === lane);
const others = inLane(-1).filter((path) => !isAlone(path));
// Unit tests are short: they come last and fill the remaining processor time.
const isWhole = (path) => path.startsWith(join(root, 'dist', 'test'));
await work(files.filter(isAlone));
const rest = [...others.filter(isWhole), ...others.filter((path) => !isWhole(path))];
await Promise.all([
  // What has ended with its lane helps with the rest.
  ...lanes.map((_, lane) => work(inLane(lane)).then(() => work(rest))),
  ...Array.from({ length: Math.max(1, availableParallelism() - 1) }, () => work(rest)),
]);

// Players of other people miss their times beside other tests on a busy machine: what fails is run once more, alone.
const unsteady = [];
const failedFiles = [...results].filter(([, { failed }]) => failed.length > 0);
if (failedFiles.length <= MOST_AGAIN) {
  for (const [path, { failed }] of failedFiles) {
    const again = await runFile(path);
    results.set(path, again);
    for (const name of failed) if (!again.failed.includes(name)) unsteady.push(`${sourceOf(path)}: ${name}`);
  }
}
await new Promise((resolve) => setImmediate(resolve));

const all = [...results];
const skipped = all.flatMap(([, { skipped }]) => [...skipped]);
const failures = all.flatMap(([path, { failed }]) => failed.map((name) => `${sourceOf(path)}: ${name}`));
const passed = all.reduce((sum, [, { passed }]) => sum + passed.length, 0);
const slowest = all.toSorted(([, a], [, b]) => b.seconds - a.seconds).slice(0, MOST_NAMED);
console.log('\nThe files that took longest:');
for (const [path, { seconds }] of slowest) console.log(`  ${seconds.toFixed(0).padStart(4)} s  ${sourceOf(path)}`);
if (skipped.length > 0) {
  console.log('\nSkipped:');
  for (const [name, reason] of skipped) console.log(`  ${name}: ${reason}`);
}
if (unsteady.length > 0) {
  console.log('\nFailed beside other tests, and passed alone:');
  for (const name of unsteady) console.log(`  ${name}`);
}
for (const failure of failures) console.log(`failed: ${failure}`);
if (files.length === 0) console.log(`No test file matches ${chosen.join(', ')}.`);
console.log(`\n${passed} passed, ${failures.length} failed, ${skipped.length} skipped`);
process.exit(failures.length > 0 || passed === 0 ? 1 : 0);
