import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lateness } from './lateness.js';

test('a quantile is the recorded value at its rank, to 10 µs', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 399, noNaN: true }), { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (values, share) => {
        const lateness = new Lateness(400);
        for (const value of values) lateness.record(value);
        const exact = [...values].sort((a, b) => a - b)[Math.ceil(share * values.length) - 1];
        assert.ok(Math.abs(lateness.quantile(share) - exact) <= 0.0101, `${lateness.quantile(share)} for ${exact}`);
      },
    ),
  );
});

test('without a record it is 0', () => {
  assert.equal(new Lateness(400).quantile(0.99), 0);
});
