import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failCall } from '../../test/support/failing-files.js';
import { openStore } from '../../test/support/film.js';
import { makeSource } from '../../test/support/sources.js';
import { scratchFolder, sharedFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
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

test('a source that changed is prepared again', async (context) => {
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

const shared = sharedFolder();
/** The film and its store, made once for all tests. */
const prepared = (async () => {
  const store = new Store(join(shared, 'store'));
  await store.open();
  const source = makeSource({ path: join(shared, 'film.mp4'), seconds: 1 });
  const { reel } = await prepareReel({ source, settings, store });
  closeReel(reel);
  return { source, id: reel.data.manifest.id, folder: store.folder };
})();

/** A store of the test's own with the reel of a film. */
async function storeWithReel(context: TestContext) {
  const { source, id, folder } = await prepared;
  const lines: string[] = [];
  const store = new Store(join(scratchFolder(context), 'store'), { log: (line) => lines.push(line) });
  cpSync(folder, store.folder, { recursive: true });
  return { store, source, folder: store.reelFolder(id), id, lines };
}

/** Asserts that an operation rejects with a problem of the store that names the folder and the next step. */
const rejectsWithProblem = (operation: Promise<unknown>, folder: string, message: string) =>
  assert.rejects(
    operation,
    (error) => {
      assert.ok(error instanceof Problem, String(error));
      assert.equal(error.code, 'store');
      assert.ok(error.message.includes(folder), error.message);
      assert.match(error.next, /^[A-Z].*\.$/);
      return true;
    },
    message,
  );

test('a damaged reel is logged, removed and made again', async (context) => {
  const { store, source, folder, lines } = await storeWithReel(context);
  truncateSync(join(folder, ReelFile.packets.h264), 1_316);
  assert.equal(await findReel({ source, settings, store }), null);
  assert.equal(existsSync(folder), false);
  assert.equal(lines.length, 1);
  assert.ok(lines[0]!.includes(folder) && lines[0]!.includes(ReelFile.packets.h264), lines[0]);
  const again = await prepareReel({ source, settings, store });
  assert.equal(again.made, true);
  closeReel(again.reel);
});

for (const code of ['EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'EIO', 'ESTALE', 'ETIMEDOUT', 'ENOMEM']) {
  test(`a reel that cannot be read because of ${code} is a problem, and stays`, async (context) => {
    const { store, source, folder, lines } = await storeWithReel(context);
    const contents = readdirSync(folder);
    const inReel = (path: string) => path.startsWith(folder);
    const descriptors: string[] = [];
    const calls = [
      { call: 'stat', applies: inReel },
      { call: 'readFile', applies: (path: string) => path === join(folder, ReelFile.manifest) },
      { call: 'readFile', applies: (path: string) => path === join(folder, ReelFile.index) },
      { call: 'open', applies: inReel },
      { call: 'fstat', applies: (descriptor: string) => descriptors.push(descriptor) > 0 },
    ] as const;
    for (const { call, applies } of calls) {
      const restore = failCall(context, { call, code, applies });
      await rejectsWithProblem(findReel({ source, settings, store }), folder, call);
      await rejectsWithProblem(prepareReel({ source, settings, store }), folder, call);
      restore();
      assert.deepEqual(readdirSync(folder), contents, call);
    }
    assert.ok(descriptors.length >= 2);
    for (const descriptor of descriptors) assert.throws(() => fstatSync(Number(descriptor)), /EBADF/);
    assert.deepEqual(readdirSync(join(store.folder, 'making')), []);
    assert.deepEqual(lines, []);
    const again = await prepareReel({ source, settings, store });
    assert.equal(again.made, false);
    closeReel(again.reel);
  });
}

test('a damaged reel leaves no descriptor open', async (context) => {
  const { store, source, folder } = await storeWithReel(context);
  truncateSync(join(folder, ReelFile.packets.h264), 1_316);
  const closed: string[] = [];
  failCall(context, { call: 'fstat', code: 'none', applies: (descriptor) => closed.push(descriptor) < 0 });
  assert.equal(await findReel({ source, settings, store }), null);
  assert.equal(closed.length, 1);
  assert.throws(() => fstatSync(Number(closed[0])), /EBADF/);
});

test('a station that has a reel open goes on reading it after another process has removed it', {
  skip: process.platform === 'win32' && 'open files cannot be removed there',
}, async (context) => {
  const { store, source, folder, id } = await storeWithReel(context);
  const reel = await store.openReel(id);
  context.after(() => closeReel(reel));
  truncateSync(join(folder, ReelFile.index), 4);
  assert.equal(await findReel({ source, settings, store: new Store(store.folder) }), null);
  assert.equal(fstatSync(reel.data.descriptor).size, reel.position(reel.packetCount));
});

test('the remains of a reel that was only half removed make room for the next', async (context) => {
  const { store, source, folder } = await storeWithReel(context);
  rmSync(join(folder, ReelFile.manifest));
  const again = await prepareReel({ source, settings, store });
  assert.equal(again.made, true);
  closeReel(again.reel);
});

test('a reel that another process has finished meanwhile stays, and is used', async (context) => {
  const { store, folder, id } = await storeWithReel(context);
  const { ino } = statSync(folder);
  const making = await store.makingFolder();
  writeFileSync(join(making, ReelFile.manifest), 'another');
  await store.adopt(making, id);
  assert.equal(statSync(folder).ino, ino);
});

test('a finished reel that cannot be put in its place is a problem', async (context) => {
  const { store, id } = await storeWithReel(context);
  const making = await store.makingFolder();
  failCall(context, { call: 'rename', code: 'EIO' });
  await rejectsWithProblem(store.adopt(making, id), store.folder, 'rename');
});

for (const note of ['', '{', 'null', '[]', '{"size": 1}', '{"size":1,"mtimeMs":1,"content":""}']) {
  test(`a source whose note is ${JSON.stringify(note)} is read again`, async (context) => {
    const { store, source } = await storeWithReel(context);
    const sources = join(store.folder, 'sources');
    for (const name of readdirSync(sources)) writeFileSync(join(sources, name), note);
    assert.equal(await store.knownContentHash(source), null);
    const again = await prepareReel({ source, settings, store });
    assert.equal(again.made, false);
    closeReel(again.reel);
  });
}

test('a note on a source that cannot be read is a problem', async (context) => {
  const { store, source } = await storeWithReel(context);
  failCall(context, { call: 'readFile', code: 'EIO', applies: (path) => path.includes('sources') });
  await rejectsWithProblem(store.knownContentHash(source), store.folder, 'readFile');
});

test('a source that cannot be read is a problem of the source', async (context) => {
  const { store, source } = await storeWithReel(context);
  failCall(context, { call: 'stat', code: 'EIO', applies: (path) => path === source });
  await assert.rejects(
    findReel({ source, settings, store }),
    (error) => error instanceof Problem && error.code === 'source' && error.message.includes(source),
  );
});

test('a poster that cannot be read is a problem, and one that is missing is null', async (context) => {
  const { store, folder, id } = await storeWithReel(context);
  const restore = failCall(context, { call: 'readFile', code: 'EMFILE' });
  await rejectsWithProblem(store.poster(id), folder, 'readFile');
  restore();
  rmSync(join(folder, ReelFile.poster), { force: true });
  assert.equal(await store.poster(id), null);
});

test('the remains of a killed preparation are removed at the next start, those of a running one are not', async (context) => {
  const store = await openStore(context);
  const making = join(store.folder, 'making');
  mkdirSync(join(making, '4194305-dead')); // above the highest process id
  mkdirSync(join(making, `${process.pid}-alive`));
  await new Store(store.folder).open();
  assert.deepEqual(readdirSync(making), [`${process.pid}-alive`]);
});

test('two servers that start at once may both remove the same remains', async (context) => {
  const store = await openStore(context);
  mkdirSync(join(store.folder, 'making', '4194305-dead'));
  await Promise.all([new Store(store.folder).open(), new Store(store.folder).open()]);
  assert.deepEqual(readdirSync(join(store.folder, 'making')), []);
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

test('a child that reports nothing, or takes too much memory, is ended', async (context) => {
  const store = await openStore(context);
  const source = makeSource({ path: join(scratchFolder(context), 'film.mp4'), seconds: 1 });
  const limits = { silence: Millis(1), memory: Number.POSITIVE_INFINITY };
  await assert.rejects(prepareReel({ source, settings, store, limits }), /no progress/);
  const small = { silence: Millis(60_000), memory: 1_000 };
  await assert.rejects(prepareReel({ source, settings, store, limits: small }), /too much memory/);
  assert.deepEqual(readdirSync(join(store.folder, 'making')), []);
});

test('a store that cannot be made is a problem that names it', async (context) => {
  const file = join(scratchFolder(context), 'file');
  writeFileSync(file, '');
  const store = new Store(join(file, 'store'));
  await assert.rejects(store.open(), (error) => error instanceof Problem && error.code === 'store');
  assert.ok(!existsSync(join(file, 'store')));
});
