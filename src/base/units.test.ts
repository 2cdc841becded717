import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  Millis,
  millisToTicks,
  PacketNumber,
  PTS_MODULUS,
  RTP_TIME_MODULUS,
  SEQUENCE_MODULUS,
  Ticks90k,
  ticksToMillis,
  unwrap,
  wrap,
  wrappedDistance,
} from './units.js';

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

test('a number of a unit is not assignable to another unit, and neither is a plain number', () => {
  const [millis, ticks, packet] = [Millis(2), Ticks90k(180), PacketNumber(7)];
  // @ts-expect-error A sum of milliseconds and ticks is neither.
  const sum: Millis = millis + ticks;
  // @ts-expect-error
  const sumOfTicks: Ticks90k = millis + ticks;
  assert.deepEqual([sum, sumOfTicks], [182, 182]);
  // @ts-expect-error
  const asTicks: Ticks90k = millis;
  // @ts-expect-error
  const asMillis: Millis = ticks;
  assert.deepEqual([asTicks, asMillis], [2, 180]);
  // @ts-expect-error The result of arithmetic is a plain number.
  const next: PacketNumber = packet + 1;
  // @ts-expect-error
  const asPacket: PacketNumber = ticks;
  // @ts-expect-error
  const literal: PacketNumber = 8;
  assert.deepEqual([next, asPacket, literal], [8, 180, 8]);
  // @ts-expect-error
  assert.equal(ticksToMillis(millis), 2 / 90);
  // @ts-expect-error
  assert.equal(millisToTicks(ticks), 180 * 90);
});

test('a number of a unit is the number itself, and a number again in arithmetic', () => {
  const [millis, ticks, packet] = [Millis(1.5), Ticks90k(-1), PacketNumber(2 ** 40)];
  assert.deepEqual([millis, ticks, packet], [1.5, -1, 1_099_511_627_776]);
  const plain: number = millis;
  assert.equal(plain + ticks, 0.5);
  assert.equal(ticksToMillis(millisToTicks(millis)), 1.5);
});
