import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeSource } from '../../test/support/sources.js';
import { pathFrom, systemPath } from '../base/path-bytes.js';
import { defaultMediaSettings } from '../media/settings.js';
import { findReel, prepareReel } from './prepare.js';
import { Store } from './store.js';

const folder = mkdtempSync(join(tmpdir(), 'msc-url-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const names: [what: string, bytes: string][] = [
  ['bytes that are not UTF-8', 'caf\xe9 \xff.mp4'],
  ['control characters', 'a\x1b[31m\nb.mp4'],
  ['the beginning of an address', 'http:film%20#1?x.mp4'],
];

for (const [what, bytes] of names) {
  test(`a film whose name has ${what} is prepared, and known at the next start`, {
    skip: process.platform !== 'linux' && 'needs names of any bytes',
  }, async () => {
    const plain = makeSource({ path: join(folder, 'plain.mp4'), seconds: 1 });
    const source = pathFrom(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(bytes, 'latin1')]));
    renameSync(plain, systemPath(source));
    const store = new Store(join(folder, `store-${bytes.length}`));
    await store.open();
    const { reel } = await prepareReel({ source, settings: defaultMediaSettings, store });
    assert.equal(reel.data.manifest.properties.video, 'copied', 'it is read a second time while it is multiplexed');
    assert.equal(reel.data.manifest.duration, 90_000);
    assert.ok(readdirSync(store.reelFolder(reel.data.manifest.id)).includes('poster.jpg'));
    assert.ok(await findReel({ source, settings: defaultMediaSettings, store }));
  });
}
