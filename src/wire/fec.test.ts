import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyFec, FEC_PARITY_AT, type FecFields, fecSizeFault, readFec, writeFecHeaders } from './fec.js';

const cases: { name: string; fec: FecFields; bytes: string }[] = [
  {
    name: 'a column of ten by five',
    fec: {
      isRow: false,
      sequenceNumber: 0x0102,
      timestamp: 0x0304_0506,
      base: 0xfffe,
      step: 10,
      count: 5,
      first: 0,
      second: 33,
      timestamps: 0xdead_beef,
      lengths: 1316,
    },
    bytes: '8060 0102 03040506 00000000 fffe 0524 a1 000000 deadbeef 00 0a 05 00',
  },
  {
    name: 'a row whose packets’ markers and first bytes differ',
    fec: {
      isRow: true,
      sequenceNumber: 65_535,
      timestamp: 2 ** 32 - 1,
      base: 0,
      step: 1,
      count: 20,
      first: 0x35,
      second: 0x80,
      timestamps: 0x8000_0000,
      lengths: 0xffff,
    },
    bytes: 'b5e0 ffff ffffffff 00000000 0000 ffff 80 000000 80000000 40 01 14 00',
  },
];

const bytesOf = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

for (const { name, fec, bytes } of cases) {
  test(`${name} is written as SMPTE 2022-1 draws it and read back`, () => {
    const out = Buffer.alloc(FEC_PARITY_AT, 0xee);
    assert.equal(writeFecHeaders(out, 0, fec), FEC_PARITY_AT);
    assert.equal(out.toString('hex'), bytesOf(bytes).toString('hex'));
    const into = emptyFec();
    assert.ok(readFec(out, 0, out.length, into));
    assert.deepEqual(into, fec);
  });
}

test('packets of FFmpeg’s prompeg are read', () => {
  const packets = [
    ['8060046191185b2f0000000002010000800000000000000040010a00', true, 1121, 1, 10, 0, 0, 0],
    ['8060009f91185b2f0000000002010524a10000009119ad3f000a0500', false, 159, 10, 5, 33, 0x9119_ad3f, 1316],
  ] as const;
  for (const [bytes, isRow, sequenceNumber, step, count, second, timestamps, lengths] of packets) {
    const packet = bytesOf(bytes);
    const into = emptyFec();
    assert.ok(readFec(packet, 0, packet.length, into));
    const timestamp = 0x9118_5b2f;
    const expected = {
      isRow,
      sequenceNumber,
      timestamp,
      base: 513,
      step,
      count,
      first: 0,
      second,
      timestamps,
      lengths,
    };
    assert.deepEqual(into, expected);
  }
});

test('other kinds of correction and contradictions are refused', () => {
  const into = emptyFec();
  const whole = bytesOf(cases[1]!.bytes);
  assert.ok(readFec(whole, 0, whole.length, into));
  for (let length = 0; length < FEC_PARITY_AT; length++) assert.ok(!readFec(whole, 0, length, into));
  const wrong: [string, number, number][] = [
    ['version 1', 0, 0x40],
    ['another payload type', 1, 33],
    ['no extended header', 16, 0x00],
    ['N set', 24, 0x80],
    ['another type of parity', 24, 0x48],
    ['another index', 24, 0x41],
    ['a row in steps', 25, 2],
    ['no step', 25, 0],
    ['no packets', 26, 0],
  ];
  for (const [name, at, value] of wrong) {
    const changed = Buffer.from(whole);
    changed[at] = value;
    assert.ok(!readFec(changed, 0, changed.length, into), name);
  }
});

test('every packet that is read is written back unchanged, and nothing throws', () => {
  const anything = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const nearly = fc.tuple(fc.uint8Array({ minLength: 40, maxLength: 40 }), fc.boolean()).map(([bytes, isRow]) => {
    const packet = Buffer.from(bytes);
    packet[0]! |= 0x80;
    packet[0]! &= 0xbf;
    packet[1] = (packet[1]! & 0x80) | 96;
    packet[16]! |= 0x80;
    packet[24] = isRow ? 0x40 : 0;
    if (isRow) packet[25] = 1;
    return packet;
  });
  fc.assert(
    fc.property(fc.oneof(anything, nearly), fc.nat(20), (packet, before) => {
      const buffer = Buffer.concat([Buffer.alloc(before, 0xee), packet]);
      const into = emptyFec();
      if (!readFec(buffer, before, buffer.length, into)) return;
      const out = Buffer.alloc(FEC_PARITY_AT);
      writeFecHeaders(out, 0, into);
      // SSRC, mask and the upper bits of the base are not used.
      const expected = Buffer.from(packet.subarray(0, FEC_PARITY_AT));
      expected.fill(0, 8, 12).fill(0, 17, 20).fill(0, 27, 28);
      assert.deepEqual(out, expected);
    }),
  );
});

test('sizes are limited as in the specification', () => {
  for (const [columns, rows] of [
    [10, 5],
    [4, 4],
    [20, 5],
    [5, 20],
  ] as const) {
    assert.equal(fecSizeFault({ columns, rows }, 'both'), null);
  }
  assert.equal(fecSizeFault({ columns: 1, rows: 4 }, 'columns'), null);
  assert.equal(fecSizeFault({ columns: 3, rows: 5 }, 'both'), 'L is 3, not 4 to 20');
  assert.equal(fecSizeFault({ columns: 0, rows: 5 }, 'columns'), 'L is 0, not 1 to 20');
  assert.equal(fecSizeFault({ columns: 10, rows: 3 }, 'both'), 'D is 3, not 4 to 20');
  assert.equal(fecSizeFault({ columns: 10, rows: 21 }, 'both'), 'D is 21, not 4 to 20');
  assert.equal(fecSizeFault({ columns: 11, rows: 10 }, 'both'), 'L × D is 110, more than 100');
  assert.equal(fecSizeFault({ columns: 4.5, rows: 10 }, 'both'), 'L is 4.5, not 4 to 20');
});
