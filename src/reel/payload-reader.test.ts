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

/** A call of `read`: payloads of these lengths from byte `position` on, into the slots from `first` on. */
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

/** Slots with gaps between them, all filled with UNTOUCHED. */
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

/** The room with the first `read` payloads in it. */
function expected({ position, payloads, header, first }: Task, { offsets }: PacketSlots, read: number): Buffer {
  const bytes = Buffer.alloc(room.length, UNTOUCHED);
  let at = position;
  for (const [i, length] of payloads.slice(0, read).entries()) {
    at += content.copy(bytes, offsets[first + i]! + header, at, at + length);
  }
  return bytes;
}

/** Reads all payloads, in as many calls as it takes. */
function readAll(reader: PayloadReader, file: { path: string; descriptor: number }, task: Task, slots: PacketSlots) {
  const { payloads, header, first } = task;
  let { position } = task;
  let readings = 0;
  for (let done = 0; done < payloads.length; ) {
    assert.ok(readings++ < 2 * MOST, 'gets no further');
    const read = reader.read(file.descriptor, position, slots, first + done, payloads.length - done, header);
    if (read === 0) readFileSync(file.path); // Now it is in memory.
    for (const length of payloads.slice(done, done + read)) position += length;
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
    test(`${name}, in ${folder}: payloads are written to their slots, and to nothing else`, {
      skip: why,
    }, (context) => {
      const file = reelFile(context, folder);
      const reader = open();
      fc.assert(
        fc.property(tasks, (task) => {
          const slots = slotsFor(task);
          readAll(reader, file, task, slots);
          assert.ok(room.equals(expected(task, slots, task.payloads.length)));
        }),
      );
    });

    test(`${name}, in ${folder}: the end of the file is an error with its position`, { skip: why }, (context) => {
      const file = reelFile(context, folder);
      for (const behind of [0, 1, 1_000, 1_315]) {
        const task = { position: content.length - 1_316 - behind, payloads: [1_316, 1_316], header: 12, first: 0 };
        const slots = slotsFor(task);
        assert.throws(() => readAll(open(), file, task, slots), /ends at 200000, before 20\d{4}/);
      }
    });
  }
}

test('a reader from memory gives the packets that are wholly in memory, and no part of the others', () => {
  fc.assert(
    fc.property(tasks, fc.nat(60_000), (task, inMemory) => {
      const fake = new FakeLibc();
      fake.file = { bytes: content, inMemory: Math.min(task.position + inMemory, content.length), errno: 0 };
      const reader = new MemoryReader(fake, room);
      const slots = slotsFor(task);
      const { position, payloads, header, first } = task;
      const read = reader.read(0, position, slots, first, payloads.length, header);
      let end = position;
      let whole = 0;
      for (const length of payloads) {
        if (end + length > fake.file.inMemory) break;
        end += length;
        whole++;
      }
      assert.equal(read, whole);
      assert.ok(!reader.waits);
      const behind = first + whole < slots.offsets.length ? slots.offsets[first + whole]! + header : room.length;
      assert.ok(room.subarray(0, behind).equals(expected(task, slots, whole).subarray(0, behind)));
    }),
  );
});

const one: Task = { position: 1_316, payloads: [1_316, 1_316], header: 12, first: 0 };

test('where the file system cannot tell what is in memory, a reader from memory becomes one that waits', (context) => {
  const { descriptor } = reelFile(context);
  const fake = new FakeLibc();
  fake.file = { bytes: content, inMemory: content.length, errno: Errno.EOPNOTSUPP };
  const reader = new MemoryReader(fake, room);
  const slots = slotsFor(one);
  assert.equal(reader.read(descriptor, one.position, slots, 0, 2, one.header), 0);
  assert.ok(reader.waits);
  assert.equal(reader.read(descriptor, one.position, slots, 0, 2, one.header), 2);
  assert.ok(room.equals(expected(one, slots, 2)));
});

test('a reader from memory reads packets into another buffer too', (context) => {
  const { descriptor } = reelFile(context);
  const slots = slotsFor(one);
  const reader = new MemoryReader(new FakeLibc(), Buffer.alloc(10));
  assert.equal(reader.read(descriptor, one.position, slots, 0, 2, one.header), 2);
  assert.ok(room.equals(expected(one, slots, 2)));
});

test('a file that cannot be read is an error that names the cause', () => {
  const fake = new FakeLibc();
  fake.file = { ...fake.file, errno: Errno.EIO };
  const reader = new MemoryReader(fake, room);
  assert.throws(() => reader.read(0, 0, slotsFor(one), 0, 2, one.header), /EIO/);
  assert.throws(() => new WaitingReader().read(-1, 0, slotsFor(one), 0, 2, one.header));
});

test('payloads that are on the disk only are not waited for, and read once they are in memory', { skip }, (context) => {
  const { descriptor } = reelFile(context);
  const reader = new MemoryReader(libc!, room);
  const slots = slotsFor(one);
  const read = () => reader.read(descriptor, one.position, slots, 0, 2, one.header);
  fsyncSync(descriptor); // Only pages that are on the disk leave the memory.
  assert.equal(libc!.posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED), 0);
  if (read() > 0) return context.skip(`pages cannot be dropped from memory in ${tmpdir()}`);
  if (reader.waits) return context.skip(`the file system cannot tell which pages are in memory in ${tmpdir()}`);
  assert.ok(room.equals(expected(one, slots, 0)));
  willNeed(libc!, descriptor, one.position, 2 * 1_316);
  new WaitingReader().read(descriptor, one.position, slotsFor(one), 0, 2, one.header);
  slotsFor(one);
  assert.equal(read(), 2);
  assert.ok(room.equals(expected(one, slots, 2)));
});
