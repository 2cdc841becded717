import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Ratio } from '../settings.js';
import { editSequenceParameters, parseSequenceParameters } from './h264-sps.js';

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
    assert.equal(sequence.name, name);
    assert.equal(sequence.codecString, codec);
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

const nothing = { crop: null, sampleAspectRatio: null, signal: null };
const signal = { isFull: true, primaries: 1, transfer: 13, matrix: 5 };

for (const { what, hex } of cases) {
  test(`a sequence parameter set of ${what} says cropping, pixel shape and colour of its container`, () => {
    const nal = Buffer.from(hex, 'hex');
    const before = parseSequenceParameters(nal)!;
    const crop = { left: 2, right: 4, top: 8, bottom: 12 };
    const sampleAspectRatio: Ratio = [64, 45];
    const edited = editSequenceParameters(nal, { crop, sampleAspectRatio, signal });
    assert.ok(edited);
    assert.deepEqual(parseSequenceParameters(edited), {
      ...before,
      width: before.width - 6,
      height: before.height - 20,
      sampleAspectRatio,
      signal,
    });
    // The way back, but for the colour: what a set says is not said by the container.
    const back = editSequenceParameters(edited, { ...nothing, crop: { left: 0, right: 0, top: 0, bottom: 0 }, signal });
    assert.deepEqual(parseSequenceParameters(back!), parseSequenceParameters(edited));
  });

  test(`a sequence parameter set of ${what} stays as it is where there is nothing to be said`, () => {
    const nal = Buffer.from(hex, 'hex');
    assert.equal(editSequenceParameters(nal, nothing), nal);
    const unsaid = { isFull: false, primaries: 2, transfer: 2, matrix: 2 };
    assert.equal(editSequenceParameters(nal, { ...nothing, signal: unsaid }), nal);
  });
}

test('cropping by less than a sample of colour cannot be said', () => {
  const nal = Buffer.from(cases[0]!.hex, 'hex');
  const crop = { left: 1, right: 0, top: 0, bottom: 0 };
  assert.equal(editSequenceParameters(nal, { ...nothing, crop }), null);
});

test('an edited set holds no start code', () => {
  const nal = Buffer.from(cases[0]!.hex, 'hex');
  const code = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(code, code, code, fc.nat(700), (primaries, transfer, matrix, units) => {
      const crop = { left: 2 * units, right: 0, top: 0, bottom: 0 };
      const edited = editSequenceParameters(nal, {
        ...nothing,
        crop,
        signal: { ...signal, primaries, transfer, matrix },
      })!;
      for (let i = 0; i + 2 < edited.length; i++) {
        assert.ok(edited[i] !== 0 || edited[i + 1] !== 0 || edited[i + 2]! > 2, 'a start code');
      }
      assert.equal(parseSequenceParameters(edited)?.width, 1_920 - 2 * units);
    }),
  );
});
