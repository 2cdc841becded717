// `npm run fuzz -- [TARGET…] [--seconds N] [--seed N] [--jobs N] [--keep] [--input FILE]`: fuzzes the targets of
// test/fuzz, each in a process of its own. Ends with 1 when an input broke a rule; the input is then in a file.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, install, root } from './setup.mjs';

const usage = `npm run fuzz -- [TARGET…] [options]

  --seconds N   for each target; default 60
  --seed N      of the random numbers; default from the time
  --jobs N      targets at once; default one for each processor
  --keep        writes what was found to the corpus in test/fuzz/corpus
  --input FILE  runs one input instead`;

install();
build();

const { targetNames } = await import(pathToFileURL(join(root, 'dist', 'test', 'fuzz', 'targets.js')).href);
const options = {
  seconds: { type: 'string', default: '60' },
  seed: { type: 'string', default: String(Date.now() % 1e9) },
  jobs: { type: 'string', default: String(availableParallelism()) },
  keep: { type: 'boolean', default: false },
  input: { type: 'string' },
  help: { type: 'boolean', default: false },
};
const { values, positionals } = parseArgs({ allowPositionals: true, options });
const unknown = positionals.filter((name) => !targetNames.includes(name));
const numbers = [values.seconds, values.seed, values.jobs].map(Number);
const isWrong = unknown.length > 0 || !numbers.every((number) => Number.isInteger(number) && number >= 0);
if (values.help || isWrong || (values.input !== undefined && positionals.length !== 1)) {
  console.error(`${usage}\n\nTargets: ${targetNames.join(', ')}`);
  process.exit(values.help ? 0 : 2);
}

const waiting = positionals.length === 0 ? [...targetNames] : positionals;
const passedOn = ['--seconds', values.seconds, '--seed', values.seed];
if (values.keep) passedOn.push('--keep');
if (values.input !== undefined) passedOn.push('--input', values.input);
if (values.input === undefined) console.log(`Seed ${values.seed}, ${values.seconds} s each: ${waiting.join(', ')}`);

let failures = 0;
async function work() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const entry = join(root, 'dist', 'test', 'fuzz', 'run.js');
    const child = spawn(process.execPath, ['--enable-source-maps', entry, name, ...passedOn], { stdio: 'inherit' });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    if (code !== 0) failures++;
  }
}
await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));
process.exit(failures > 0 ? 1 : 0);
