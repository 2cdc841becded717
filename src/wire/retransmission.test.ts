import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketNumber } from '../base/units.js';
import {
  emptyRetransmission,
  RETRANSMISSION_OVERHEAD,
  readRetransmission,
  writeRetransmission,
} from './retransmission.js';
import { parseRtp, writeRtpHeader } from './rtp.js';

const cases = [
  {
    name: 'a packet of a transport stream',
    n: 0x1_0203_0405,
    sequenceNumber: 0x0102,
    header: [false, 33, 0xdead_beef, 0x0a0b_0c0d],
    payload: '4711',
    bytes: '90 61 0102 deadbeef 0a0b0c0d bede 0002 16 00 00 01 02 03 04 05 0405 4711',
  },
  {
    name: 'the last packet of a picture, with the largest number that there is',
    n: 2 ** 53 - 1,
    sequenceNumber: 0x1_0000,
    header: [true, 26, 0, 1],
    payload: '',
    bytes: '90 e1 0000 00000000 00000001 bede 0002 16 1f ff ff ff ff ff ff ffff',
  },
] as const;

/** The RTP packet, with room before it. */
function original(
  n: number,
  [marker, type, timestamp, ssrc]: readonly [boolean, number, number, number],
  payload: Buffer,
) {
  const out = Buffer.alloc(RETRANSMISSION_OVERHEAD + 12 + payload.length, 0xee);
  payload.copy(out, writeRtpHeader(out, RETRANSMISSION_OVERHEAD, marker, type, n, timestamp, ssrc));
  return out;
}

for (const { name, n, sequenceNumber, header, payload, bytes } of cases) {
  const expected = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
  test(`${name} is made a retransmission in place`, () => {
    const out = original(n, header, Buffer.from(payload, 'hex'));
    assert.equal(writeRetransmission(out, RETRANSMISSION_OVERHEAD, PacketNumber(n), sequenceNumber), 0);
    assert.equal(out.toString('hex'), expected.toString('hex'));
  });
  test(`${name} is read from a retransmission`, () => {
    const into = emptyRetransmission();
    assert.ok(readRetransmission(expected, 0, expected.length, into));
    const [marker, , timestamp, ssrc] = header;
    const own = sequenceNumber & 0xffff;
    assert.deepEqual(
      [into.n, into.marker, into.timestamp, into.ssrc, into.sequenceNumber, into.start, into.end],
      [n, marker, timestamp, ssrc, own, 26, expected.length],
    );
  });
}

test('a written retransmission is read at any offset', () => {
  const numbers = fc.oneof(
    fc.nat(100_000),
    fc.constantFrom(65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 48),
    fc.maxSafeNat(),
  );
  const payloads = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(numbers, fc.nat(), fc.boolean(), payloads, fc.nat(30), (n, sequenceNumber, marker, payload, offset) => {
      const out = Buffer.concat([
        Buffer.alloc(offset),
        original(n, [marker, 33, n % 2 ** 32, 7], Buffer.from(payload)),
      ]);
      const at = writeRetransmission(out, offset + RETRANSMISSION_OVERHEAD, PacketNumber(n), sequenceNumber);
      const into = emptyRetransmission();
      assert.ok(readRetransmission(out, at, out.length, into));
      assert.deepEqual([into.n, into.marker, into.timestamp], [n, marker, n % 2 ** 32]);
      assert.deepEqual(out.subarray(into.start, into.end), Buffer.from(payload));
      // A plain RTP receiver finds the original sequence number and the payload (RFC 4588).
      assert.equal(parseRtp(out.subarray(at))?.payload.readUInt16BE(0), n % 65_536);
    }),
  );
});

test('anything but one of our retransmissions is refused, and nothing throws', () => {
  const into = emptyRetransmission();
  const whole = Buffer.from(cases[0].bytes.replaceAll(' ', ''), 'hex');
  for (let length = 0; length < 26; length++) assert.ok(!readRetransmission(whole, 0, length, into));
  for (const at of [0, 1, 12, 16, 24]) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 0x04;
    assert.ok(!readRetransmission(changed, 0, changed.length, into), `byte ${at}`);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(59), (bytes, at) => {
      readRetransmission(Buffer.from(bytes), 0, bytes.length, into);
      const changed = Buffer.from(whole);
      Buffer.from(bytes).copy(changed, at);
      readRetransmission(changed, 0, changed.length, into);
    }),
  );
});
