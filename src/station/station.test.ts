import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeReader, fakeReel } from '../../test/support/fake-reel.js';
import { PacketNumber, Ticks90k } from '../base/units.js';
import { parseRtp } from '../wire/rtp.js';
import { Station } from './station.js';

const reader = fakeReader();

/** Reels whose packets leave at rising times from 0, as all reels' do. */
const reelTimes = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 40 }),
    fc.integer({ min: 1, max: 4_000 }),
  )
  .map(([steps, rest]) => {
    const times = [0];
    for (const step of steps) times.push(times.at(-1)! + step);
    return { times, duration: times.at(-1)! + rest };
  });

const station = fc.array(reelTimes, { minLength: 1, maxLength: 4 }).map(
  (reels) =>
    new Station({
      items: reels.map((reel, tag) => ({ name: `item ${tag}`, reel: fakeReel({ ...reel, tag }) })),
      ssrc: 7,
    }),
);

/** Around 2026 and around the wraps of RTP timestamps and PTS, in ticks since 1970. */
const time = fc.oneof(
  fc.integer({ min: 0, max: 2e14 }),
  fc.integer({ min: 160_000_000_000_000, max: 160_000_000_100_000 }),
  fc.integer({ min: -50_000, max: 50_000 }).map((offset) => 18_626 * 2 ** 33 + offset),
);

test('at and due agree: the packet of a time is due by then, and the next one is not', () => {
  fc.assert(
    fc.property(station, time, (on, now) => {
      const n = on.at(Ticks90k(now));
      assert.ok(on.due(n) <= now);
      assert.ok(on.due(PacketNumber(n + 1)) > now);
    }),
  );
});

test('packets leave in the order of their numbers, across items and cycles', () => {
  fc.assert(
    fc.property(station, time, (on, now) => {
      const n = on.at(Ticks90k(now));
      for (let i = 1; i < 3 * on.cyclePackets; i++)
        assert.ok(on.due(PacketNumber(n + i)) >= on.due(PacketNumber(n + i - 1)));
      assert.equal(on.due(PacketNumber(n + on.cyclePackets)) - on.due(n), on.cycleDuration);
    }),
    { numRuns: 30 },
  );
});

test('sequence number and timestamp are those of the packet number and its time, modulo 2^16 and 2^32', () => {
  fc.assert(
    fc.property(station, time, (on, now) => {
      const n = on.at(Ticks90k(now));
      const [packet] = on.packets(n, PacketNumber(n + 1), reader);
      const header = parseRtp(packet!)!;
      assert.equal(header.sequenceNumber, n % 65_536);
      assert.equal(header.timestamp, on.due(n) % 2 ** 32);
      assert.equal(header.payloadType, 33);
      assert.equal(header.ssrc, 7);
    }),
  );
});

test('a range of packets is the same bytes, asked for at once or in parts', () => {
  fc.assert(
    fc.property(
      station,
      time,
      fc.integer({ min: 0, max: 50 }),
      fc.integer({ min: 0, max: 50 }),
      (on, now, first, second) => {
        const n = on.at(Ticks90k(now));
        const whole = on.packets(n, PacketNumber(n + first + second), reader);
        assert.deepEqual(
          [
            ...on.packets(n, PacketNumber(n + first), reader),
            ...on.packets(PacketNumber(n + first), PacketNumber(n + first + second), reader),
          ],
          whole,
        );
      },
    ),
  );
});

test('the payload is moved by the time at which its item began', () => {
  const one = fakeReel({ times: [0, 100], duration: 1_000, tag: 1 });
  const two = fakeReel({ times: [0], duration: 500, tag: 2 });
  const on = new Station({
    items: [
      { name: 'one', reel: one },
      { name: 'two', reel: two },
    ],
    ssrc: 1,
  });
  const shifts = on
    .packets(PacketNumber(3), PacketNumber(7), reader)
    .map((packet) => [packet.readUInt32BE(12), packet.readDoubleBE(20)]);
  assert.deepEqual(shifts, [
    [1, 1_500],
    [1, 1_500],
    [2, 2_500],
    [1, 3_000],
  ]);
  assert.equal(on.itemAt(Ticks90k(2_600)).name, 'two');
  assert.equal(on.itemAt(Ticks90k(3_000)).name, 'one');
});
