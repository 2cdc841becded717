import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeSource } from '../../../test/support/sources.js';
import { scratchFolder } from '../../../test/support/spool.js';
import { systemCode } from '../../base/problem.js';
import { defaultMediaSettings } from '../../media/settings.js';
import { makeReel } from './make-reel.js';

const noProgress = () => undefined;

for (const format of ['h264', 'jpeg'] as const) {
  test(`a reel of ${format} has its four files and nothing else`, (context) => {
    const folder = scratchFolder(context);
    const source = makeSource({ path: join(folder, 'film.mp4'), seconds: 2 });
    const reel = join(folder, 'reel');
    mkdirSync(reel);
    const settings = { ...defaultMediaSettings, format };
    const done: number[] = [];
    makeReel({ source, settings, folder: reel }, (share) => done.push(share));
    const packets = format === 'h264' ? 'packets.ts' : 'packets.rtpjpeg';
    assert.deepEqual(readdirSync(reel).sort(), ['index.bin', packets, 'poster.jpg', 'reel.json'].sort());
    const manifest = JSON.parse(readFileSync(join(reel, 'reel.json'), 'utf8'));
    assert.equal(manifest.bytes, readFileSync(join(reel, packets)).length);
    assert.equal(manifest.duration, 180_000);
    assert.ok(manifest.peakToAverage <= 2);
    assert.deepEqual(
      done,
      [...done].sort((a, b) => a - b),
      'progress only grows',
    );
  });
}

test('a full disk ends it with the system’s word for that', {
  skip: !existsSync('/dev/full') && 'needs /dev/full',
}, (context) => {
  const folder = scratchFolder(context);
  const source = makeSource({ path: join(folder, 'film.mp4'), seconds: 1 });
  const reel = join(folder, 'reel');
  mkdirSync(reel);
  symlinkSync('/dev/full', join(reel, 'packets.ts'));
  assert.throws(
    () => makeReel({ source, settings: defaultMediaSettings, folder: reel }, noProgress),
    (error) => systemCode(error) === 'ENOSPC',
  );
});
