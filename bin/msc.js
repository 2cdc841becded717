#!/usr/bin/env node
import { existsSync } from 'node:fs';

// In a fresh clone nothing is built yet; a published package is.
if (!existsSync(new URL('../dist/src/cli/main.js', import.meta.url))) {
  const { build, install } = await import('../scripts/setup.mjs');
  install();
  build();
}
const { main } = await import('../dist/src/cli/main.js');

await main(process.argv.slice(2));
