import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PTS_MODULUS, Ticks90k } from '../base/units.js';
import {
  payloadStart,
  readPcrBase,
  readPcrExtension,
  readPesTime,
  shiftTimes,
  startsRandomAccess,
  TS_PACKET_LENGTH,
  writePcr,
  writePesTime,
} from './ts.js';

const edges = [0, 1, 2 ** 30 - 1, 2 ** 30, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33 - 1];
const pts = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: PTS_MODULUS - 1 }));

test('a PES time stamp is read back as it was written, all 33 bits', () => {
  const out = Buffer.alloc(5);
  fc.assert(
    fc.property(pts, (value) => {
      writePesTime(out, 0, 0b0011, value);
      assert.equal(readPesTime(out, 0), value);
      assert.equal(out[0]! >> 4, 0b0011);
      assert.deepEqual([out[0]! & 1, out[2]! & 1, out[4]! & 1], [1, 1, 1], 'marker bits');
    }),
  );
});

test('a time stamp past 2^33 is written from zero', () => {
  const out = Buffer.alloc(5);
  writePesTime(out, 0, 0b0010, PTS_MODULUS + 7);
  assert.equal(readPesTime(out, 0), 7);
});

test('a PCR is read back as it was written, with its reserved bits set', () => {
  const out = Buffer.alloc(6);
  fc.assert(
    fc.property(pts, fc.integer({ min: 0, max: 299 }), (base, extension) => {
      writePcr(out, 0, base, extension);
      assert.equal(readPcrBase(out, 0), base);
      assert.equal(readPcrExtension(out, 0), extension);
      assert.equal(out[4]! & 0x7e, 0x7e);
    }),
  );
});

/** A TS packet with a PCR and the start of a PES packet with PTS and DTS. */
function timedPacket(pcr: number, pts: number, dts: number): Buffer {
  const packet = Buffer.alloc(TS_PACKET_LENGTH, 0x55);
  packet.set([0x47, 0x41, 0x00, 0x30, 7, 0x10]);
  writePcr(packet, 6, pcr, 299);
  packet.set([0, 0, 1, 0xe0, 0, 0, 0x84, 0xc0, 10], 12);
  writePesTime(packet, 21, 0b0011, pts);
  writePesTime(packet, 26, 0b0001, dts);
  return packet;
}

test('a shift moves PCR, PTS and DTS alike, across the 33-bit wrap, and nothing else', () => {
  fc.assert(
    fc.property(pts, fc.integer({ min: 0, max: 2 ** 47 }), (time, shift) => {
      const packet = timedPacket(time, time, time);
      const before = Buffer.from(packet);
      shiftTimes(packet, 0, 1, shift);
      const expected = (time + shift) % PTS_MODULUS;
      assert.deepEqual(
        [readPcrBase(packet, 6), readPesTime(packet, 21), readPesTime(packet, 26)],
        [expected, expected, expected],
      );
      assert.equal(readPcrExtension(packet, 6), 299);
      shiftTimes(packet, 0, 1, PTS_MODULUS - (shift % PTS_MODULUS));
      assert.deepEqual(packet, before);
    }),
  );
});

test('for any bytes the readers neither throw nor read beyond a packet', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 7 * TS_PACKET_LENGTH, maxLength: 7 * TS_PACKET_LENGTH }), (bytes) => {
      const packets = Buffer.from(bytes);
      for (let at = 0; at < packets.length; at += TS_PACKET_LENGTH) {
        assert.ok(payloadStart(packets, at) <= TS_PACKET_LENGTH);
      }
      shiftTimes(packets, 0, 7, 12_345);
      assert.equal(typeof startsRandomAccess(packets), 'boolean');
    }),
  );
});

test('times of damaged packets are shifted within those packets', () => {
  const damaged = fc.uint8Array({ minLength: TS_PACKET_LENGTH, maxLength: TS_PACKET_LENGTH });
  // A payload unit with PTS and DTS that begins so late that its DTS does not fit.
  const late = fc.integer({ min: 160, max: 183 }).map((length) => {
    const packet = new Uint8Array(TS_PACKET_LENGTH);
    packet.set([0x47, 0x41, 0x00, 0x30, length, 0x10]);
    packet.set([0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10].slice(0, TS_PACKET_LENGTH - 5 - length), 5 + length);
    return packet;
  });
  fc.assert(
    fc.property(fc.oneof(damaged, late), (packet) => {
      const around = Buffer.alloc(3 * TS_PACKET_LENGTH, 0xaa);
      around.set(packet, TS_PACKET_LENGTH);
      shiftTimes(around, TS_PACKET_LENGTH, 1, Ticks90k(90_000));
      for (const at of [0, 2 * TS_PACKET_LENGTH]) {
        assert.ok(around.subarray(at, at + TS_PACKET_LENGTH).every((byte) => byte === 0xaa));
      }
    }),
  );
});
