/** The corpus of a target in the repository: a file with a line of base64 for each input. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Coverage } from './coverage.js';
import type { FuzzTarget } from './target.js';

const folder = fileURLToPath(new URL('../../../test/fuzz/corpus', import.meta.url));
const pathOf = (name: string): string => join(folder, `${name}.txt`);

/** Bytes of a target's file: each test run replays it, and the repository keeps every version. */
const MOST_BYTES = 34_000;

export function readCorpus(name: string): Buffer[] {
  if (!existsSync(pathOf(name))) return [];
  const lines = readFileSync(pathOf(name), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
}

/** Writes the inputs that execute something which shorter ones do not, the shortest first, as many as there is room for. */
export async function writeCorpus(target: FuzzTarget, inputs: readonly Buffer[], coverage: Coverage): Promise<number> {
  const seen = new Set<number>();
  const lines: string[] = [];
  let bytes = 0;
  for (const input of [...inputs].sort((a, b) => a.length - b.length)) {
    coverage.take({ all: true });
    await target.run(Buffer.from(input));
    const fresh = coverage.take({ all: true }).news.filter((feature) => !seen.has(feature));
    const line = `${input.toString('base64')}\n`;
    if (input.length === 0 || fresh.length === 0 || bytes + line.length > MOST_BYTES) continue;
    for (const feature of fresh) seen.add(feature);
    lines.push(line);
    bytes += line.length;
  }
  writeFileSync(pathOf(target.name), lines.join(''));
  return lines.length;
}
