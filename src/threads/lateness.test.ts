import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis } from '../base/units.js';
import { Lateness } from './lateness.js';

const values = fc.array(fc.double({ min: -9, max: 209, noNaN: true }), { minLength: 1 });

function recorded(list: readonly number[]): Lateness {
  const lateness = new Lateness();
  for (const value of list) lateness.record(Millis(value));
  return lateness;
}

test('a quantile is the recorded value at its rank, rounded up to 0.1 ms', () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, share) => {
      const exact = [...list].sort((a, b) => a - b)[Math.ceil(share * list.length) - 1]!;
      const rounded = recorded(list).quantile(share);
      assert.ok(rounded >= exact - 1e-9 && rounded <= exact + 0.1 + 1e-9, `${rounded} for ${exact}`);
    }),
  );
});

test('a value beyond the limits counts as the first or the last step', () => {
  assert.equal(recorded([-1_000]).quantile(1), -9.9);
  assert.ok(recorded([10_000]).quantile(1) >= 210);
});

test('a quantile without records is 0', () => {
  assert.equal(new Lateness().quantile(0.99), 0);
});

test('histograms add up, and a difference has the records since then', () => {
  fc.assert(
    fc.property(values, values, (first, second) => {
      const sum = recorded(first);
      sum.add(recorded(second));
      assert.equal(sum.total, first.length + second.length);
      assert.equal(sum.quantile(0.5), recorded([...first, ...second]).quantile(0.5));
      assert.equal(sum.since(recorded(first)).quantile(0.5), recorded(second).quantile(0.5));
    }),
  );
});

test('the quantile since an earlier state is that of the difference, and null without records', () => {
  const lateness = new Lateness();
  const before = new Lateness();
  for (let i = 0; i < 100; i++) lateness.record(Millis(50));
  assert.equal(lateness.quantileSince(before, 0.99), 50.1);
  assert.equal(lateness.quantileSince(before, 0.99), null);
  for (let i = 0; i < 98; i++) lateness.record(Millis(1));
  lateness.record(Millis(3));
  lateness.record(Millis(3));
  assert.equal(lateness.quantileSince(before, 0.5), 1.1);
  lateness.record(Millis(-4));
  assert.equal(lateness.quantileSince(before, 0.99), -3.9);
});
