import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketNumber } from '../src/base/units.js';
import { FecDecoder } from '../src/receiver/fec-decoder.js';
import { parityOf } from '../src/station/fec-source.js';
import { packetsOf } from '../src/station/packet-source.js';
import { FEC_PARITY_AT, type FecMode, type FecSize, writeFecHeaders } from '../src/wire/fec.js';
import { type FakeSource, fakeSource } from './support/fake-source.js';

/** A packet on the network: the station's packet n, or the parity of the packets in `of`. */
interface Datagram {
  n: number | null;
  of: readonly number[];
  bytes: Buffer;
  due: number;
}

/** Whole blocks of a station from packet `from` on, with their parity, in the order in which they leave. */
function sent(source: FakeSource, size: FecSize, mode: FecMode, from: number, blocks: number): Datagram[] {
  const { columns: L, rows: D } = size;
  // A sender whose first block begins with packet `from`.
  const shifted: FakeSource = {
    ...source,
    due: (n) => source.due(PacketNumber(from + n)),
    write: (first, to, ...rest) => source.write(PacketNumber(from + first), PacketNumber(from + to), ...rest),
  };
  const { columns, rows } = parityOf(shifted, size);
  const datagrams: Datagram[] = [];
  for (let n = 0; n < blocks * L * D; n++) {
    datagrams.push({ n: from + n, of: [], bytes: source.packet(from + n), due: shifted.due(PacketNumber(n)) });
  }
  const add = (bytes: Buffer, due: number, base: number, step: number, count: number) => {
    bytes.writeUInt16BE((from + base) % 65_536, 12); // SNBase
    datagrams.push({ n: null, of: Array.from({ length: count }, (_, i) => from + base + i * step), bytes, due });
  };
  packetsOf(columns, PacketNumber(0), PacketNumber(blocks * L)).forEach((bytes, m) => {
    add(bytes, columns.due(PacketNumber(m)), Math.floor(m / L) * L * D + (m % L), L, D);
  });
  if (mode === 'both') {
    packetsOf(rows, PacketNumber(0), PacketNumber(blocks * D)).forEach((bytes, m) => {
      add(bytes, rows.due(PacketNumber(m)), m * L, 1, L);
    });
  }
  return datagrams.sort((a, b) => a.due - b.due);
}

/** Lost packets that parity determines: the only one missing of a parity, repeatedly. */
function repairable(arrived: readonly Datagram[]): Set<number> {
  const there = new Set(arrived.flatMap(({ n }) => (n === null ? [] : [n])));
  const back = new Set<number>();
  for (let isMore = true; isMore; ) {
    isMore = false;
    for (const { of } of arrived) {
      const missing = of.filter((n) => !there.has(n));
      if (missing.length !== 1) continue;
      there.add(missing[0]!);
      back.add(missing[0]!);
      isMore = true;
    }
  }
  return back;
}

/** Decodes the datagrams; returns the recovered packets, each compared with the one that was sent. */
function decode(source: FakeSource, arrived: readonly Datagram[], from: number): Set<number> {
  const back = new Set<number>();
  const decoder = new FecDecoder({
    onRecovered: (n, packet) => {
      assert.deepEqual(packet, source.packet(n), `packet ${n}`);
      assert.ok(!back.has(n), `packet ${n} again`);
      back.add(n);
      decoder.media(n, packet, 0, packet.length); // As the RTP receiver does.
    },
  });
  let near = from;
  for (const { n, bytes } of arrived) {
    const buffer = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')]);
    if (n === null) decoder.parity(buffer, 6, 6 + bytes.length, PacketNumber(near));
    else decoder.media(PacketNumber(n), buffer, 6, 6 + bytes.length);
    near = Math.max(near, n ?? near);
    buffer.fill(0xee); // It was lent.
  }
  assert.deepEqual(decoder.counts, { recovered: back.size, refused: 0 });
  return back;
}

const sizes = (most: number): fc.Arbitrary<FecSize> =>
  fc
    .record({ columns: fc.integer({ min: 4, max: 20 }), rows: fc.integer({ min: 4, max: 20 }) })
    .filter(({ columns, rows }) => columns * rows <= most);
const modes = fc.constantFrom<FecMode>('columns', 'both');
/** Also around the wraps of sequence numbers, time stamps, and 32 bits. */
const starts = fc.oneof(
  fc.nat(2_000),
  fc.constantFrom(65_500, 2 ** 32 - 50, Math.floor(2 ** 32 / 180) - 50),
  fc.integer({ min: 10 ** 12, max: 10 ** 12 + 100_000 }),
);
const lengths = fc.oneof(
  fc.constant(() => 1316),
  fc.integer({ min: 2, max: 1_400 }).map((most) => (n: number) => (n * 7_919) % most),
);
/** Numbers from 0 to 1, the same for the same seed. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);

test('every packet that parity determines is recovered, byte for byte, in any order of arrival', () => {
  fc.assert(
    fc.property(
      sizes(48),
      modes,
      starts,
      lengths,
      fc.double({ min: 0, max: 0.4, noNaN: true }),
      fc.nat(),
      fc.boolean(),
      (size, mode, from, lengthOf, loss, seed, isShuffled) => {
        const source = fakeSource({ lengthOf });
        const roll = dice(seed);
        const arrived = sent(source, size, mode, from, 4).filter(() => roll() >= loss);
        if (isShuffled) for (const each of arrived) each.due = roll();
        arrived.sort((a, b) => a.due - b.due);
        const back = decode(source, arrived, from);
        // Out of order, parity can recover a packet that comes a moment later.
        for (const { n } of arrived) if (n !== null && isShuffled) back.delete(n);
        assert.deepEqual(sorted(back), sorted(repairable(arrived)));
      },
    ),
    { numRuns: 200 },
  );
});

test('columns alone recover every burst of L packets, with parity lost in the same burst', () => {
  fc.assert(
    fc.property(sizes(100), fc.nat(299), starts, (size, at, from) => {
      const { columns: L, rows: D } = size;
      const source = fakeSource();
      const all = sent(source, size, 'columns', from, 4);
      const first = all.findIndex(({ n }) => n === from + (at % (3 * L * D - L)));
      const last = all.findIndex(({ n }) => n === all[first]!.n! + L - 1);
      const lost = all.slice(first, last + 1).flatMap(({ n }) => (n === null ? [] : [n]));
      const arrived = all.filter((_, i) => i < first || i > last);
      assert.deepEqual(sorted(decode(source, arrived, from)), lost);
    }),
  );
});

test('each packet is recovered once when the stream is joined in the middle and datagrams come several times', () => {
  fc.assert(
    fc.property(sizes(48), modes, fc.nat(60), fc.nat(3), (size, mode, joined, copies) => {
      const source = fakeSource();
      const arrived = sent(source, size, mode, 1_000, 4)
        .slice(joined)
        .filter((_, i) => i % 11 !== 5);
      const often = arrived.flatMap((datagram) => new Array<Datagram>(1 + copies).fill(datagram));
      assert.deepEqual(sorted(decode(source, often, 1_000)), sorted(repairable(arrived)));
    }),
  );
});

test('a long stream is repaired in the memory of 256 packets', () => {
  const source = fakeSource();
  const arrived = sent(source, { columns: 10, rows: 10 }, 'both', 65_000, 50).filter((_, i) => i % 17 !== 3);
  const back = decode(source, arrived, 65_000);
  assert.deepEqual(sorted(back), sorted(repairable(arrived)));
  assert.ok(back.size > 250);
});

test('a packet that comes late does not displace a later one that parity needs', () => {
  const source = fakeSource();
  const all = sent(source, { columns: 4, rows: 4 }, 'both', 1_000, 2).filter(({ n }) => n !== 1_005);
  const late = [745, 746, 747, 748, 750].map((n) => ({ n, of: [], bytes: source.packet(n), due: 0 }));
  const rowAt = all.findIndex(({ n }) => n === 1_007) + 1;
  // Parity has shown where the stream is.
  const arrived = [...all.slice(0, rowAt), ...late, ...all.slice(rowAt)];
  assert.deepEqual([...decode(source, arrived, 1_000)], [1_005]);
});

/** Parity with the header fields in `changes`. */
function forged(changes: Partial<Parameters<typeof writeFecHeaders>[2]>, parity = 1_316): Buffer {
  const out = Buffer.alloc(FEC_PARITY_AT + parity, 0x47);
  const fec = { isRow: true, sequenceNumber: 1, timestamp: 1, base: 1_000, step: 1, count: 4 };
  writeFecHeaders(out, 0, { ...fec, first: 0, second: 0, timestamps: 0, lengths: 0, ...changes });
  return out;
}

test('the result of foreign parity is refused', () => {
  const source = fakeSource();
  const three = [1_000, 1_001, 1_002];
  const right = {
    second: 33 ^ 33 ^ 33 ^ 33,
    timestamps: three.reduce((sum, n) => sum ^ (n * 180), 1_003 * 180),
    lengths: 0,
  };
  const refusedOf = (changes: Parameters<typeof forged>[0], parity?: number) => {
    let recovered = 0;
    const decoder = new FecDecoder({ onRecovered: () => recovered++ });
    for (const n of three) decoder.media(PacketNumber(n), source.packet(n), 0, 52);
    const packet = forged({ ...right, ...changes }, parity);
    decoder.parity(packet, 0, packet.length, PacketNumber(1_002));
    assert.equal(decoder.counts.recovered, recovered);
    return [recovered, decoder.counts.refused];
  };
  assert.deepEqual(refusedOf({}), [1, 0]);
  assert.deepEqual(refusedOf({ second: 96 }), [0, 1], 'another payload type');
  assert.deepEqual(refusedOf({ timestamps: right.timestamps ^ 0x4000_0000 }), [0, 1], 'hours away');
  assert.deepEqual(refusedOf({ lengths: 1_316 }, 40), [0, 1], 'longer than the parity');
  assert.deepEqual(refusedOf({ count: 1 }), [0, 1], 'of a single packet');
  assert.deepEqual(refusedOf({}, 2_000), [0, 1], 'larger than any packet');
  assert.deepEqual(refusedOf({ base: 30_000 }), [0, 0], 'far ahead');
  assert.deepEqual(refusedOf({ isRow: false, step: 255, count: 255 }), [0, 0], 'wider than what is kept');
});

test('no bytes throw, take memory, or are returned as a packet that is not RTP', () => {
  const source = fakeSource();
  const all = sent(source, { columns: 4, rows: 4 }, 'both', 65_530, 3);
  const bytes = fc.uint8Array({ maxLength: 60 });
  const change = fc.record({ at: fc.nat(70), value: fc.nat(255), which: fc.nat(all.length - 1), cut: fc.nat(80) });
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, change), { maxLength: 200 }), fc.nat(131_072), (steps, near) => {
      const decoder = new FecDecoder({
        onRecovered: (_n, packet) => assert.ok(packet.length >= 12 && packet.length <= 1_536 && packet[0]! >> 6 === 2),
      });
      for (const step of steps) {
        if (step instanceof Uint8Array) {
          decoder.parity(Buffer.from(step), 0, step.length, PacketNumber(near));
          decoder.media(PacketNumber(near), Buffer.from(step), 0, step.length);
          continue;
        }
        const { n, bytes: packet } = all[step.which]!;
        const changed = Buffer.from(packet.subarray(0, Math.max(0, packet.length - Math.max(0, step.cut - 60))));
        if (step.at < changed.length && step.at % 3 === 0) changed[step.at] = step.value;
        if (n === null) decoder.parity(changed, 0, changed.length, PacketNumber(65_560));
        else decoder.media(PacketNumber(n), changed, 0, changed.length);
      }
    }),
  );
});

test('a flood of forged parity leaves room for genuine parity', () => {
  const source = fakeSource();
  const back: number[] = [];
  const decoder = new FecDecoder({ onRecovered: (n) => back.push(n) });
  for (let i = 0; i < 10_000; i++) {
    const packet = forged({ base: 900 + (i % 50), count: 4 + (i % 40) });
    decoder.parity(packet, 0, packet.length, PacketNumber(1_000));
  }
  for (const { n, bytes } of sent(source, { columns: 4, rows: 4 }, 'columns', 1_000, 2)) {
    if (n === null) decoder.parity(bytes, 0, bytes.length, PacketNumber(1_031));
    else if (n !== 1_005) decoder.media(PacketNumber(n), bytes, 0, bytes.length);
  }
  assert.ok(back.includes(1_005));
});
