import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../test/support/film.js';
import { makeSource } from '../../test/support/sources.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { defaultMediaSettings } from '../media/settings.js';
import { closeReel } from './open-reel.js';
import { findReel, prepareReel } from './prepare.js';
import { ReelFile } from './reel.js';
import { Store } from './store.js';

const settings = defaultMediaSettings;

test('a reel is made once, also for a copy of its source under another name', async (context) => {
  const folder = scratchFolder(context);
  const store = await openStore(context);
  const source = makeSource({ path: join(folder, 'film.mp4'), seconds: 1 });
  assert.equal(await findReel({ source, settings, store }), null);
  const first = await prepareReel({ source, settings, store });
  assert.equal(first.made, true);
  const again = await prepareReel({ source, settings, store });
  assert.equal(again.made, false);
  const copy = join(folder, 'copy.mp4');
  copyFileSync(source, copy);
  const other = await prepareReel({ source: copy, settings, store });
  assert.equal(other.reel.data.manifest.id, first.reel.data.manifest.id);
  assert.deepEqual(readdirSync(join(store.folder, 'reels')), [first.reel.data.manifest.id]);
  assert.deepEqual(readdirSync(join(store.folder, 'making')), []);
  for (const { reel } of [first, again, other]) closeReel(reel);
});

test('a source that changed is prepared anew', async (context) => {
  const folder = scratchFolder(context);
  const store = await openStore(context);
  const source = makeSource({ path: join(folder, 'film.mp4'), seconds: 1 });
  const first = await prepareReel({ source, settings, store });
  makeSource({ path: source, seconds: 2 });
  utimesSync(source, 1_800_000_000, 1_800_000_000);
  const second = await prepareReel({ source, settings, store });
  assert.notEqual(second.reel.data.manifest.id, first.reel.data.manifest.id);
  assert.equal(second.reel.duration, 180_000);
  for (const { reel } of [first, second]) closeReel(reel);
});

test('a damaged reel is made again', async (context) => {
  const store = await openStore(context);
  const source = makeSource({ path: join(scratchFolder(context), 'film.mp4'), seconds: 1 });
  const { reel } = await prepareReel({ source, settings, store });
  closeReel(reel);
  truncateSync(join(store.reelFolder(reel.data.manifest.id), ReelFile.packets.h264), 1_316);
  assert.equal(await findReel({ source, settings, store }), null);
  const again = await prepareReel({ source, settings, store });
  assert.equal(again.made, true);
  closeReel(again.reel);
});

test('what a killed preparation left goes away at the next start, what a running one makes stays', async (context) => {
  const store = await openStore(context);
  const making = join(store.folder, 'making');
  mkdirSync(join(making, '4194305-dead')); // above the highest process id
  mkdirSync(join(making, `${process.pid}-alive`));
  await new Store(store.folder).open();
  assert.deepEqual(readdirSync(making), [`${process.pid}-alive`]);
});

test('an interrupted preparation leaves nothing in the store', async (context) => {
  const store = await openStore(context);
  const source = makeSource({ path: join(scratchFolder(context), 'film.mp4'), seconds: 1 });
  const abort = new AbortController();
  const preparing = prepareReel({ source, settings, store, signal: abort.signal });
  abort.abort();
  await assert.rejects(preparing, (error) => error instanceof Problem && error.code === 'prepare');
  for (const name of ['reels', 'making']) assert.deepEqual(readdirSync(join(store.folder, name)), [], name);
});

test('a child that says nothing, or takes too much memory, is ended', async (context) => {
  const store = await openStore(context);
  const source = makeSource({ path: join(scratchFolder(context), 'film.mp4'), seconds: 1 });
  const limits = { silence: 1, memory: Number.POSITIVE_INFINITY };
  await assert.rejects(prepareReel({ source, settings, store, limits }), /no progress/);
  const small = { silence: 60_000, memory: 1_000 };
  await assert.rejects(prepareReel({ source, settings, store, limits: small }), /too much memory/);
  assert.deepEqual(readdirSync(join(store.folder, 'making')), []);
});

test('a store that cannot be made is a problem with its name', async (context) => {
  const file = join(scratchFolder(context), 'file');
  writeFileSync(file, '');
  const store = new Store(join(file, 'store'));
  await assert.rejects(store.open(), (error) => error instanceof Problem && error.code === 'store');
  assert.ok(!existsSync(join(file, 'store')));
});
