import assert from 'node:assert/strict';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../test/support/spool.js';
import { Millis } from '../base/units.js';
import { Verifications } from './verifications.js';

test('after the machine stopped, files that were written meanwhile are forgotten, and not those that were only read', async (context) => {
  const folder = scratchFolder(context);
  const verifications = new Verifications(folder);
  const written: Record<string, Millis | null> = { made: Millis(1_500_000), read: Millis(900_000), gone: null };
  const measured = { bytes: 1, inode: 1, mtimeMs: 1, checksum: 1 };
  for (const id of [...Object.keys(written), 'earlier']) {
    await verifications.add(id, measured);
    const notedAt = id === 'earlier' ? 900 : 2_000;
    utimesSync(join(folder, `${id}.json`), notedAt, notedAt);
  }
  const asked: string[] = [];
  await verifications.forgetSince(Millis(1_000_000), async (id) => {
    asked.push(id);
    return written[id] ?? null;
  });
  assert.deepEqual(readdirSync(folder).sort(), ['earlier.json', 'read.json']);
  assert.deepEqual(asked.sort(), ['gone', 'made', 'read']);
});
