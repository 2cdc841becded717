// A module loader hook: gives the modules of a fuzzing target a counter for each branch and each statement.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import istanbul from 'istanbul-lib-instrument';

// Coverage of all modules lies in globalThis.__coverage__, by path.
const instrumenter = istanbul.createInstrumenter({ esModules: true, preserveComments: false });
let beginnings = [];

/** `data`: how the URLs of the modules begin. */
export function initialize(data) {
  beginnings = data;
}

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.js') || !beginnings.some((beginning) => url.startsWith(beginning))) return nextLoad(url, context);
  const path = fileURLToPath(url);
  const source = instrumenter.instrumentSync(await readFile(path, 'utf8'), path);
  return { format: 'module', source, shortCircuit: true };
}
