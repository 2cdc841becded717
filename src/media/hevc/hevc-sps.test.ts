import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Ratio } from '../settings.js';
import { editSequenceParameters, parseSequenceParameters } from './hevc-sps.js';

/** The parameter sets of films, as x265 wrote them. */
const cases = [
  {
    what: '90 lines, cropped',
    hex: '42010101600000030090000003000003001ea0142061f26595952930bc05a02000000300200000030321',
    expected: { profile: 1, level: 30, width: 160, height: 90, bitDepth: 8, chromaFormat: 1, fields: 'none' },
    aspect: [1, 1],
    name: 'H.265 Main 1.0',
    codec: 'hvc1.1.6.L30.90',
  },
  {
    what: 'High tier, 10 bits, PQ and pixels of 16:15',
    hex: '420101222000000300900000030000030099a005020171f236595952930bffc0040003da848804820000030002000003003210',
    expected: { profile: 2, level: 153, width: 640, height: 362, bitDepth: 10, chromaFormat: 1, isHighTier: true },
    aspect: [16, 15],
    name: 'H.265 Main 10 5.1 High tier',
    codec: 'hvc1.2.4.H153.90',
  },
  {
    what: 'scaling lists',
    hex: '42010101600000030090000003000003001ea0142061f265959a49395e02d0100000030010000003019080',
    expected: { profile: 1, width: 160, height: 90, bitDepth: 8 },
    aspect: [1, 1],
    name: 'H.265 Main 1.0',
    codec: 'hvc1.1.6.L30.90',
  },
  {
    what: '4:2:2',
    hex: '4201010408000003009d0800000300001eb0142061f3b6595952930bc05a020000030002000003003210',
    expected: { profile: 4, width: 160, height: 90, bitDepth: 10, chromaFormat: 2 },
    aspect: [1, 1],
    name: 'H.265 profile 4 1.0',
    codec: 'hvc1.4.10.L30.9D.8',
  },
  {
    what: 'fields',
    hex: '42010101600000030040000003000003001ea01420616595952930bc05a1a000000300200000030321',
    expected: { profile: 1, width: 160, height: 96, fields: 'apart' },
    aspect: [1, 1],
    name: 'H.265 Main 1.0',
    codec: 'hvc1.1.6.L30.40',
  },
];

for (const { what, hex, expected, aspect, name, codec } of cases) {
  test(`a sequence parameter set of H.265 with ${what} is read`, () => {
    const sequence = parseSequenceParameters(Buffer.from(hex, 'hex'));
    assert.ok(sequence);
    for (const [key, value] of Object.entries(expected)) {
      assert.equal(sequence[key as keyof typeof sequence], value, key);
    }
    assert.deepEqual(sequence.sampleAspectRatio, aspect);
    assert.deepEqual([sequence.name, sequence.codecString], [name, codec]);
  });

  test(`a sequence parameter set of H.265 with ${what} says cropping, pixel shape and colour of its container`, () => {
    const nal = Buffer.from(hex, 'hex');
    const before = parseSequenceParameters(nal)!;
    const crop = { left: 2, right: 4, top: 8, bottom: 12 };
    const sampleAspectRatio: Ratio = [64, 45];
    const signal = { isFull: true, primaries: 1, transfer: 13, matrix: 5 };
    const edited = editSequenceParameters(nal, { crop, sampleAspectRatio, signal });
    assert.ok(edited);
    const { signal: said, ...after } = parseSequenceParameters(edited)!;
    const { signal: own, ...rest } = before;
    const size = { width: before.width - 6, height: before.height - 20 };
    assert.deepEqual(after, { ...rest, ...size, sampleAspectRatio });
    // What the set itself says stays.
    assert.deepEqual([said?.transfer, said?.isFull], [own?.transfer === 2 ? 13 : own?.transfer, false]);
    const nothing = { crop: null, sampleAspectRatio: null, signal: null };
    assert.equal(editSequenceParameters(nal, nothing), nal);
  });
}

test('a sequence parameter set of H.265 that is cut off, or any other bytes, never throw', () => {
  const whole = Buffer.from(cases[0]!.hex, 'hex');
  for (let length = 0; length < 30; length++) assert.equal(parseSequenceParameters(whole.subarray(0, length)), null);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(whole.length), (bytes, kept) => {
      parseSequenceParameters(Uint8Array.from([...whole.subarray(0, kept), ...bytes]));
    }),
  );
});
