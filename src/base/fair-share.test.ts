import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fairShare } from './fair-share.js';

test('who claims little gets it all, and the others share the rest', () => {
  assert.equal(fairShare([], 10), Number.POSITIVE_INFINITY);
  assert.equal(fairShare([4, 6], 10), Number.POSITIVE_INFINITY);
  assert.equal(fairShare([65_535, 20], 4_096), 4_076);
  assert.equal(fairShare([9, 9, 1], 10), 4);
  assert.equal(fairShare([1, 1, 1], 2), 0);
});

test('shares never exceed the total, and no larger share would fit', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { maxLength: 50 }), fc.nat(5_000), (counts, total) => {
      const share = fairShare(counts, total);
      const used = (each: number): number => counts.reduce((sum, count) => sum + Math.min(count, each), 0);
      assert.ok(used(share) <= total);
      if (share !== Number.POSITIVE_INFINITY) assert.ok(used(share + 1) > total);
    }),
  );
});
