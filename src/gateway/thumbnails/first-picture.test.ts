import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeStation } from '../../../test/support/fake-catalogue.js';
import { HandTimers } from '../../../test/support/hand-timers.js';
import { Millis, Ticks90k } from '../../base/units.js';
import { PesCutter, StreamId, tsPacketsFor, writePesHeader } from '../../wire/pes.js';
import { Pid, TS_PACKET_LENGTH } from '../../wire/ts.js';
import type { Chunk } from '../source.js';
import { FirstAccessUnit, firstPicture } from './first-picture.js';

/** Beyond 2^33 ticks. */
const SENT = Ticks90k(1_800_000_000 * 90_000);
/** The picture's own time; its time stamp is a second later. */
const MOMENT = 1_800_000_000_500;

/** TS packets of one access unit. */
function unitPackets(data: Buffer, pid: number, pts: number): Buffer {
  const pes = Buffer.alloc(19 + data.length);
  const header = writePesHeader(pes, StreamId.video, data.length, pts, pts - 3_600);
  data.copy(pes, header);
  const count = tsPacketsFor(pes.length, true);
  const cutter = new PesCutter(pid);
  cutter.begin(pes, count, true);
  const out = Buffer.alloc(count * TS_PACKET_LENGTH);
  for (let i = 0; i < count; i++) cutter.write(out, i * TS_PACKET_LENGTH);
  return out;
}

const pictureData = Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 7) % 251));
const stream = Buffer.concat([
  unitPackets(Buffer.from('sound'), Pid.audio, SENT),
  unitPackets(pictureData, Pid.video, MOMENT * 90 + 90_000),
  unitPackets(Buffer.from('the next picture'), Pid.video, MOMENT * 90 + 93_600),
]);

test('the first picture of a stream is its first access unit, wherever the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length / TS_PACKET_LENGTH)), (cuts) => {
      const unit = new FirstAccessUnit();
      let at = 0;
      for (const cut of [...cuts.sort((a, b) => a - b), stream.length / TS_PACKET_LENGTH]) {
        assert.ok(unit.push(stream.subarray(at, cut * TS_PACKET_LENGTH)));
        at = cut * TS_PACKET_LENGTH;
      }
      assert.deepEqual(unit.picture(SENT), { data: pictureData, sent: SENT, time: MOMENT });
    }),
  );
});

test('a picture is complete when the next one starts', () => {
  const unit = new FirstAccessUnit();
  assert.ok(unit.push(stream.subarray(0, stream.length - TS_PACKET_LENGTH)));
  assert.equal(unit.picture(SENT), null);
});

test('any bytes are either refused or incomplete', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.boolean(), (bytes, looksRight) => {
      const packets = Buffer.from(bytes);
      if (looksRight) for (let at = 0; at < packets.length; at += TS_PACKET_LENGTH) packets[at] = 0x47;
      const unit = new FirstAccessUnit();
      unit.push(packets);
      unit.picture(Ticks90k(0));
    }),
  );
});

const chunk = (data: Buffer, randomAccess = true): Chunk => ({ time: SENT, data, randomAccess });

test('the picture of a station is read from its newest random access point, and nothing is read after that', async () => {
  const station = new FakeStation();
  station.put(chunk(stream.subarray(0, 10 * TS_PACKET_LENGTH)));
  const reading = firstPicture(station, new HandTimers(), Millis(100));
  await new Promise(setImmediate);
  assert.equal(station.readers.size, 1);
  station.put(chunk(stream.subarray(10 * TS_PACKET_LENGTH), false));
  assert.deepEqual((await reading)?.data, pictureData);
  assert.deepEqual(station.starts, [{ kind: 'live' }]);
  assert.equal(station.readers.size, 0);
});

test('the picture of a JPEG station is its newest picture', async () => {
  const station = new FakeStation({ format: 'jpeg' });
  station.put(chunk(pictureData));
  const time = 1_800_000_000_000;
  assert.deepEqual(await firstPicture(station, new HandTimers(), Millis(100)), { data: pictureData, sent: SENT, time });
});

test('a station that sends nothing has no picture, one that cannot be read rejects, and no reader is left', async () => {
  const timers = new HandTimers();
  const silent = new FakeStation();
  const waiting = firstPicture(silent, timers, Millis(100));
  await new Promise(setImmediate);
  timers.advance(100);
  assert.equal(await waiting, null);
  await new Promise(setImmediate);
  assert.equal(silent.readers.size, 0);

  const slow = new FakeStation();
  let open = () => {};
  slow.opening = new Promise((resolve) => {
    open = resolve;
  });
  const opening = firstPicture(slow, timers, Millis(100));
  timers.advance(100);
  assert.equal(await opening, null);
  open();
  await new Promise(setImmediate);
  assert.equal(slow.readers.size, 0);

  const broken = new FakeStation();
  broken.refusal = new Error('no such thing');
  await assert.rejects(firstPicture(broken, timers, Millis(100)), /no such thing/);

  const ending = new FakeStation();
  const lost = firstPicture(ending, timers, Millis(100));
  await new Promise(setImmediate);
  ending.end(new Error('off the air'));
  assert.equal(await lost, null);
  assert.equal(timers.pending, 0);
});
