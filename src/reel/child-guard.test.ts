import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { Millis } from '../base/units.js';
import { freeReserve, regularly } from './child-guard.js';

test('a look that takes longer than its period is not joined by another', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] });
  const looks: (() => void)[] = [];
  const timer = regularly(() => new Promise((done) => looks.push(done)), Millis(250));
  context.mock.timers.tick(10_000);
  assert.equal(looks.length, 1);
  looks[0]!();
  await settled();
  context.mock.timers.tick(250);
  assert.equal(looks.length, 2);
  clearInterval(timer);
});

test('of a small disk a share stays free, of a large one a fixed number of bytes', () => {
  const GiB = 2 ** 30;
  assert.deepEqual(
    [1, 4, 1_000].map((size) => freeReserve(size * GiB) / GiB),
    [0.05, 0.2, 0.25],
  );
});
