import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failCall } from '../../test/support/failing-files.js';
import { openStore } from '../../test/support/film.js';
import { flipBit, flips } from '../../test/support/flips.js';
import { makeSource } from '../../test/support/sources.js';
import { scratchFolder, sharedFolder } from '../../test/support/spool.js';
import { unseal } from '../../test/support/unseal.js';
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import { defaultMediaSettings, type MediaSettings } from '../media/settings.js';
import { ownMark } from '../system/process-mark.js';
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

test('settings that are as always leave the id of a reel as it is, and others change it', async (context) => {
  const store = await openStore(context);
  const idWith = (changed: Partial<MediaSettings>) => store.reelId('0'.repeat(64), { ...settings, ...changed });
  assert.equal(idWith({}), 'befb0f74f4f712b9850c1d8edf262605');
  const others: Partial<MediaSettings>[] = [
    { preset: 'medium' },
    { crf: 18 },
    { encoder: 'auto' },
    { bitrate: 1e6 },
    { maxBitrate: 1e6 },
  ];
  assert.equal(new Set([{}, ...others].map(idWith)).size, 1 + others.length);
  const idOfJpeg = (changed: Partial<MediaSettings>) => idWith({ format: 'jpeg', ...changed });
  assert.equal(idOfJpeg({ crf: 18 }), idOfJpeg({}), 'what does not concern a format does not count');
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

/** A reel as the child process leaves it, which is not sealed yet. */
async function madeAgain(store: Store, folder: string): Promise<string> {
  const making = await store.makingFolder();
  cpSync(folder, making, { recursive: true });
  unseal(making);
  return making;
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

test('a damaged reel is logged, set aside and made again', async (context) => {
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

test('only the reel that was found to be damaged is set aside, not one that was made again meanwhile', async (context) => {
  const { store, source, folder, id } = await storeWithReel(context);
  const packets = join(folder, ReelFile.packets.h264);
  const { size: bytes, ino: inode, mtimeMs } = statSync(packets);
  const condemned = { bytes, inode, mtimeMs };
  const kept = join(store.folder, 'damaged', id);
  assert.equal(await store.setAside(id, condemned), kept);
  const { reel } = await prepareReel({ source, settings, store });
  closeReel(reel);
  assert.equal(await store.setAside(id, condemned), null);
  assert.ok(existsSync(packets));
});

test('a finished reel is used also where the store cannot note that it is whole', async (context) => {
  const { store, source, folder, lines } = await storeWithReel(context);
  rmSync(folder, { recursive: true });
  failCall(context, { call: 'rename', code: 'ENOSPC', applies: (path) => dirname(path).endsWith('verified') });
  const { reel, made } = await prepareReel({ source, settings, store });
  closeReel(reel);
  assert.equal(made, true);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^The reel .* is finished, but the store cannot note it: ENOSPC/);
});

for (const code of ['EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'EIO', 'ESTALE', 'ETIMEDOUT', 'ENOMEM']) {
  test(`a reel that cannot be read because of ${code} is a problem, and stays`, async (context) => {
    const { store, source, folder, lines } = await storeWithReel(context);
    const contents = readdirSync(folder);
    const inReel = (path: string) => path.startsWith(folder);
    const descriptors: string[] = [];
    const inodes = new Set(contents.map((name) => statSync(join(folder, name)).ino));
    const calls = [
      { call: 'stat', applies: inReel },
      { call: 'open', applies: (path: string) => path === join(folder, ReelFile.manifest) },
      { call: 'open', applies: (path: string) => path === join(folder, ReelFile.index) },
      { call: 'open', applies: (path: string) => path === join(folder, ReelFile.packets.h264) },
      {
        call: 'fstat',
        applies: (descriptor: string) =>
          inodes.has(fstatSync(Number(descriptor)).ino) && descriptors.push(descriptor) > 0,
      },
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
  const opened: string[] = [];
  failCall(context, { call: 'fstat', code: 'none', applies: (descriptor) => opened.push(descriptor) < 0 });
  assert.equal(await findReel({ source, settings, store }), null);
  assert.ok(opened.length >= 3);
  for (const descriptor of opened) assert.throws(() => fstatSync(Number(descriptor)), /EBADF/);
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
  const making = await madeAgain(store, folder);
  await store.adopt(making, id);
  assert.equal(statSync(folder).ino, ino);
});

test('a finished reel that cannot be put in its place is a problem', async (context) => {
  const { store, id, folder } = await storeWithReel(context);
  const making = await madeAgain(store, folder);
  failCall(context, { call: 'rename', code: 'EIO' });
  await rejectsWithProblem(store.adopt(making, id), store.folder, 'rename');
});

for (const note of ['', '{', 'null', '[]', '{"size": 1}', '{"size":1,"mtimeMs":1,"content":""}']) {
  test(`a source whose note is ${JSON.stringify(note)} is read again`, async (context) => {
    const { store, source } = await storeWithReel(context);
    const sources = join(store.folder, 'sources');
    for (const name of readdirSync(sources)) writeFileSync(join(sources, name), note);
    assert.equal(await store.knownContentHash(source, defaultMediaSettings), null);
    const again = await prepareReel({ source, settings, store });
    assert.equal(again.made, false);
    closeReel(again.reel);
  });
}

test('a note of an earlier release counts also where it cannot be sealed now', async (context) => {
  const { store, source, lines } = await storeWithReel(context);
  const content = await store.readContentHash(source, defaultMediaSettings);
  const sources = join(store.folder, 'sources');
  for (const name of readdirSync(sources)) {
    const { seal: _, ...note } = JSON.parse(readFileSync(join(sources, name), 'utf8'));
    writeFileSync(join(sources, name), JSON.stringify(note));
  }
  failCall(context, { call: 'rename', code: 'ENOSPC' });
  assert.equal(await store.knownContentHash(source, defaultMediaSettings), content);
  assert.match(lines.join('\n'), /stays without a checksum: ENOSPC/);
});

test('a note on a source that cannot be read is a problem', async (context) => {
  const { store, source } = await storeWithReel(context);
  failCall(context, { call: 'open', code: 'EIO', applies: (path) => path.includes('sources') });
  await rejectsWithProblem(store.knownContentHash(source, defaultMediaSettings), store.folder, 'open');
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
  const restore = failCall(context, { call: 'open', code: 'EMFILE' });
  await rejectsWithProblem(store.poster(id), folder, 'open');
  restore();
  rmSync(join(folder, ReelFile.poster), { force: true });
  assert.equal(await store.poster(id), null);
});

test('the remains of a killed preparation are removed at the next start, those of a running one are not', async (context) => {
  const store = await openStore(context);
  const making = join(store.folder, 'making');
  mkdirSync(join(making, '4194305-dead')); // above the highest process id
  const alive = basename(await store.makingFolder());
  await new Store(store.folder).open();
  assert.deepEqual(readdirSync(making), [alive]);
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

test('a child that reports nothing is ended', async (context) => {
  const store = await openStore(context);
  const source = makeSource({ path: join(scratchFolder(context), 'film.mp4'), seconds: 1 });
  const limits = { silence: Millis(1) };
  await assert.rejects(prepareReel({ source, settings, store, limits }), /no progress/);
  assert.deepEqual(readdirSync(join(store.folder, 'making')), []);
});

test('a store that cannot be made is a problem that names it', async (context) => {
  const file = join(scratchFolder(context), 'file');
  writeFileSync(file, '');
  const store = new Store(join(file, 'store'));
  await assert.rejects(store.open(), (error) => error instanceof Problem && error.code === 'store');
  assert.ok(!existsSync(join(file, 'store')));
});

test('where the machine stopped under a server, packets are verified before a reel is used', async (context) => {
  const { store, source, folder, id, lines } = await storeWithReel(context);
  await store.open();
  const reel = await store.openReel(id);
  closeReel(reel);
  await store.serve(() => assert.fail('nobody plays it'));
  const [mark] = readdirSync(join(store.folder, 'running'));
  // As it lies there after the machine has started again: of a process that has ended, above the greatest pid of every system.
  const left = join(store.folder, 'running', mark!.replace(/^\d+/, '4999999').replace(/[0-9a-f]+-/, '00000001-'));
  cpSync(join(store.folder, 'running', mark!), left);
  utimesSync(left, 1_000, 1_000);
  flipBit(join(folder, ReelFile.packets.h264), 12_345);
  const later = new Store(store.folder, { log: (line) => lines.push(line) });
  context.after(() => later.close());
  await later.serve(() => assert.fail('nobody plays it'));
  assert.equal(await findReel({ source, settings, store: later }), null);
  assert.match(
    lines.join('\n'),
    /The machine stopped while a server ran.*\n.*its packets are not those that were made/,
  );
  assert.ok(existsSync(join(store.folder, 'damaged', id)));
  const again = await prepareReel({ source, settings, store: later });
  closeReel(again.reel);
  assert.deepEqual(readdirSync(join(store.folder, 'damaged')), []);
  await store.close();
  assert.equal(readdirSync(join(store.folder, 'running')).length, 1, 'the mark of the later one');
});

test('a server starts also where the store cannot note it', async (context) => {
  const { store, lines, id } = await storeWithReel(context);
  // As on a disk that is read only, which root could write to.
  writeFileSync(join(store.folder, 'running'), '');
  await store.serve(() => assert.fail('it is whole'));
  const reel = await store.openReel(id);
  closeReel(reel);
  await store.close();
  assert.match(lines.join('\n'), /^A start cannot be noted in the store/);
});

test('a server that was killed leaves nothing, and its reels are trusted', async (context) => {
  const { store, lines } = await storeWithReel(context);
  await store.open();
  mkdirSync(join(store.folder, 'running'));
  writeFileSync(join(store.folder, 'running', `4194305.1.${ownMark().split('.')[2]}-0a`), '');
  await store.serve(() => undefined);
  await store.close();
  assert.deepEqual([readdirSync(join(store.folder, 'running')), lines], [[], []]);
});

test('no changed bit of a note on a source goes unnoticed: the source is read again', async (context) => {
  const { store, source, lines } = await storeWithReel(context);
  const content = await store.readContentHash(source, defaultMediaSettings);
  const [name] = readdirSync(join(store.folder, 'sources')).filter((each) =>
    readFileSync(join(store.folder, 'sources', each), 'utf8').includes(source),
  );
  const path = join(store.folder, 'sources', name!);
  for (const flipped of flips(readFileSync(path))) {
    writeFileSync(path, flipped);
    assert.equal(await store.knownContentHash(source, defaultMediaSettings), null);
    assert.match(lines.pop()!, /is damaged: .* is read again/);
  }
  assert.equal(await store.readContentHash(source, defaultMediaSettings), content);
});

test('a note of an earlier release is believed, and sealed', async (context) => {
  const { store, source, lines } = await storeWithReel(context);
  const content = await store.readContentHash(source, defaultMediaSettings);
  for (const each of readdirSync(join(store.folder, 'sources'))) {
    const path = join(store.folder, 'sources', each);
    const { seal, ...note } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(note));
    if (note.path !== source) continue;
    assert.equal(await store.knownContentHash(source, defaultMediaSettings), content);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).seal, seal);
  }
  assert.deepEqual(lines, []);
});

test('a pipe in the place of a source is a problem at once', {
  skip: process.platform === 'win32' && 'needs pipes with names',
}, async (context) => {
  const store = await openStore(context);
  const source = join(scratchFolder(context), 'film.mp4');
  execFileSync('mkfifo', [source]);
  for (const prepare of [findReel, prepareReel]) {
    await assert.rejects(
      prepare({ source, settings, store }),
      (error) => error instanceof Problem && error.code === 'source' && /film\.mp4: is not a file/.test(error.message),
    );
  }
});

test('temporary files of killed processes are removed at the next start', async (context) => {
  const store = await openStore(context);
  const sources = join(store.folder, 'sources');
  for (const name of ['a.json.4194305.0123abcd', `b.json.${process.pid}.0123abcd`, `c.json.${process.ppid}.0123abcd`]) {
    writeFileSync(join(sources, name), '');
  }
  await new Store(store.folder).open();
  assert.deepEqual(readdirSync(sources), [`c.json.${process.ppid}.0123abcd`], 'that process may be writing it');
  utimesSync(join(sources, `c.json.${process.ppid}.0123abcd`), 1_000, 1_000);
  await new Store(store.folder).open();
  assert.deepEqual(readdirSync(sources), []);
});
