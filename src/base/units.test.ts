import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PTS_MODULUS, RTP_TIME_MODULUS, SEQUENCE_MODULUS, unwrap, wrap, wrappedDistance } from './units.js';

const cases: [from: number, to: number, modulus: number, distance: number][] = [
  [0, 0, SEQUENCE_MODULUS, 0],
  [65_535, 0, SEQUENCE_MODULUS, 1],
  [0, 65_535, SEQUENCE_MODULUS, -1],
  [9, 10, SEQUENCE_MODULUS, 1],
  [0, 32_768, SEQUENCE_MODULUS, -32_768],
  [0, 32_767, SEQUENCE_MODULUS, 32_767],
  [RTP_TIME_MODULUS - 1, 2, RTP_TIME_MODULUS, 3],
  [2, RTP_TIME_MODULUS - 1, RTP_TIME_MODULUS, -3],
  [PTS_MODULUS - 1, 0, PTS_MODULUS, 1],
  [0x1_0000_0000, 0x1_0000_0001, PTS_MODULUS, 1],
];

test('the distance between two wrapped numbers is the shorter way round', () => {
  for (const [from, to, modulus, distance] of cases) assert.equal(wrappedDistance(from, to, modulus), distance);
});

test('a wrapped number is unwrapped to its origin, up to half a turn away', () => {
  const modulus = fc.constantFrom(SEQUENCE_MODULUS, RTP_TIME_MODULUS, PTS_MODULUS);
  fc.assert(
    fc.property(
      modulus,
      fc.integer({ min: 0, max: 2 ** 47 }),
      fc.double({ min: -0.49, max: 0.49, noNaN: true }),
      (m, near, part) => {
        const value = near + Math.trunc(part * m);
        assert.equal(unwrap(wrap(value, m), near, m), value);
      },
    ),
  );
});
