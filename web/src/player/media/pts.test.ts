import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis, PTS_MODULUS } from '../../../../src/base/units.js';
import { writePesTime } from '../../../../src/wire/ts.js';
import { firstPicture } from './pts.js';

const PACKET = 188;

/** A packet with the beginning of a picture; `adaptation`: bytes of the adaptation field after its length. */
function pictureStart(
  pts: number,
  { pid = 0x100, adaptation = 7 }: { pid?: number; adaptation?: number } = {},
): Buffer {
  const packet = Buffer.alloc(PACKET, 0xff);
  packet.set([0x47, 0x40 | (pid >> 8), pid & 0xff, adaptation > 0 ? 0x30 : 0x10]);
  let at = 4;
  if (adaptation > 0) {
    packet[4] = adaptation;
    at += 1 + adaptation;
  }
  packet.set([0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10], at);
  writePesTime(packet, at + 9, 0b0011, pts);
  return packet;
}

const filler = (): Buffer => Buffer.concat([Buffer.from([0x47, 0x1f, 0xff, 0x10]), Buffer.alloc(PACKET - 4, 0xff)]);

test('the PTS of the first picture is unwrapped on both sides of 2^33', () => {
  const wrapAt = 19_000 * PTS_MODULUS; // ticks; in 2026 a multiple of 2^33 comes about every 26 and a half hours
  for (const ticks of [wrapAt - 90_000, wrapAt - 1, wrapAt, wrapAt + 1, wrapAt + 90_000, wrapAt + PTS_MODULUS / 2]) {
    const leaves = ticks / 90 - 980;
    const found = firstPicture(
      Buffer.concat([filler(), pictureStart(ticks), pictureStart(ticks + 3600)]),
      Millis(leaves),
    );
    assert.equal(found?.pts, ticks / 90);
    assert.equal(found?.wrapped, ticks % PTS_MODULUS);
  }
});

test('audio and null packets are skipped', () => {
  const packets = [filler(), pictureStart(5, { pid: 0x101 }), pictureStart(90_000_000, { adaptation: 0 })];
  assert.deepEqual(firstPicture(Buffer.concat(packets), Millis(999_500)), { wrapped: 90_000_000, pts: 1_000_000 });
  assert.equal(firstPicture(Buffer.concat(packets.slice(0, 2)), Millis(0)), null);
});

test('arbitrary bytes are never read past their end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const found = firstPicture(bytes, Millis(1e12));
      assert.ok(found === null || (found.wrapped >= 0 && found.wrapped < PTS_MODULUS));
    }),
  );
  fc.assert(
    fc.property(fc.nat(255), fc.nat(255), (length, flags) => {
      const packet = pictureStart(0);
      packet[4] = length;
      packet[3] = flags;
      const found = firstPicture(packet, Millis(1e12));
      assert.ok(found === null || Number.isFinite(found.pts));
    }),
  );
});
