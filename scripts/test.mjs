// `npm test`: sets up what is missing, runs every test, ends with a line "N passed, N failed, N skipped".
// Arguments choose test files: those whose path contains one of them.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { build, install, root } from './setup.mjs';

install();
build();

const chosen = process.argv.slice(2);
// The longest first: those of single modules fill what is left.
const files = ['test', 'web-js/web', 'src']
  .flatMap((folder) =>
    readdirSync(join(root, 'dist', folder), { recursive: true })
      .sort()
      .map((path) => join(root, 'dist', folder, path)),
  )
  .filter((path) => path.endsWith('.test.js'))
  .filter((path) => chosen.length === 0 || chosen.some((part) => relative(root, path).includes(part)));

const count = { passed: 0, failed: 0, skipped: 0 };
const leftOut = new Map();
const failures = [];

process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
process.env.MSC_INTERFACE ??= 'lo';
// Many wait for what comes in its own time: two at once also where there are two processors.
const concurrency = Math.max(2, availableParallelism() - 1);
const stream = run({ files, concurrency, timeout: 480_000 });
stream.on('test:pass', (event) => {
  if (event.details.type === 'suite') return;
  if (event.skip !== undefined) {
    count.skipped++;
    leftOut.set(event.name, event.skip);
  } else count.passed++;
});
stream.on('test:fail', (event) => {
  if (event.details.type === 'suite') return;
  count.failed++;
  failures.push(`${relative(root, event.file ?? '')}: ${event.name}`);
});
stream.compose(new spec()).pipe(process.stdout);
await new Promise((resolve) => stream.on('end', resolve));
await new Promise((resolve) => setImmediate(resolve));

if (leftOut.size > 0) {
  console.log('\nLeft out:');
  for (const [name, reason] of leftOut) console.log(`  ${name}: ${reason}`);
}
for (const failure of failures) console.log(`failed: ${failure}`);
if (files.length === 0) console.log(`No test file matches ${chosen.join(', ')}.`);
console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exit(count.failed > 0 || count.passed === 0 ? 1 : 0);
