import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeReader, fakeReel } from '../../test/support/fake-reel.js';
import { PacketNumber } from '../base/units.js';
import { Station } from '../station/station.js';
import { HALF, PacketWindow, WindowMemory } from './packet-window.js';

const station = new Station({
  items: [1, 2].map((tag) => ({
    name: `${tag}`,
    reel: fakeReel({ times: Array.from({ length: 23 }, (_, i) => i * 100), duration: 2_300, tag }),
  })),
  ssrc: 1,
});

test('a window has the station’s packets in order, and keeps them until their half is filled again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 20 })), { maxLength: 60 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
      (fills, from) => {
        const memory = new WindowMemory(3);
        memory.take(); // The window is not the first one in its memory.
        let there = 0;
        const reader = fakeReader((_tag, _packet, count) => Math.min(count, there));
        const window = new PacketWindow(station, memory, PacketNumber(from));
        const taken: [number[], number[]] = [[], []];
        let next = from;
        for (const [inMemory, most] of fills) {
          there = inMemory;
          const half = window.halfToFill as 0 | 1;
          const other = half === 0 ? 1 : 0;
          const filled = window.fill(reader, most);
          assert.ok(filled <= Math.min(most, HALF));
          if (filled === 0) continue;
          assert.equal(window.half, half);
          taken[half] = [];
          const whole = station.packets(PacketNumber(next), PacketNumber(next + filled), fakeReader());
          for (const packet of whole) {
            assert.equal(window.isEmpty, false);
            assert.equal(window.next, next);
            assert.equal(window.due, station.due(PacketNumber(next)));
            taken[half].push(window.slot);
            assert.deepEqual(bytesAt(memory, window.slot), packet);
            window.advance();
            next++;
          }
          assert.equal(window.isEmpty, true);
          assert.equal(window.due, station.due(PacketNumber(next)));
          // The packets of the other half are unchanged.
          taken[other].forEach((slot, i) => {
            const n = next - filled - taken[other].length + i;
            assert.deepEqual(
              bytesAt(memory, slot),
              station.packets(PacketNumber(n), PacketNumber(n + 1), fakeReader())[0],
            );
          });
        }
      },
    ),
  );
});

const bytesAt = ({ slots }: WindowMemory, slot: number) =>
  slots.buffer.subarray(slots.offsets[slot]!, slots.offsets[slot]! + slots.lengths[slot]!);

test('skipping to a packet empties the window', () => {
  const window = new PacketWindow(station, new WindowMemory(1), PacketNumber(5));
  window.fill(fakeReader(), HALF);
  window.skipTo(PacketNumber(100));
  assert.equal(window.isEmpty, true);
  assert.deepEqual([window.next, window.due], [100, station.due(PacketNumber(100))]);
});

test('a window that is released is used again, and none is left beyond the limit', () => {
  const memory = new WindowMemory(2);
  const [one] = [
    new PacketWindow(station, memory, PacketNumber(1)),
    new PacketWindow(station, memory, PacketNumber(1)),
  ];
  assert.throws(() => memory.take(), /memory for 2 stations/);
  one.close();
  assert.doesNotThrow(() => memory.take());
});
