import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { flips } from '../../test/support/flips.js';
import { scratchFolder } from '../../test/support/spool.js';
import { FileStateStore } from './file-state-store.js';
import { parseLog } from './state-log.js';
import { StaleStateError } from './state-store.js';

const run = promisify(execFile);

function open(context: TestContext) {
  const folder = scratchFolder(context);
  return {
    store: new FileStateStore(folder),
    folder: join(folder, 'stations'),
    log: join(folder, 'stations', 'a.log'),
  };
}

/** As another process has it. */
const reopened = (log: string) => new FileStateStore(join(log, '..', '..'));

test('appended entries are read back in order, behind the newest snapshot', async (context) => {
  const { store, folder, log } = open(context);
  assert.equal(await store.read('a'), null);
  assert.equal(await store.replace('a', 0, { text: 'snapshot' }), 1);
  assert.equal(await store.append('a', 1, ['line\nbreak', 'ä']), 2);
  assert.deepEqual(await reopened(log).read('a'), { entries: [{ text: 'snapshot' }, ['line\nbreak', 'ä']], last: 2 });
  assert.equal(await store.replace('a', 2, 'both'), 3);
  assert.equal(await reopened(log).append('a', 3, 'next'), 4);
  assert.deepEqual(await store.read('a'), { entries: ['both', 'next'], last: 4 });
  assert.equal(await store.append('a', 4, 'another writer was noticed'), 5);
  assert.deepEqual(readdirSync(folder), ['a.log']);
});

test('a writer that does not know the last entry is refused, and the log stays as it was', async (context) => {
  const { store, log } = open(context);
  await store.replace('a', 0, 1);
  const before = readFileSync(log);
  for (const last of [0, 2]) {
    await assert.rejects(store.append('a', last, 2), StaleStateError);
    await assert.rejects(store.replace('a', last, 2), StaleStateError);
  }
  assert.deepEqual(readFileSync(log), before);
  const results = await Promise.allSettled([store.append('a', 1, 'first'), store.append('a', 1, 'second')]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.deepEqual(await store.read('a'), { entries: [1, 'first'], last: 2 });
});

test('several writers of one folder take turns: each entry that is reported is in the log, and none is damaged', async (context) => {
  const { store, log } = open(context);
  await store.replace('a', 0, 'snapshot');
  const written: number[] = [];
  const write = async (writer: FileStateStore, name: number) => {
    for (let i = 0; i < 10; i++) {
      const { last } = (await writer.read('a'))!;
      const text = `${name} `.repeat(name + i);
      const writing = i % 5 === 4 ? writer.replace('a', last, text) : writer.append('a', last, text);
      await writing.then(
        (number) => written.push(number),
        (error) => assert.ok(error instanceof StaleStateError, String(error)),
      );
    }
  };
  await Promise.all([1, 20, 300].map((name) => write(reopened(log), name)));
  assert.deepEqual(
    written,
    written.map((_, index) => index + 2),
  );
  assert.equal((await store.read('a'))!.last, written.at(-1));
});

test('a snapshot of another writer is noticed, also where it has as many bytes', async (context) => {
  const { store, log } = open(context);
  await store.replace('a', 0, 'x');
  await reopened(log).replace('a', 1, 'y');
  await assert.rejects(store.append('a', 1, 'z'), StaleStateError);
  assert.deepEqual(await store.read('a'), { entries: ['y'], last: 2 });
});

test('a lock that a crash left is broken after five seconds', async (context) => {
  const { store, folder, log } = open(context);
  await store.replace('a', 0, 'snapshot');
  writeFileSync(`${log}.lock`, '');
  let waited = 0;
  const wait = async (duration: number) => {
    waited += duration;
  };
  assert.equal(await new FileStateStore(join(folder, '..'), { wait }).append('a', 1, 'one'), 2);
  assert.ok(waited >= 5_000 && waited < 5_100, `${waited} ms`);
  assert.deepEqual(readdirSync(folder), ['a.log']);
});

test('a crash at any byte of an append leaves the state before or after, and writing goes on', async (context) => {
  const { store, log } = open(context);
  await store.replace('a', 0, 'snapshot');
  await store.append('a', 1, 'one');
  const before = readFileSync(log);
  await store.append('a', 2, { two: 'ä\n' });
  const after = readFileSync(log);
  for (let length = before.length; length <= after.length; length++) {
    // Of a file that was not synced the length may be on the disk and the bytes not.
    const torn = [after.subarray(0, length), Buffer.concat([after, Buffer.alloc(0)]).fill(0, length)];
    for (const bytes of torn) {
      writeFileSync(log, bytes);
      const read = (await reopened(log).read('a'))!;
      const isWhole = bytes.equals(after);
      assert.equal(read.last, isWhole ? 3 : 2, `${length} of ${after.length}`);
      assert.deepEqual(read.entries.slice(0, 2), ['snapshot', 'one']);
      const next = await reopened(log).append('a', read.last, 'next');
      assert.deepEqual((await reopened(log).read('a'))!.entries.slice(read.entries.length), ['next']);
      assert.equal(next, read.last + 1);
    }
  }
});

test('a crash between any two steps of a snapshot leaves the state before or after', async (context) => {
  const { store, log, folder } = open(context);
  await store.replace('a', 0, 'old');
  await store.append('a', 1, 'entry');
  const before = readFileSync(log);
  await store.replace('a', 2, 'new');
  const after = readFileSync(log);
  writeFileSync(log, before);
  // The new file is written under another name, byte by byte, and then renamed.
  for (let length = 0; length <= after.length; length++) {
    writeFileSync(`${log}.4711.00c0ffee`, after.subarray(0, length));
    assert.deepEqual(await reopened(log).read('a'), { entries: ['old', 'entry'], last: 2 });
  }
  copyFileSync(`${log}.4711.00c0ffee`, log);
  assert.deepEqual(await reopened(log).read('a'), { entries: ['new'], last: 3 });
  // Of the earlier release's file, as long as it lies there, nothing is read.
  writeFileSync(join(folder, 'a.json'), '"earlier"');
  assert.deepEqual(await reopened(log).read('a'), { entries: ['new'], last: 3 });
});

test('an entry of which the disk takes only a part is an error, and the log is then as it was', async (context) => {
  if (process.platform === 'win32') return;
  const { store, log } = open(context);
  await store.replace('a', 0, 'snapshot');
  const script = `
    import { FileStateStore } from ${JSON.stringify(new URL('./file-state-store.js', import.meta.url).href)};
    const store = new FileStateStore(process.argv[1]);
    const outcome = await store.append('a', 1, 'x'.repeat(100_000)).catch(({ code }) => code);
    console.log(JSON.stringify([outcome, await store.read('a'), await store.append('a', 1, 'short')]));`;
  // A limit of the file's size stops a write in its midst, as a full disk does.
  const { stdout } = await run('sh', [
    ...['-c', 'ulimit -f 64; exec "$@"', 'sh', process.execPath],
    ...['--input-type=module', '--eval', script, join(log, '..', '..')],
  ]);
  assert.deepEqual(JSON.parse(stdout), ['EFBIG', { entries: ['snapshot'], isCut: true, last: 1 }, 2]);
  assert.deepEqual(await reopened(log).read('a'), { entries: ['snapshot', 'short'], last: 2 });
});

test('no damage in the midst of a log passes for a state', async (context) => {
  const { store, log } = open(context);
  await store.replace('a', 0, 'snapshot');
  await store.append('a', 1, 'one');
  await store.append('a', 2, 'two');
  const whole = readFileSync(log);
  const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
  fc.assert(
    fc.property(fc.nat(lastLine - 2), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= change;
      assert.throws(() => parseLog(bytes), RangeError);
    }),
  );
  assert.throws(
    () => parseLog(Buffer.concat([whole.subarray(0, lastLine), whole.subarray(lastLine), whole])),
    /follows/,
  );
  assert.throws(() => parseLog(Buffer.alloc(0)), /empty/);
});

test('the state of an earlier release is read, and replaced by the first snapshot', async (context) => {
  const { store, folder, log } = open(context);
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.json'), '{"version":1}');
  assert.deepEqual(await store.read('a'), { entries: [{ version: 1 }], last: 0 });
  await store.replace('a', 0, 'snapshot');
  assert.deepEqual(await reopened(log).read('a'), { entries: ['snapshot'], last: 1 });
  assert.deepEqual(readdirSync(folder), ['a.log']);
});

test('a log in quarantine keeps its content, and another does not take its place', async (context) => {
  const { store, folder, log } = open(context);
  const names: string[] = [];
  for (const content of ['damaged', 'damaged again', 'and again']) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(log, content);
    await assert.rejects(store.read('a'), /damaged/);
    names.push(await store.quarantine('a'));
    assert.equal(await store.read('a'), null);
  }
  assert.deepEqual(names, ['a.log.quarantine', 'a.log.quarantine-2', 'a.log.quarantine-3']);
  assert.deepEqual(
    names.map((name) => readFileSync(join(folder, name), 'utf8')),
    ['damaged', 'damaged again', 'and again'],
  );
});

test('watchers get each entry that is written, until they end', async (context) => {
  const { store } = open(context);
  const seen: unknown[] = [];
  const end = store.watch('a', (entry, number) => seen.push([entry, number]));
  await store.replace('a', 0, 'snapshot');
  await store.append('a', 1, 'one');
  await store.replace('b', 0, 'another station');
  end();
  await store.append('a', 2, 'two');
  assert.deepEqual(seen, [
    ['snapshot', 1],
    ['one', 2],
  ]);
});

test('a station of any name has a log of its own', async (context) => {
  const { store, folder } = open(context);
  const names = ['電'.repeat(90), '力'.repeat(90), 'x'];
  for (const name of names) await store.replace(name, 0, name);
  for (const name of names) assert.deepEqual(await store.read(name), { entries: [name], last: 1 });
  for (const file of readdirSync(folder))
    assert.ok(Buffer.byteLength(file) < 255 && statSync(join(folder, file)).isFile());
  assert.equal(existsSync(join(folder, 'x.log')), true);
});

test('no changed bit of a log goes unnoticed', async (context) => {
  const { store, log } = open(context);
  await store.replace('a', 0, { text: 'snapshot' });
  await store.append('a', 1, 'first');
  await store.append('a', 2, 'second');
  for (const flipped of flips(readFileSync(log))) {
    writeFileSync(log, flipped);
    const found = await reopened(log)
      .read('a')
      .catch(() => 'damaged' as const);
    assert.ok(found === 'damaged' || found?.isCut, JSON.stringify(found));
  }
});
