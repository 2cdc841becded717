import assert from 'node:assert/strict';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { outOfFiles, runOutOfFiles } from '../../test/support/out-of-files.js';
import { makeSource } from '../../test/support/sources.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { defaultMediaSettings } from '../media/settings.js';
import { runMediaChild } from './media-child.js';

test('a child that cannot be started because too many files are open is a problem, not a crash', outOfFiles, () => {
  assert.match(runOutOfFiles('media'), /^prepare: slate: the preparing process could not be started: .*EMFILE/);
});

for (const name of ['packets.ts', 'audio.aac', 'index.bin']) {
  test(`a disk that is full while ${name} is written is a problem of the store`, {
    skip: !existsSync('/dev/full') && 'needs /dev/full',
  }, async (context) => {
    const folder = scratchFolder(context);
    const source = makeSource({ path: join(folder, 'film.mp4'), seconds: 1 });
    const reel = join(folder, 'reel');
    mkdirSync(reel);
    symlinkSync('/dev/full', join(reel, name));
    const request = { task: 'reel', source, settings: defaultMediaSettings, folder: reel } as const;
    await assert.rejects(
      runMediaChild({ request, subject: source }),
      (error) => error instanceof Problem && error.code === 'store' && /the disk is full/.test(error.message),
    );
  });
}
