/** One target in a process of its own, whose modules scripts/fuzz-hooks.mjs gives counters: `npm run fuzz` starts it. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readCorpus, writeCorpus } from './corpus.js';
import { Coverage, type CoverageData } from './coverage.js';
import { FoundFault, Fuzzer } from './fuzzer.js';
import type { FuzzTarget } from './target.js';
import { loadTarget, targetModules } from './targets.js';
import { watch } from './watchdog.js';

/** Exit code of Node.js where the main module waits for a promise that nothing will settle. */
const UNSETTLED = 13;

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    input: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const name = positionals[0]!;
const source = new URL('../../src/', import.meta.url).href;
register(new URL('../../../scripts/fuzz-hooks.mjs', import.meta.url), {
  data: targetModules[name]!.map((module) => source + module),
});
const target: FuzzTarget = await loadTarget(name);
const again = (path: string) => `The input is in ${path}. Run it again: npm run fuzz -- ${name} --input ${path}`;

function report(input: Buffer, message: string): never {
  const path = join(root, `fuzz-${name}-${createHash('sha256').update(input).digest('hex').slice(0, 8)}.bin`);
  writeFileSync(path, input);
  console.error(`${name}: ${message}\n${again(path)}`);
  process.exit(1);
}

if (values.input !== undefined) {
  await target.run(readFileSync(values.input));
  console.log(`${name}: ${values.input} breaks no rule.`);
  process.exit(0);
}

// Some modules are loaded when they are first needed.
for (const seed of target.seeds()) await target.run(Buffer.from(seed));
const coverage = new Coverage((globalThis as { __coverage__?: CoverageData }).__coverage__ ?? {});
coverage.take({ all: true });
const path = join(root, `fuzz-${name}-stuck.bin`);
const notice = watch({ largest: target.largest * 2, path, hint: again(path) });
let current = Buffer.alloc(0);
const onInput = (input: Buffer) => {
  current = input as typeof current;
  notice(input);
};
const fuzzer = new Fuzzer({ target, coverage, seed: Number(values.seed), onInput });
// Thrown by something that a run has left behind, or no longer waited for.
process.on('uncaughtException', (error) => report(current, `outside of a run: ${error.stack}`));
process.on('exit', (code) => {
  if (code === UNSETTLED) report(current, 'a promise is never settled');
});

const began = Date.now();
const seconds = () => (Date.now() - began) / 1000;
const state = () =>
  `${name}: ${Math.round(seconds())} s, ${fuzzer.runs.toLocaleString('en')} inputs, ${coverage.edges} of ` +
  `${coverage.total} edges, ${fuzzer.corpus.length} kept, at most ${Math.round(fuzzer.mostWork * 100)}% of the allowed work`;
let reportAt = 60;
try {
  for (const input of [...target.seeds(), ...readCorpus(name)]) await fuzzer.add(input);
  await fuzzer.fuzz(() => {
    if (seconds() > reportAt) {
      reportAt += 60;
      console.log(state());
    }
    return seconds() >= Number(values.seconds);
  });
} catch (error) {
  if (error instanceof FoundFault) report(error.input, error.message);
  throw error;
}
console.log(state());
if (values.keep) {
  const kept = await writeCorpus(target, [...readCorpus(name), ...fuzzer.corpus], coverage);
  console.log(`${name}: ${kept} inputs are in the corpus now.`);
}
process.exit(0);
