/** Options of the benchmarks: one table gives their defaults, types and help. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { refuse } from './namespace.js';

type Value = boolean | string | number | readonly number[];
/** The default, which also gives the type, and the help. A string without a default is ''. */
type Option = readonly [value: Value, help: string];
type Widened<V> = V extends boolean
  ? boolean
  : V extends string
    ? string
    : V extends number
      ? number
      : readonly number[];

export const msc = fileURLToPath(new URL('../../../bin/msc.js', import.meta.url));

/** Options that most benchmarks have. */
export const outOption = { out: ['', 'write the results to this file as JSON'] as const };
export const mscOption = { msc: [msc, 'bin/msc.js of the build to measure'] as const };

/** Reads the command line. With --help it prints the description and the options, and exits. */
export function readOptions<T extends Record<string, Option>>(
  description: string,
  table: T,
): { [K in keyof T]: Widened<T[K][0]> } {
  const entries = Object.entries(table);
  const { values } = parse(table);
  if (values.help) {
    console.log(`${description}\n`);
    for (const [name, [value, help]] of entries) {
      const suffix = value === '' || value === false ? '' : ` (default: ${value})`;
      console.log(`  --${name.padEnd(12)} ${help}${suffix}`);
    }
    process.exit();
  }
  const read = entries.map(([name, [value]]) => {
    const given = (values as Record<string, string | boolean | undefined>)[name];
    if (typeof given !== 'string' || typeof value === 'string') return [name, given ?? value];
    const numbers = given.split(',').map(Number);
    const isValid = numbers.every((number) => number >= 0) && (typeof value !== 'number' || numbers.length === 1);
    if (!isValid)
      refuse(`--${name} ${given}: expected ${typeof value === 'number' ? 'a number' : 'numbers with commas'}`);
    return [name, typeof value === 'number' ? numbers[0] : numbers];
  });
  return Object.fromEntries(read);
}

/** The words of the command line that are no options, after the benchmark's name. */
export const readWords = (table: Record<string, Option>): string[] => parse(table).positionals.slice(1);

function parse(table: Record<string, Option>) {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, [value]]) => {
      return [name, { type: typeof value === 'boolean' ? 'boolean' : 'string' } as const];
    }),
  );
  return parseArgs({ options: { ...options, help: { type: 'boolean' } }, allowPositionals: true });
}

/** `list`: beginnings of names, separated by commas; '' selects all. */
export function nameFilter(list: string): (name: string) => boolean {
  const starts = list.toLowerCase().split(',');
  return (name) => starts.some((start) => name.toLowerCase().startsWith(start));
}
