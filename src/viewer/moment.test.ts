import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeReceiver } from '../../test/support/fake-receiver.js';
import { Millis, Ticks90k } from '../base/units.js';
import { beginningWith, type Moment, onAir, seekItem, seekOnAir, seekPicture } from './moment.js';

/** Now on the server's clock, in seconds, and a random access point every 4 of them. */
const NOW = 1_000;

/** A receiver that holds the units sent from `from` to `to`, in seconds. */
function receiving({ from = NOW - 20, to = NOW, format = 'h264' as 'h264' | 'jpeg' } = {}): FakeReceiver {
  const receiver = new FakeReceiver({ format });
  receiver.now = Millis(NOW * 1000);
  receiver.hold(from, to);
  return receiver;
}

/** When the first unit of a moment was sent, in seconds. */
function beginning({ buffer, begin }: Moment): number | null {
  const cursor = begin(buffer);
  if (!cursor) return null;
  buffer.release(cursor);
  return (buffer.read(cursor, 1)?.[0]?.time ?? Number.NaN) / 90_000;
}

const seconds = (ticks: number | null): number | null => ticks && ticks / 90_000;

test('tuning begins with the last picture that is due, a second after it was sent', () => {
  assert.equal(beginning(onAir(receiving())), NOW - 4);
  assert.equal(onAir(receiving()).from, null);
  const early = receiving({ to: NOW + 0.5 });
  early.now = Millis((NOW + 0.5) * 1000);
  assert.equal(beginning(onAir(early)), NOW - 4);
  early.now = Millis((NOW + 1) * 1000);
  early.hold(NOW + 0.5, NOW + 1);
  assert.equal(beginning(onAir(early)), NOW);
});

test('without the clock or an earlier random access point, tuning begins with the last one', () => {
  const receiver = receiving();
  receiver.now = null;
  assert.equal(beginning(onAir(receiver)), NOW);
  assert.equal(beginning(onAir(receiving({ from: NOW - 0.5 }))), NOW);
  assert.equal(beginning(onAir(receiving({ from: NOW + 0.5, to: NOW + 1 }))), null);
});

test('a JPEG station begins with its last picture', () => {
  assert.equal(beginning(onAir(receiving({ format: 'jpeg' }))), NOW);
});

test('a picture that is held is sought without the server, exactly', async () => {
  const receiver = receiving();
  const moment = await seekPicture(receiver, Ticks90k((NOW - 6) * 90_000));
  assert.deepEqual(receiver.sought, []);
  assert.equal(beginning(moment), NOW - 8);
  assert.equal(seconds(moment.from), NOW - 6);
});

test('a picture that is not held is sought from the server, by the time it was sent', async () => {
  const receiver = receiving();
  receiver.answer = { from: NOW - 60, to: NOW - 55 };
  const moment = await seekPicture(receiver, Ticks90k((NOW - 58) * 90_000));
  assert.deepEqual(receiver.sought, [{ kind: 'time', time: (NOW - 59) * 1000 + 1, item: false }]);
  assert.equal(moment.buffer, receiver.buffer);
  assert.equal(beginning(moment), NOW - 60);
  assert.equal(seconds(moment.from), NOW - 58);
});

test('pictures of a JPEG station are shown when they are sent, and playing begins with any of them', async () => {
  const receiver = receiving({ format: 'jpeg' });
  receiver.answer = { from: NOW - 60, to: NOW - 55 };
  const moment = await seekPicture(receiver, Ticks90k((NOW - 58) * 90_000));
  assert.deepEqual(receiver.sought, [{ kind: 'time', time: (NOW - 58) * 1000 + 1, item: false }]);
  assert.equal(moment.from, null);
});

test('a picture after the buffer’s newest is not in it', async () => {
  const receiver = receiving({ from: NOW - 60, to: NOW - 40 });
  receiver.answer = { from: NOW - 20, to: NOW - 15 };
  assert.equal(beginning(await seekPicture(receiver, Ticks90k((NOW - 18) * 90_000))), NOW - 20);
  assert.equal(receiver.sought.length, 1);
});

test('the beginning of the item is sought from the server', async () => {
  const receiver = receiving();
  receiver.answer = { from: NOW - 100, to: NOW - 95 };
  const moment = await seekItem(receiver, Ticks90k((NOW - 5) * 90_000));
  assert.deepEqual(receiver.sought, [{ kind: 'time', time: (NOW - 6) * 1000 + 1, item: true }]);
  assert.equal(beginning(moment), NOW - 100);
  assert.equal(moment.from, null);
});

test('going live needs no server while the buffer holds the present', async () => {
  const receiver = receiving();
  const moment = await seekOnAir(receiver);
  assert.deepEqual(receiver.sought, []);
  assert.equal(beginning(moment), NOW - 4);
  assert.equal(seconds(moment.from), NOW);
});

test('going live asks the server while the buffer does not hold the present', async () => {
  for (const isLive of [false, true]) {
    const receiver = receiving({ from: NOW - 60, to: NOW - 40 });
    receiver.isLive = isLive;
    receiver.answer = { from: NOW - 4, to: NOW };
    assert.equal(beginning(await seekOnAir(receiver)), NOW - 4);
    assert.deepEqual(receiver.sought, [{ kind: 'live' }]);
  }
});

test('a stream that was sought plays from its beginning', () => {
  const receiver = receiving({ from: NOW - 60, to: NOW - 40 });
  const moment = beginningWith(receiver, Ticks90k((NOW - 57) * 90_000));
  assert.equal(beginning(moment), NOW - 60);
  assert.equal(seconds(moment.from), NOW - 57);
});
