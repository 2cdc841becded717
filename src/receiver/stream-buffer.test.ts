import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis, Ticks90k } from '../base/units.js';
import { StreamBuffer, type StreamUnit } from './stream-buffer.js';

const unit = (time: number, randomAccess = false, length = 100): StreamUnit => ({
  time: Ticks90k(time),
  data: Buffer.alloc(length, time),
  randomAccess,
});
const times = (units: StreamUnit[] | null): number[] | undefined => units?.map(({ time }) => time);

test('a reader begins at the last random access point', () => {
  const buffer = new StreamBuffer();
  assert.equal(buffer.openAtLastRandomAccess(), null);
  for (const time of [0, 1, 2, 3, 4]) buffer.push(unit(time, time % 3 === 0));
  const cursor = buffer.openAtLastRandomAccess();
  assert.ok(cursor);
  assert.deepEqual(times(buffer.read(cursor, 1e6)), [3, 4]);
  assert.deepEqual(buffer.read(cursor, 1e6), []);
});

test('a read is bounded in bytes, but returns at least one unit', () => {
  const buffer = new StreamBuffer();
  for (const time of [0, 1, 2, 3]) buffer.push(unit(time, time === 0));
  const cursor = { position: 0 };
  assert.deepEqual(times(buffer.read(cursor, 250)), [0, 1]);
  assert.deepEqual(times(buffer.read(cursor, 1)), [2]);
});

test('the oldest units are dropped at the limit of bytes, and a reader there has lost its position', () => {
  const buffer = new StreamBuffer({ maxBytes: 1000 });
  for (const time of [0, 1, 2, 3, 4]) buffer.push(unit(time, time < 4));
  assert.ok(buffer.bytes <= 1000);
  assert.equal(buffer.read({ position: 0 }, 1e6), null);
  assert.deepEqual(times(buffer.read({ position: 2 }, 1e6)), [2, 3, 4]);
  assert.equal(buffer.openAtLastRandomAccess()?.position, 3);
});

test('the oldest units are dropped at the limit of time', () => {
  const buffer = new StreamBuffer({ maxTime: Millis(10) });
  for (const time of [0, 450, 900, 1350]) buffer.push(unit(time));
  assert.ok(buffer.hasLost({ position: 0 }));
  assert.equal(buffer.hasLost({ position: 1 }), false);
  assert.equal(buffer.duration, 10);
});

test('a position is held while its reader pauses, and it continues with the next unit', () => {
  const buffer = new StreamBuffer();
  buffer.push(unit(0, true));
  const cursor = buffer.openAtLastRandomAccess();
  assert.ok(cursor);
  buffer.read(cursor, 1e6);
  for (let time = 1; time <= 1000; time++) buffer.push(unit(time * 90));
  assert.deepEqual(buffer.lag(cursor), { bytes: 100_000, time: 999 });
  assert.equal(buffer.read(cursor, 1)?.[0]?.time, 90);
});

test('units before a cursor can be dropped, and reading continues after them', () => {
  const buffer = new StreamBuffer();
  for (const time of [0, 1, 2]) buffer.push(unit(time, time === 0));
  const cursor = { position: 0 };
  buffer.read(cursor, 200);
  buffer.dropBefore(cursor);
  assert.ok(buffer.hasLost({ position: 1 }));
  assert.deepEqual(times(buffer.read(cursor, 200)), [2]);
  buffer.dropBefore(cursor);
  assert.equal(buffer.bytes, 0);
  assert.equal(buffer.duration, 0);
  buffer.push(unit(3));
  assert.deepEqual(times(buffer.read(cursor, 200)), [3]);
});

test('each unit dropped is reported, in order', () => {
  const buffer = new StreamBuffer({ maxBytes: 1000 });
  const dropped: number[] = [];
  buffer.onDropped = ({ time }) => dropped.push(time);
  for (const time of [0, 1, 2, 3, 4]) buffer.push(unit(time));
  assert.deepEqual(dropped, [0, 1]);
  buffer.dropBefore({ position: 4 });
  assert.deepEqual(dropped, [0, 1, 2, 3]);
});

test('a reader does not begin before a gap in time', () => {
  const buffer = new StreamBuffer();
  buffer.push(unit(0, true));
  buffer.push(unit(90_000));
  assert.equal(buffer.openAtLastRandomAccess()?.position, 0);
  buffer.push(unit(900_000));
  assert.equal(buffer.openAtLastRandomAccess(), null);
  buffer.push(unit(900_100, true));
  assert.equal(buffer.openAtLastRandomAccess()?.position, 3);
  assert.equal(buffer.read({ position: 0 }, 1e6)?.length, 4);
});

test('a reader that waits for a random access point is called at none before', () => {
  const buffer = new StreamBuffer();
  const calls: string[] = [];
  buffer.wait(null, () => calls.push('random access'));
  buffer.wait({ position: 0 }, () => calls.push('unit'));
  buffer.push(unit(0));
  assert.deepEqual(calls, ['unit']);
  buffer.push(unit(1, true));
  assert.deepEqual(calls, ['unit', 'random access']);
  buffer.wait({ position: 2 }, () => calls.push('end'));
  buffer.finish();
  assert.deepEqual(calls, ['unit', 'random access', 'end']);
});

test('the units held and read are those pushed, in order, within the limits', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(400), fc.boolean())), fc.nat(3000), (steps, extra) => {
      const buffer = new StreamBuffer({ maxBytes: 700 + extra });
      let cursor = { position: 0 };
      let expected = 0;
      steps.forEach(([randomAccess, length, reads], time) => {
        buffer.push(unit(time, randomAccess, length));
        assert.ok(buffer.bytes <= 700 + extra);
        if (!reads) return;
        const units = buffer.read(cursor, 500);
        if (units === null) {
          cursor = { position: time + 1 };
          expected = time + 1;
          return;
        }
        for (const one of units) assert.equal(one.time, expected++);
      });
    }),
  );
});

test('unread units are kept where the writer can continue later, and the buffer is full instead', () => {
  const buffer = new StreamBuffer({ maxBytes: 3000 });
  buffer.keepsUnread = true;
  for (const time of [0, 1, 2]) buffer.push(unit(time, time === 0));
  const cursor = buffer.openAtLastRandomAccess()!;
  let notified = 0;
  buffer.onRoom = () => {
    notified++;
  };
  for (let time = 3; time < 20; time++) buffer.push(unit(time));
  assert.equal(buffer.isFull, true);
  assert.deepEqual(times(buffer.read(cursor, 1)), [0]);
  assert.equal(buffer.isFull, true);
  assert.deepEqual(times(buffer.read(cursor, 1_100))?.at(-1), 11);
  assert.deepEqual([buffer.isFull, notified], [false, 1]);
  assert.ok(buffer.bytes <= 2700, `${buffer.bytes} bytes`);
  assert.deepEqual(times(buffer.read(cursor, 1))?.[0], 12);
});

test('a position that is released or unpinned is not held', () => {
  for (const way of ['release', 'unpinAll'] as const) {
    const buffer = new StreamBuffer({ maxBytes: 1000 });
    buffer.keepsUnread = true;
    buffer.push(unit(0, true));
    const cursor = buffer.openAtFirstRandomAccess()!;
    for (const time of [1, 2, 3, 4, 5]) buffer.push(unit(time));
    assert.equal(buffer.isFull, true);
    buffer[way](cursor);
    assert.equal(buffer.isFull, false);
    buffer.push(unit(6));
    assert.equal(buffer.read(cursor, 1), null);
  }
});

test('where the writer cannot continue later, unread units are dropped', () => {
  const buffer = new StreamBuffer({ maxBytes: 1000 });
  buffer.push(unit(0, true));
  const cursor = buffer.openAtFirstRandomAccess()!;
  for (const time of [1, 2, 3, 4, 5]) buffer.push(unit(time));
  assert.equal(buffer.isFull, false);
  assert.equal(buffer.hasLost(cursor), true);
});

test('the time ahead is counted from the foremost reader', () => {
  const buffer = new StreamBuffer();
  for (let time = 0; time <= 900; time += 90) buffer.push(unit(time, time === 0));
  assert.equal(buffer.ahead, 10);
  const [slow, fast] = [buffer.openAtFirstRandomAccess()!, buffer.openAtFirstRandomAccess()!];
  buffer.read(slow, 1);
  buffer.read(fast, 500);
  assert.equal(buffer.ahead, 5);
  buffer.release(fast);
  assert.equal(buffer.ahead, 9);
  buffer.read(slow, 1e6);
  assert.equal(buffer.ahead, 0);
});

test('no time is ahead, and no reader behind, where the stream has gone back in time', () => {
  const buffer = new StreamBuffer();
  for (const time of [9_000, 9_090, 0]) buffer.push(unit(time, time === 9_000));
  assert.equal(buffer.ahead, 0);
  assert.equal(buffer.duration, 0);
});

test('units held for a reader stay while it reads, also when the writer can no longer continue', () => {
  const buffer = new StreamBuffer({ maxBytes: 1000 });
  buffer.keepsUnread = true;
  buffer.push(unit(0, true));
  const cursor = buffer.openAtFirstRandomAccess()!;
  for (const time of [1, 2, 3, 4, 5]) buffer.push(unit(time));
  buffer.keepsUnread = false;
  for (const time of [0, 1, 2, 3, 4, 5]) assert.deepEqual(times(buffer.read(cursor, 1)), [time]);
});
