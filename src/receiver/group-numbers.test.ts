import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis, PacketNumber, SEQUENCE_MODULUS } from '../base/units.js';
import { GroupNumbers } from './group-numbers.js';

const RATE = 475;
const first = 852_625_009_381;

test('packets get the server’s numbers, in and out of order, across many wraps', () => {
  const numbers = new GroupNumbers(RATE);
  numbers.anchor(PacketNumber(first), Millis(0));
  for (let i = 0; i < 200_000; i++) {
    const n = first + (i % 10 === 5 ? i - 3 : i);
    assert.equal(numbers.take(n % SEQUENCE_MODULUS, Millis(i * 2.1)), n);
  }
  assert.equal(numbers.highest, first + 199_999);
});

test('after hours of silence numbers are right if the rate is right on average', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 36_000_000 }),
      fc.double({ min: 0.999, max: 1.001, noNaN: true }),
      (quiet, share) => {
        const numbers = new GroupNumbers(RATE);
        numbers.anchor(PacketNumber(first), Millis(0));
        const n = first + Math.round((quiet / 1000) * RATE * share);
        assert.equal(numbers.take(n % SEQUENCE_MODULUS, Millis(quiet)), n);
      },
    ),
  );
});

test('a group is active for two seconds after its last packet', () => {
  const numbers = new GroupNumbers(RATE);
  numbers.anchor(PacketNumber(first), Millis(0));
  assert.equal(numbers.isActive(Millis(0)), false); // that was the server
  numbers.take(first % SEQUENCE_MODULUS, Millis(100));
  assert.equal(numbers.isActive(Millis(2_000)), true);
  assert.equal(numbers.isActive(Millis(2_100)), false);
});
