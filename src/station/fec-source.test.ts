import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FakeSource, fakeSource } from '../../test/support/fake-source.js';
import { PacketNumber, Ticks90k } from '../base/units.js';
import { emptyFec, FEC_PARITY_AT, type FecSize, readFec } from '../wire/fec.js';
import { parityOf } from './fec-source.js';
import { packetsOf } from './packet-source.js';

const sizes: fc.Arbitrary<FecSize> = fc
  .record({ columns: fc.integer({ min: 1, max: 20 }), rows: fc.integer({ min: 4, max: 20 }) })
  .filter(({ columns, rows }) => columns * rows <= 100);

/** Lengths as of a transport stream, and any. */
const lengths = fc.oneof(
  fc.constant(() => 1316),
  fc.integer({ min: 2, max: 1_400 }).map((most) => (n: number) => (n * 7_919) % most),
);

const blocks = fc.oneof(fc.nat(5), fc.integer({ min: 10 ** 10, max: 10 ** 10 + 100 }));

/** Parity as SMPTE 2022-1 defines it, byte by byte. */
function expected(packets: readonly Buffer[]) {
  const xor = (of: (packet: Buffer) => number) => packets.reduce((sum, packet) => sum ^ of(packet), 0);
  const payloads = packets.map((packet) => packet.subarray(12));
  const parity = Buffer.alloc(Math.max(...payloads.map(({ length }) => length)));
  for (const payload of payloads) for (let i = 0; i < payload.length; i++) parity[i]! ^= payload[i]!;
  return {
    base: packets[0]!.readUInt16BE(2),
    count: packets.length,
    first: xor((packet) => packet[0]! & 0x3f),
    second: xor((packet) => packet[1]!),
    timestamps: xor((packet) => packet.readUInt32BE(4)) >>> 0,
    lengths: xor((packet) => packet.length - 12),
    parity,
  };
}

function decoded(packet: Buffer) {
  const into = emptyFec();
  assert.ok(readFec(packet, 0, packet.length, into));
  const { isRow, sequenceNumber, timestamp, step, ...rest } = into;
  return { own: { isRow, sequenceNumber, timestamp, step }, rest: { ...rest, parity: packet.subarray(FEC_PARITY_AT) } };
}

const numbered = (source: FakeSource, from: number, count: number, step: number) =>
  Array.from({ length: count }, (_, i) => source.packet(from + i * step));

test('each packet is the parity of its column or row, in any order of asking', () => {
  fc.assert(
    fc.property(sizes, lengths, blocks, fc.array(fc.nat(1_000), { maxLength: 12 }), (size, lengthOf, first, asked) => {
      const { columns: L, rows: D } = size;
      const source = fakeSource({ lengthOf });
      const { columns, rows } = parityOf(source, size);
      assert.deepEqual([columns.perBlock, rows.perBlock], [L, D]);
      for (const number of [...asked, 0, L + D]) {
        const block = first + Math.floor(number / (L + D));
        const at = number % (L + D);
        const base = block * L * D;
        const isRow = at >= L;
        const m = isRow ? block * D + at - L : block * L + at;
        const parity = isRow ? rows : columns;
        const [packet] = packetsOf(parity, PacketNumber(m), PacketNumber(m + 1));
        const { own, rest } = decoded(packet!);
        const covered = isRow ? numbered(source, base + (at - L) * L, L, 1) : numbered(source, base + at, D, L);
        assert.deepEqual(rest, expected(covered));
        const timestamp = parity.due(PacketNumber(m)) % 2 ** 32;
        assert.deepEqual(own, { isRow, sequenceNumber: m % 65_536, timestamp, step: isRow ? 1 : L });
        assert.ok(packet!.length <= parity.largestPacket);
      }
    }),
  );
});

test('a row’s parity leaves with its last packet, a column’s one row after its last', () => {
  const source = fakeSource();
  const { columns, rows } = parityOf(source, { columns: 10, rows: 5 });
  assert.equal(rows.due(PacketNumber(7)), source.due(PacketNumber(79)));
  assert.equal(columns.due(PacketNumber(30)), source.due(PacketNumber(3 * 50 + 40 + 10)));
  assert.equal(columns.due(PacketNumber(39)), source.due(PacketNumber(3 * 50 + 49 + 10)));
});

test('at and due agree: the packet of a time is due by then, and the next one is not', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 2e14 }), (size, time) => {
      const { columns, rows } = parityOf(fakeSource(), size);
      for (const parity of [columns, rows]) {
        const m = parity.at(Ticks90k(time));
        assert.ok(parity.due(m) <= time);
        assert.ok(parity.due(PacketNumber(m + 1)) > time);
      }
    }),
  );
});

test('the readable packets of a station decide which parity can be made', () => {
  fc.assert(
    fc.property(sizes, fc.nat(10_000), (size, stationPacket) => {
      const source = fakeSource({ isInMemory: (n) => n < stationPacket });
      const { columns, rows } = parityOf(source, size);
      for (const parity of [columns, rows]) {
        const end = parity.readable(PacketNumber(stationPacket));
        if (end > 0) assert.equal(packetsOf(parity, PacketNumber(end - 1), end).length, 1);
        assert.throws(() => packetsOf(parity, end, PacketNumber(end + 1)), /not in memory/);
      }
    }),
  );
});

test('parity of packets that are not in memory yet is made, whole, when they are', () => {
  let there = 0;
  const source = fakeSource({ isInMemory: (n) => n < there });
  const { columns, rows } = parityOf(source, { columns: 4, rows: 4 });
  const whole = parityOf(fakeSource(), { columns: 4, rows: 4 });
  for (there = 0; there < 16; there += 3)
    assert.throws(() => packetsOf(columns, PacketNumber(0), PacketNumber(1)), /packet 0 is not in memory/);
  there = 16;
  assert.deepEqual(
    packetsOf(columns, PacketNumber(0), PacketNumber(4)),
    packetsOf(whole.columns, PacketNumber(0), PacketNumber(4)),
  );
  assert.deepEqual(
    packetsOf(rows, PacketNumber(0), PacketNumber(4)),
    packetsOf(whole.rows, PacketNumber(0), PacketNumber(4)),
  );
});

test('on the air each packet is read once for its column and its row, and columns are made a block at a time', () => {
  const source = fakeSource();
  const { columns, rows } = parityOf(source, { columns: 10, rows: 5 });
  for (let block = 0; block < 4; block++) {
    for (let row = 0; row < 5; row++) {
      // The columns of a block are due during the first row of the next.
      if (row === 0 && block > 0) packetsOf(columns, PacketNumber((block - 1) * 10), PacketNumber(block * 10));
      packetsOf(rows, PacketNumber(block * 5 + row), PacketNumber(block * 5 + row + 1));
    }
  }
  assert.deepEqual(
    source.written,
    Array.from({ length: 200 }, (_, n) => n),
  );
});
