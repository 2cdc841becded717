import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { h264CodecString, h264Name, parseSequenceParameters } from './h264-sps.js';

/** The parameter sets of films and broadcasts, as their encoders wrote them. */
const cases = [
  {
    what: 'x264, 1080p with cropping',
    hex: '67640028acd940780227e5c044000003000400000300c03c60c658',
    expected: { profile: 100, level: 40, width: 1920, height: 1080, frameMbsOnly: true, bitDepth: 8, chromaFormat: 1 },
    aspect: [1, 1],
    name: 'H.264 High 4.0',
    codec: 'avc1.640028',
  },
  {
    what: 'x264, 10 bits',
    hex: '676e000ca6cd941419f9f011000003000100000300320f142996',
    expected: { profile: 110, level: 12, width: 320, height: 180, frameMbsOnly: true, bitDepth: 10, chromaFormat: 1 },
    aspect: [1, 1],
    name: 'H.264 High 10 1.2',
    codec: 'avc1.6e000c',
  },
  {
    what: 'x264, interlaced',
    hex: '674d4015eca0b096c044000003000400000300c87c50a658',
    expected: { profile: 77, level: 21, width: 352, height: 288, frameMbsOnly: false, bitDepth: 8 },
    aspect: [1, 1],
    name: 'H.264 Main 2.1',
    codec: 'avc1.4d4015',
  },
  {
    what: 'x264, pixels of 16:15',
    hex: '674d4015eca0b84bcbffe0020001e2000003000200000300641e2c5b2c',
    expected: { profile: 77, width: 360, height: 288, frameMbsOnly: true },
    aspect: [16, 15],
    name: 'H.264 Main 2.1',
    codec: 'avc1.4d4015',
  },
];

for (const { what, hex, expected, aspect, name, codec } of cases) {
  test(`a sequence parameter set of ${what} is read`, () => {
    const sequence = parseSequenceParameters(Buffer.from(hex, 'hex'));
    assert.ok(sequence);
    for (const [key, value] of Object.entries(expected)) {
      assert.equal(sequence[key as keyof typeof sequence], value, key);
    }
    assert.deepEqual(sequence.sampleAspectRatio, aspect);
    assert.equal(h264Name(sequence), name);
    assert.equal(h264CodecString(sequence), codec);
  });
}

test('a sequence parameter set that is cut off, or any other bytes, never throw', () => {
  const whole = Buffer.from(cases[0]!.hex, 'hex');
  assert.equal(parseSequenceParameters(whole.subarray(0, 6)), null);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      parseSequenceParameters(Uint8Array.from([0x67, 100, 0, 40, ...bytes]));
    }),
  );
});
