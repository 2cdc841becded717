import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SEQUENCE_MODULUS } from '../base/units.js';
import { GroupNumbers } from './group-numbers.js';

const RATE = 475;
const first = 852_625_009_381;

test('packets have the numbers that the server counts by, in and out of order, over many wraps', () => {
  const numbers = new GroupNumbers(RATE);
  numbers.place(first, 0);
  for (let i = 0; i < 200_000; i++) {
    const n = first + (i % 10 === 5 ? i - 3 : i);
    assert.equal(numbers.take(n % SEQUENCE_MODULUS, i * 2.1), n);
  }
  assert.equal(numbers.highest, first + 199_999);
});

test('after hours of silence numbers are right if the rate is on average', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 36_000_000 }),
      fc.double({ min: 0.999, max: 1.001, noNaN: true }),
      (quiet, share) => {
        const numbers = new GroupNumbers(RATE);
        numbers.place(first, 0);
        const n = first + Math.round((quiet / 1000) * RATE * share);
        assert.equal(numbers.take(n % SEQUENCE_MODULUS, quiet), n);
      },
    ),
  );
});

test('whether the group is heard is known for two seconds', () => {
  const numbers = new GroupNumbers(RATE);
  numbers.place(first, 0);
  assert.equal(numbers.isHeard(0), false); // that was the server
  numbers.take(first % SEQUENCE_MODULUS, 100);
  assert.equal(numbers.isHeard(2_000), true);
  assert.equal(numbers.isHeard(2_100), false);
});
