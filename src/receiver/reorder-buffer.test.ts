import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis, PacketNumber } from '../base/units.js';
import { ReorderBuffer } from './reorder-buffer.js';

const NOW = Millis(0);

/** Delivers, and returns the numbers. */
function taken(buffer: ReorderBuffer<string>, now: number): number[] {
  const numbers: number[] = [];
  buffer.deliver(Millis(now), (n, packet) => {
    assert.equal(packet, `packet ${n}`);
    numbers.push(n);
  });
  return numbers;
}

function insert(buffer: ReorderBuffer<string>, numbers: readonly number[], now: number): void {
  for (const n of numbers) buffer.insert(PacketNumber(n), `packet ${n}`, Millis(now));
}

test('packets in order are delivered at once', () => {
  const buffer = new ReorderBuffer<string>();
  insert(buffer, [65_534, 65_535, 65_536, 65_537], 0);
  assert.deepEqual(taken(buffer, 0), [65_534, 65_535, 65_536, 65_537]);
});

test('packets that overtook others are put in order', () => {
  const buffer = new ReorderBuffer<string>();
  insert(buffer, [9, 11, 10, 12], 0);
  assert.deepEqual(taken(buffer, 0), [9, 10, 11, 12]);
  assert.equal(buffer.counts.reordered, 1);
  assert.equal(buffer.counts.lost, 0);
});

test('a missing packet is waited for until its deadline, then given up', () => {
  const buffer = new ReorderBuffer<string>({ deadline: Millis(100) });
  insert(buffer, [1, 3, 4], 50);
  assert.deepEqual(taken(buffer, 50), [1]);
  assert.deepEqual(taken(buffer, 149), []);
  assert.deepEqual(taken(buffer, 150), [3, 4]);
  assert.equal(buffer.counts.lost, 1);
  insert(buffer, [2], 160);
  assert.deepEqual(taken(buffer, 160), []);
  assert.equal(buffer.counts.late, 1);
});

test('a second gap is waited for from the arrival of the packet after it', () => {
  const buffer = new ReorderBuffer<string>({ deadline: Millis(100) });
  insert(buffer, [1, 3], 0);
  insert(buffer, [5], 60);
  assert.deepEqual(taken(buffer, 100), [1, 3]);
  assert.deepEqual(taken(buffer, 159), []);
  assert.deepEqual(taken(buffer, 160), [5]);
});

test('the first copy wins', () => {
  const buffer = new ReorderBuffer<string>();
  insert(buffer, [5, 6], 0);
  buffer.insert(PacketNumber(6), 'another', Millis(0));
  assert.deepEqual(taken(buffer, 0), [5, 6]);
  buffer.insert(PacketNumber(5), 'another', Millis(1));
  assert.deepEqual(taken(buffer, 1), []);
  assert.deepEqual({ ...buffer.counts }, { received: 2, duplicates: 2, late: 0, lost: 0, reordered: 0, jumps: 0 });
});

test('behind a jump, packets of the group that did not come are missing', () => {
  const buffer = new ReorderBuffer<string>({ deadline: Millis(100) });
  insert(buffer, [1, 2], 0);
  buffer.jump(PacketNumber(9_000));
  insert(buffer, [9_002, 9_003], 10);
  assert.deepEqual([taken(buffer, 109), taken(buffer, 110)], [[], [9_002, 9_003]]);
});

test('a packet outside of the window is ignored, until the stream jumps there', () => {
  const buffer = new ReorderBuffer<string>({ window: 64 });
  insert(buffer, [100, 102, 5000, 5001, 5002], 0);
  assert.deepEqual(taken(buffer, 0), [100]);
  insert(buffer, [101], 0);
  assert.deepEqual(taken(buffer, 0), [101, 102]);
  insert(buffer, [104], 0);
  buffer.jump(PacketNumber(7000));
  insert(buffer, [7001, 7000], 0);
  assert.deepEqual(taken(buffer, 0), [7000, 7001]);
  assert.deepEqual([buffer.counts.jumps, buffer.counts.lost], [1, 1]);
});

test('what lies before a packet that came too early is waited for as long as its source goes on there', () => {
  const buffer = new ReorderBuffer<string>({ deadline: Millis(100), window: 64 });
  insert(buffer, [0, 40], 0); // 40 is forged
  const out = taken(buffer, 0);
  for (let n = 1; n < 60; n++) {
    if (n % 10 !== 5) insert(buffer, [n], 20 * n); // each tenth is lost
    out.push(...taken(buffer, 20 * n));
  }
  out.push(...taken(buffer, 1_300));
  assert.deepEqual(
    out,
    Array.from({ length: 60 }, (_, n) => n).filter((n) => n % 10 !== 5),
  );
  assert.equal(buffer.counts.lost, 6);
  assert.equal(buffer.counts.duplicates, 1);
});

test('a repair does not show that a source goes on', () => {
  const buffer = new ReorderBuffer<string>({ deadline: Millis(100), window: 64 });
  insert(buffer, [0, 5], 0);
  buffer.insert(PacketNumber(1), 'packet 1', Millis(90), 'repair');
  buffer.insert(PacketNumber(3), 'packet 3', Millis(95), 'repair');
  assert.deepEqual(taken(buffer, 99), [0, 1]);
  assert.deepEqual(taken(buffer, 100), [3, 5]);
});

test('the next packet is delivered without being inserted, and counts like others', () => {
  const buffer = new ReorderBuffer<string>();
  assert.deepEqual(
    [7, 8, 8, 10].map((n) => buffer.takeNext(PacketNumber(n), NOW)),
    [true, true, false, false],
  );
  insert(buffer, [8, 10], 0);
  assert.equal(buffer.takeNext(PacketNumber(9), NOW), true);
  assert.equal(buffer.takeNext(PacketNumber(10), NOW), false); // it is there already
  insert(buffer, [10], 0);
  assert.deepEqual(taken(buffer, 0), [10]);
  assert.equal(buffer.takeNext(PacketNumber(11), NOW), true);
  assert.deepEqual({ ...buffer.counts }, { received: 5, duplicates: 2, late: 0, lost: 0, reordered: 1, jumps: 0 });
});

test('in any order of arrival each packet is delivered once, in order, or counted as lost', () => {
  const arrivals = fc.array(fc.record({ n: fc.integer({ min: 1000, max: 1060 }), wait: fc.nat(40) }), {
    maxLength: 150,
  });
  fc.assert(
    fc.property(arrivals, (packets) => {
      const buffer = new ReorderBuffer<string>({ deadline: Millis(100), window: 64 });
      const out: number[] = [];
      let now = 0;
      for (const { n, wait } of packets) {
        now += wait;
        if (buffer.takeNext(PacketNumber(n), Millis(now))) out.push(n);
        else insert(buffer, [n], now);
        out.push(...taken(buffer, now));
      }
      out.push(...taken(buffer, now + 100), ...taken(buffer, now + 200));
      assert.deepEqual(
        out,
        [...new Set(out)].sort((a, b) => a - b),
      );
      const { received, late, lost, duplicates } = buffer.counts;
      assert.equal(received - late, out.length);
      assert.equal(received + duplicates, packets.length);
      if (out.length > 0) assert.equal(lost, out[out.length - 1]! - out[0]! + 1 - out.length);
    }),
  );
});
