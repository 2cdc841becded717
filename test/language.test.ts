import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Idioms of another language, and terms that this project has a standard word for. CONTRIBUTING.md has the reasons. */
const banned: readonly { pattern: RegExp; instead: string }[] = [
  { pattern: /\b(whoever|whomever|whatever)\b/i, instead: 'name the reader, the viewer, the caller, the station' },
  { pattern: /\banew\b/i, instead: 'again' },
  { pattern: /\bin charge of\b/i, instead: 'responsible for' },
  { pattern: /\bso (long|many|much)\b(?! as\b)/i, instead: 'give the limit, then the reason' },
  { pattern: /\b(is|are|was|were) told\b/i, instead: 'is notified, is called, receives' },
  { pattern: /\bgive or take\b/i, instead: 'within' },
  { pattern: /\bas though\b/i, instead: 'as if' },
  { pattern: /\beras?\b/i, instead: 'period' },
  { pattern: /\bairings?\b/i, instead: 'item on air' },
  { pattern: /\bfigures?\b/i, instead: 'stats, samples, measurements' },
  { pattern: /\bwish(es)?\b/i, instead: 'command' },
  { pattern: /\ballowances?\b/i, instead: 'token bucket, limit' },
  { pattern: /\bpacket places?\b/i, instead: 'packet slots' },
];

/** Files that name the fields of older versions' files. */
const exempt = [
  join('test', 'language.test.ts'),
  ...['station-state-v1.ts', 'station-state.test.ts'].map((name) => join('src', 'station', name)),
];

const endings = /\.(tsx?|mjs|js|css|html|md|sh)$/;
const folders = ['src', 'web', 'test', 'bench', 'scripts', 'bin', 'docs'];

function* textFiles(): Generator<string> {
  for (const name of readdirSync(root)) if (endings.test(name)) yield name;
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name);
      if (endings.test(name) && statSync(join(root, path)).isFile()) yield path;
    }
  }
}

function slipsIn(text: string): { line: number; found: string; instead: string }[] {
  return text.split('\n').flatMap((line, index) =>
    banned.flatMap(({ pattern, instead }) => {
      const found = pattern.exec(line)?.[0];
      return found === undefined ? [] : [{ line: index + 1, found, instead }];
    }),
  );
}

test('comments, messages and documents use plain technical English and the standard terms', () => {
  let files = 0;
  const slips: string[] = [];
  for (const path of textFiles()) {
    files++;
    if (exempt.includes(path)) continue;
    const text = readFileSync(join(root, path), 'utf8');
    // Code in documents can name what an older version had.
    const read = path.endsWith('.md') ? text.replaceAll(/`[^`\n]*`/g, '') : text;
    for (const { line, found, instead } of slipsIn(read)) {
      slips.push(`${path}:${line}: "${found}" (${instead})`);
    }
  }
  assert.ok(files > 500, `only ${files} files were read`);
  assert.deepEqual(slips, []);
});

test('a banned idiom is found in any case, a permitted one is not', () => {
  assert.deepEqual(
    slipsIn('// Whoever reads it\n// as long as it lasts, so long as it lasts\n// waits so long\n').map(
      ({ line }) => line,
    ),
    [1, 3],
  );
});
