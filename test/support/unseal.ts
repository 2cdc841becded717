/** A reel as an earlier release has left it in the store, and as the child process leaves it: without a seal. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REEL_VERSION } from '../../src/reel/manifest.js';
import { ReelFile } from '../../src/reel/reel.js';

export function unseal(folder: string): void {
  const path = join(folder, ReelFile.manifest);
  const { seal: _, reel: __, index: ___, ...rest } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...rest, version: REEL_VERSION }, null, 2));
}
