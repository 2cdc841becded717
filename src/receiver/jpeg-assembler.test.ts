import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketNumber } from '../base/units.js';
import { parseJpeg } from '../wire/jpeg-file.js';
import type { RtpPacket } from '../wire/rtp.js';
import { QUANTIZATION_HEADER_LENGTH, writeJpegHeader, writeQuantizationHeader } from '../wire/rtp-jpeg.js';
import { JpegAssembler, type JpegFrame } from './jpeg-assembler.js';

const tables = Buffer.alloc(128, 16);
const scan = Buffer.from(Array.from({ length: 100 }, (_, index) => index));

/** The packets of one picture, `fragment` bytes of its scan in each. */
function packetsOf(timestamp: number, options: { fragment?: number; inBand?: boolean } = {}): RtpPacket[] {
  const { fragment = 40, inBand = true } = options;
  const packets: RtpPacket[] = [];
  for (let at = 0; at < scan.length; at += fragment) {
    const data = scan.subarray(at, at + fragment);
    const out = Buffer.alloc(8 + QUANTIZATION_HEADER_LENGTH + data.length);
    const header = { typeSpecific: 0, fragmentOffset: at, type: 1, q: 130, width: 636, height: 360 } as const;
    let end = writeJpegHeader(out, 0, header);
    if (at === 0 && inBand) end = writeQuantizationHeader(out, end, tables);
    else if (at === 0) end += 4; // MBZ, Precision and a Length of 0
    data.copy(out, end);
    const marker = at + fragment >= scan.length;
    const payload = out.subarray(0, end + data.length);
    packets.push({ marker, payloadType: 26, sequenceNumber: 0, timestamp, ssrc: 1, payload });
  }
  return packets;
}

/** Numbers the packets from `n` and pushes those not in `lost`; returns the pictures. */
function push(assembler: JpegAssembler, packets: RtpPacket[], n: number, lost: number[] = []): JpegFrame[] {
  return packets.flatMap((packet, index) => {
    const frame = lost.includes(index) ? null : assembler.push(PacketNumber(n + index), packet);
    return frame ? [frame] : [];
  });
}

test('a picture is assembled from its packets, in the station’s size', () => {
  const assembler = new JpegAssembler({ width: 636, height: 360 });
  const [frame] = push(assembler, packetsOf(3000), 7);
  assert.equal(frame!.n, 7);
  const parts = parseJpeg(frame!.jpeg);
  assert.deepEqual([parts.width, parts.height], [636, 360]);
  assert.deepEqual(parts.scan, scan);
  assert.deepEqual(parts.quantizationTables, tables);
});

test('tables are used for their Q until others come', () => {
  const assembler = new JpegAssembler();
  assert.equal(push(assembler, packetsOf(0, { inBand: false }), 0).length, 0);
  assert.equal(push(assembler, packetsOf(3000), 3).length, 1);
  assert.equal(push(assembler, packetsOf(6000, { inBand: false }), 6).length, 1);
});

for (const lost of [[0], [1], [2], [0, 2]]) {
  test(`a picture without packet ${lost.join(' and ')} is torn and counted once, and the next one is whole`, () => {
    const assembler = new JpegAssembler();
    const three = [...packetsOf(0), ...packetsOf(3000), ...packetsOf(6000)];
    const frames = push(
      assembler,
      three,
      0,
      lost.map((index) => 3 + index),
    );
    assert.deepEqual(
      frames.map(({ timestamp }) => timestamp),
      [0, 6000],
    );
    assert.equal(assembler.counts.torn, 1);
  });
}

test('a picture joined in the middle is not torn', () => {
  const assembler = new JpegAssembler();
  assert.equal(push(assembler, [...packetsOf(0), ...packetsOf(3000)], 0, [0]).length, 1);
  assert.equal(assembler.counts.torn, 0);
});

test('no payload throws', () => {
  const payloads = fc.array(
    fc.record({ bytes: fc.uint8Array({ maxLength: 160 }), marker: fc.boolean(), skip: fc.nat(1) }),
  );
  fc.assert(
    fc.property(payloads, (packets) => {
      const assembler = new JpegAssembler();
      let n = 0;
      for (const { bytes, marker, skip } of packets) {
        n += 1 + skip;
        const payload = Buffer.concat([packetsOf(0)[0]!.payload.subarray(0, 4), Buffer.from(bytes)]);
        assembler.push(PacketNumber(n), { marker, payloadType: 26, sequenceNumber: n, timestamp: n, ssrc: 1, payload });
      }
    }),
  );
});
