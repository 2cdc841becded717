import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRtp, RTP_HEADER_LENGTH, writeRtpHeader } from './rtp.js';

const cases = [
  { marker: false, payloadType: 33, sequenceNumber: 0, timestamp: 0, ssrc: 0, bytes: '80210000 00000000 00000000' },
  {
    marker: true,
    payloadType: 26,
    sequenceNumber: 65_536 + 258,
    timestamp: 2 ** 32 + 1,
    ssrc: 0xdeadbeef,
    bytes: '809a0102 00000001 deadbeef',
  },
  {
    marker: false,
    payloadType: 33,
    sequenceNumber: 65_535,
    timestamp: 2 ** 32 - 1,
    ssrc: 1,
    bytes: '8021ffff ffffffff 00000001',
  },
];

test('a header is written as RFC 3550 draws it and read back', () => {
  for (const { bytes, ...header } of cases) {
    const out = Buffer.alloc(RTP_HEADER_LENGTH);
    writeRtpHeader(out, 0, header.marker, header.payloadType, header.sequenceNumber, header.timestamp, header.ssrc);
    assert.equal(out.toString('hex'), bytes.replaceAll(' ', ''));
    assert.deepEqual(parseRtp(out), {
      ...header,
      sequenceNumber: header.sequenceNumber % 65_536,
      timestamp: header.timestamp % 2 ** 32,
      payload: Buffer.alloc(0),
    });
  }
});

test('CSRCs, a header extension and padding are not part of the payload', () => {
  const datagram = Buffer.from(
    `b1210001 00000002 00000003 00000004 00000001 aaaaaaaa ${'77'.repeat(3)} 000003`.replaceAll(' ', ''),
    'hex',
  );
  assert.equal(parseRtp(datagram)?.payload.toString('hex'), '777777');
});

test('no datagram makes the decoder throw or gives a payload beyond its end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (bytes, valid) => {
      const datagram = Buffer.from(bytes);
      if (valid && datagram.length > 0) datagram[0] = (datagram[0]! & 0x3f) | 0x80;
      const packet = parseRtp(datagram);
      assert.ok(packet === null || packet.payload.length <= Math.max(0, datagram.length - RTP_HEADER_LENGTH));
    }),
  );
});
