import assert from 'node:assert/strict';
import { closeSync, existsSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { FakeLibc } from '../../test/support/fake-libc.js';
import { willNeed } from '../system/file.js';
import { Errno, loadLibc } from '../system/libc.js';
import { MemoryReader, type PacketSlots, type PayloadReader, WaitingReader } from './payload-reader.js';

const { libc } = await loadLibc();
const skip = libc === null && 'needs 64-bit Linux';

const POSIX_FADV_DONTNEED = 4;
const UNTOUCHED = 0xee;
const MOST = 40;

/** Bytes none of which are like those beside them. */
const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 31 + (i >> 8)) % 251));

/** The content in a file that goes away with the test. */
function reelFile(context: Pick<TestContext, 'after'>, parent = tmpdir()): { path: string; descriptor: number } {
  const folder = mkdtempSync(join(parent, 'msc-test-'));
  const path = join(folder, 'packets');
  writeFileSync(path, content);
  const descriptor = openSync(path, 'r+');
  context.after(() => {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });
  return { path, descriptor };
}

/** What is to be read: payloads of these lengths from `position` on, into the places from `first` on. */
interface Task {
  position: number;
  payloads: number[];
  header: number;
  first: number;
}

const tasks: fc.Arbitrary<Task> = fc.record({
  position: fc.integer({ min: 0, max: content.length - MOST * 1_472 }),
  payloads: fc.array(fc.oneof(fc.constant(1_316), fc.integer({ min: 1, max: 1_472 })), {
    minLength: 1,
    maxLength: MOST,
  }),
  header: fc.integer({ min: 0, max: 20 }),
  first: fc.integer({ min: 0, max: 5 }),
});

const room = Buffer.alloc(200_000);

/** Places with gaps between them, none of them touched yet. */
function slotsFor({ payloads, header, first }: Task): PacketSlots {
  room.fill(UNTOUCHED);
  const offsets = new Uint32Array(first + payloads.length);
  const lengths = new Uint16Array(first + payloads.length);
  let at = 3;
  payloads.forEach((length, i) => {
    offsets[first + i] = at;
    lengths[first + i] = header + length;
    at += header + length + (i % 3);
  });
  return { buffer: room, offsets, lengths };
}

/** The room as it has to be when the first `read` payloads are there. */
function expected({ position, payloads, header, first }: Task, { offsets }: PacketSlots, read: number): Buffer {
  const bytes = Buffer.alloc(room.length, UNTOUCHED);
  let at = position;
  for (let i = 0; i < read; i++) at += content.copy(bytes, offsets[first + i] + header, at, at + payloads[i]);
  return bytes;
}

/** Reads all of it, however little at once. */
function readAll(reader: PayloadReader, file: { path: string; descriptor: number }, task: Task, places: PacketSlots) {
  const { payloads, header, first } = task;
  let { position } = task;
  let readings = 0;
  for (let done = 0; done < payloads.length; ) {
    assert.ok(readings++ < 2 * MOST, 'gets no further');
    const read = reader.read(file.descriptor, position, places, first + done, payloads.length - done, header);
    if (read === 0) readFileSync(file.path); // Now it is in memory.
    for (let i = 0; i < read; i++) position += payloads[done + i];
    done += read;
  }
}

const folders = [tmpdir(), '/dev/shm'].filter((folder) => existsSync(folder));

for (const folder of folders) {
  const readers: [string, () => PayloadReader, string | false][] = [
    ['waiting', () => new WaitingReader(), false],
    ['from memory', () => new MemoryReader(libc!, room), skip],
  ];
  for (const [name, open, why] of readers) {
    test(`${name}, in ${folder}: payloads come to their places, and nothing else is touched`, {
      skip: why,
    }, (context) => {
      const file = reelFile(context, folder);
      const reader = open();
      fc.assert(
        fc.property(tasks, (task) => {
          const places = slotsFor(task);
          readAll(reader, file, task, places);
          assert.ok(room.equals(expected(task, places, task.payloads.length)));
        }),
      );
    });

    test(`${name}, in ${folder}: the end of the file is an error that says where`, { skip: why }, (context) => {
      const file = reelFile(context, folder);
      for (const behind of [0, 1, 1_000, 1_315]) {
        const task = { position: content.length - 1_316 - behind, payloads: [1_316, 1_316], header: 12, first: 0 };
        const places = slotsFor(task);
        assert.throws(() => readAll(open(), file, task, places), /ends at 200000, before 20\d{4}/);
      }
    });
  }
}

test('a reader from memory gives the whole packets that are there, and nothing of the others', () => {
  fc.assert(
    fc.property(tasks, fc.nat(60_000), (task, inMemory) => {
      const fake = new FakeLibc();
      fake.file = { bytes: content, inMemory: Math.min(task.position + inMemory, content.length), errno: 0 };
      const reader = new MemoryReader(fake, room);
      const places = slotsFor(task);
      const { position, payloads, header, first } = task;
      const read = reader.read(0, position, places, first, payloads.length, header);
      let end = position;
      let whole = 0;
      while (whole < payloads.length && end + payloads[whole] <= fake.file.inMemory) end += payloads[whole++];
      assert.equal(read, whole);
      assert.ok(!reader.waits);
      const behind = first + whole < places.offsets.length ? places.offsets[first + whole] + header : room.length;
      assert.ok(room.subarray(0, behind).equals(expected(task, places, whole).subarray(0, behind)));
    }),
  );
});

const one: Task = { position: 1_316, payloads: [1_316, 1_316], header: 12, first: 0 };

test('where the file system cannot tell what is in memory, a reader from memory becomes one that waits', (context) => {
  const { descriptor } = reelFile(context);
  const fake = new FakeLibc();
  fake.file = { bytes: content, inMemory: content.length, errno: Errno.EOPNOTSUPP };
  const reader = new MemoryReader(fake, room);
  const places = slotsFor(one);
  assert.equal(reader.read(descriptor, one.position, places, 0, 2, one.header), 0);
  assert.ok(reader.waits);
  assert.equal(reader.read(descriptor, one.position, places, 0, 2, one.header), 2);
  assert.ok(room.equals(expected(one, places, 2)));
});

test('packets that lie elsewhere than in its buffer a reader from memory reads all the same', (context) => {
  const { descriptor } = reelFile(context);
  const places = slotsFor(one);
  const reader = new MemoryReader(new FakeLibc(), Buffer.alloc(10));
  assert.equal(reader.read(descriptor, one.position, places, 0, 2, one.header), 2);
  assert.ok(room.equals(expected(one, places, 2)));
});

test('a file that cannot be read is an error that names why', () => {
  const fake = new FakeLibc();
  fake.file = { ...fake.file, errno: Errno.EIO };
  const reader = new MemoryReader(fake, room);
  assert.throws(() => reader.read(0, 0, slotsFor(one), 0, 2, one.header), /EIO/);
  assert.throws(() => new WaitingReader().read(-1, 0, slotsFor(one), 0, 2, one.header));
});

test('what is on the disk only is not waited for, until somebody has brought it', { skip }, (context) => {
  const { descriptor } = reelFile(context);
  const reader = new MemoryReader(libc!, room);
  const places = slotsFor(one);
  const read = () => reader.read(descriptor, one.position, places, 0, 2, one.header);
  fsyncSync(descriptor); // What is not yet on the disk stays in memory.
  assert.equal(libc!.posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED), 0);
  if (read() > 0) return context.skip(`nothing can be thrown out of memory in ${tmpdir()}`);
  if (reader.waits) return context.skip(`nobody can tell what is in memory in ${tmpdir()}`);
  assert.ok(room.equals(expected(one, places, 0)));
  willNeed(libc!, descriptor, one.position, 2 * 1_316);
  new WaitingReader().read(descriptor, one.position, slotsFor(one), 0, 2, one.header);
  slotsFor(one);
  assert.equal(read(), 2);
  assert.ok(room.equals(expected(one, places, 2)));
});
