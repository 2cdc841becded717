import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeReader, fakeReel, systemError } from '../../test/support/fake-reel.js';
import { playoutAt, type Sent, start } from '../../test/support/hand-playout.js';
import { begin } from '../../test/support/timeline.js';
import { Millis, millisToTicks, PacketNumber, Ticks90k, ticksToMillis } from '../base/units.js';
import { NOTICE } from '../station/change.js';
import { Station } from '../station/station.js';
import { RECOVERY } from '../threads/read-errors.js';
import { HALF } from './packet-window.js';
import { EARLY, LATEST, PERIOD } from './playout.js';

/** A packet every `step` ms. */
const steady = (step = 10, tag = 0) =>
  new Station({
    items: [
      {
        name: 'steady',
        reel: fakeReel({ times: Array.from({ length: 100 }, (_, i) => i * step * 90), duration: step * 9_000, tag }),
      },
    ],
    ssrc: 1,
  });

const numbers = (packets: readonly Sent[]) => packets.map(({ sequenceNumber }) => sequenceNumber);
const following = (first: number, count: number) => Array.from({ length: count }, (_, i) => (first + i) % 65_536);

test('every packet leaves once and in order, at any times of its ticks', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 180 }), { maxLength: 100 }), (pauses) => {
      const { clock, sent, playout, add, play } = playoutAt();
      const station = steady();
      const progress = add('a', station, 1);
      const first = station.at(millisToTicks(start)) + 1;
      play(20);
      for (const pause of pauses) {
        clock.now = Millis(clock.now + pause);
        playout.tick();
      }
      clock.now = Millis(clock.now + PERIOD);
      playout.tick();
      assert.deepEqual(numbers(sent), following(first, sent.length));
      assert.equal(progress.next, first + sent.length);
      assert.ok(ticksToMillis(station.due(progress.next)) > clock.now + EARLY);
      assert.equal(progress.droppedLate, 0);
      assert.equal(progress.packets, sent.length);
      assert.equal(progress.bytes, sent.length * 28);
      assert.equal(progress.lateness.total, sent.length);
    }),
  );
});

test('packets of any number of stations leave within 5 ms of their time when playout is ticked at the times that it returns', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 30 }), (count, step) => {
      const { sent, add, play } = playoutAt();
      const station = steady(step);
      for (let i = 0; i < count; i++) add(`${i}`, station, i, 20e6);
      play(300);
      const first = station.at(millisToTicks(start)) + 1;
      for (let i = 0; i < count; i++) {
        const own = sent.filter(({ port }) => port === i);
        assert.deepEqual(numbers(own), following(first, own.length));
        own.forEach(({ time }, at) => {
          const late = time - ticksToMillis(station.due(PacketNumber(first + at)));
          assert.ok(late >= -EARLY && late <= PERIOD - EARLY, `${late} ms late`);
        });
        assert.ok(ticksToMillis(station.due(PacketNumber(first + own.length))) > start + 300 - PERIOD + EARLY);
      }
    }),
    { numRuns: 30 },
  );
});

test('stations are spread over the period as they fill it, and a few wake the processor once a period', () => {
  const moments = (count: number) => {
    const { sent, add, play } = playoutAt();
    for (let i = 0; i < count; i++) add(`${i}`, steady(1), i, 5e6);
    play(20);
    sent.length = 0;
    play(PERIOD);
    return new Map(
      [...new Set(sent.map(({ time }) => time))].map((time) => [
        time,
        new Set(sent.filter((packet) => packet.time === time).map(({ port }) => port)).size,
      ]),
    );
  };
  assert.equal(moments(30).size, 1);
  assert.equal(moments(100).size, 2);
  const many = moments(900);
  assert.equal(many.size, 9);
  for (const stations of many.values()) assert.equal(stations, 100);
});

test('packets more than 200 ms late after a stall are dropped and counted', () => {
  const { clock, sent, playout, add, play } = playoutAt();
  const station = steady();
  const progress = add('a', station, 1);
  play(50);
  sent.length = 0;
  clock.now = Millis(clock.now + 5_000);
  playout.tick();
  assert.ok(sent.length >= LATEST / 10 && sent.length <= (LATEST + EARLY) / 10 + 1);
  assert.equal(progress.droppedLate + progress.packets, progress.next - station.at(millisToTicks(start)) - 1);
  assert.ok(progress.lateness.quantile(1) <= LATEST + 1);
});

test('a station that cannot be read falls silent, its error is reported once, and the others go on', () => {
  const reader = fakeReader((tag, _packet, count) => {
    if (tag === 1) throw systemError('EIO');
    return count;
  });
  const { sent, errors, add, play } = playoutAt({ reader });
  const bad = add('bad', steady(10, 1), 1);
  const good = add('good', steady(10, 2), 2);
  play(1_000);
  assert.ok(sent.every(({ port }) => port === 2));
  assert.ok(sent.length >= 99);
  assert.equal(good.unread, 0);
  assert.equal(bad.unread, good.packets);
  assert.equal(bad.packets, 0);
  assert.deepEqual(errors, [{ id: 'bad', code: 'EIO', message: 'EIO: the disk is gone, read' }]);
});

test('each error code of a station is reported once, and again after the station has recovered', () => {
  let code: string | null = null;
  const reader = fakeReader((_tag, _packet, count) => {
    if (code !== null) throw systemError(code);
    return count;
  });
  const { errors, add, play } = playoutAt({ reader });
  add('a', steady(1), 1);
  for (const next of ['EIO', null, 'EIO', 'ESTALE', 'EIO']) {
    code = next;
    play(500);
  }
  assert.deepEqual(
    errors.map((error) => error.code),
    ['EIO', 'ESTALE'],
  );
  code = null;
  play(RECOVERY);
  code = 'EIO';
  play(500);
  assert.deepEqual(
    errors.map((error) => error.code),
    ['EIO', 'ESTALE', 'EIO'],
  );
});

test('an error that no system call made is a fault of the program: it is thrown', () => {
  for (const error of [new RangeError('out of range'), new TypeError('no function'), new Error('a plain error')]) {
    const reader = fakeReader(() => {
      throw error;
    });
    const { errors, add, play } = playoutAt({ reader });
    add('a', steady(), 1);
    assert.throws(() => play(100), error);
    assert.deepEqual(errors, []);
  }
});

test('an error code of Node.js itself is a fault of the program, too', () => {
  const reader = fakeReader((_tag, _packet, count) => Buffer.alloc(0).readUInt32BE(count));
  const { add, play } = playoutAt({ reader });
  add('a', steady(), 1);
  assert.throws(() => play(100), { code: 'ERR_BUFFER_OUT_OF_BOUNDS' });
});

test('packets that the disk brings late are sent late or dropped, and the other stations do not wait', () => {
  let isThere = true;
  const reader = fakeReader((tag, _packet, count) => (tag === 2 || isThere ? count : 0));
  const { sent, add, play } = playoutAt({ reader });
  const slow = add('slow', steady(10, 1), 1);
  const quick = add('quick', steady(10, 2), 2);
  play(100);
  slow.readTo = PacketNumber(Number.MAX_SAFE_INTEGER);
  const before = slow.next;
  isThere = false;
  play(200);
  assert.ok(slow.next <= before + HALF, 'packets that had been read leave');
  assert.equal(slow.readTo, slow.next, 'the reading thread has to bring it again');
  assert.ok(slow.waits > 10);
  isThere = true;
  play(10);
  assert.equal(slow.droppedLate, 0);
  assert.equal(slow.next, quick.next);
  isThere = false;
  play(1_000);
  isThere = true;
  play(100);
  assert.ok(slow.droppedLate >= 60);
  assert.equal(slow.next, quick.next);
  const own = numbers(sent.filter(({ port }) => port === 2));
  assert.deepEqual(own, following(own[0]!, own.length));
  assert.ok(quick.lateness.quantile(1) <= PERIOD - EARLY + 0.1);
});

test('packets in memory are sent at once, and the rest when it is in memory', () => {
  let most = 1;
  const { sent, add, play } = playoutAt({ reader: fakeReader((_tag, _packet, count) => Math.min(count, most)) });
  const progress = add('a', steady(1), 1);
  play(20);
  most = 0;
  play(20);
  most = 3;
  play(20);
  assert.deepEqual(numbers(sent), following(sent[0]!.sequenceNumber, sent.length));
  assert.equal(progress.droppedLate, 0);
});

test('a reader that would wait for the disk is asked only for packets in memory', () => {
  const asked: number[] = [];
  const reader = fakeReader((_tag, packet, count) => {
    for (let i = 0; i < count; i++) asked.push(packet + i);
    return count;
  }, true);
  const { add, play } = playoutAt({ reader });
  const station = steady();
  const progress = add('a', station, 1);
  play(100);
  assert.deepEqual(asked, []);
  assert.equal(progress.droppedLate, 0, 'it has not begun');
  const next = station.at(millisToTicks(Millis(start + 100))) + 1;
  progress.readTo = PacketNumber(next + 5);
  play(200);
  assert.ok(asked.length >= 4);
  asked.forEach((packet, i) => {
    assert.equal(packet, (next + 5 - asked.length + i) % station.cyclePackets);
  });
});

test('a station taken off the air sends nothing more, and the others go on', () => {
  const { sent, playout, add, play } = playoutAt();
  add('a', steady(), 1);
  add('b', steady(), 2);
  play(50);
  playout.remove('a');
  playout.remove('a');
  sent.length = 0;
  play(100);
  assert.deepEqual([...new Set(sent.map(({ port }) => port))], [2]);
  playout.remove('b');
  assert.equal(playout.tick(), Number.POSITIVE_INFINITY);
});

test('packets that the sender refuses or has no room for are counted with their station', () => {
  const { playout, add } = playoutAt();
  const [a, b] = [add('a', steady(), 1), add('b', steady(), 2)];
  playout.onRefused(1, 3);
  playout.onPressure(0);
  assert.deepEqual([a.refused, b.refused], [0, 3]);
  assert.deepEqual([a.backPressure, b.backPressure], [1, 0]);
});

/** The tag of its reel, as fake reels have it. */
const tagOf = ({ bytes }: Sent) => bytes.readUInt32BE(12);

test('a change announced two seconds ahead takes effect with its very packet, even if later packets had been read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 900 }), fc.integer({ min: 0, max: 5_000 }), (step, before) => {
      const { clock, sent, playout, add, play } = playoutAt();
      const station = steady(step, 1);
      add('a', station, 1);
      play(1_000 + before);
      const first = PacketNumber(station.at(Ticks90k(millisToTicks(clock.now) + NOTICE)) + 1);
      const { items } = steady(step, 2);
      begin(station, { from: station.due(first), first, items, item: 0, packet: 0, counters: null });
      playout.readAgain('a');
      play(2_000 + 20 * step);
      const begins = station.at(millisToTicks(start)) + 1;
      assert.deepEqual(numbers(sent), following(begins, sent.length));
      assert.deepEqual(
        sent.map(tagOf),
        sent.map((_, i) => (begins + i < first ? 1 : 2)),
      );
      assert.ok(begins + sent.length > first);
    }),
  );
});

test('a change announced too late takes effect at once, and no packet leaves twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 150 }), (late) => {
      const { sent, playout, add, play } = playoutAt();
      const station = steady(10, 1);
      add('a', station, 1);
      play(1_000);
      const first = PacketNumber(station.at(millisToTicks(Millis(start + 1_000))) + 1);
      play(late);
      const { items } = steady(10, 2);
      begin(station, { from: station.due(first), first, items, item: 0, packet: 0, counters: null });
      playout.readAgain('a');
      play(500);
      const begins = station.at(millisToTicks(start)) + 1;
      assert.deepEqual(numbers(sent), following(begins, sent.length));
      const tags = sent.map(tagOf);
      assert.deepEqual(tags, tags.toSorted());
      assert.equal(tags.at(-1), 2);
    }),
  );
});
