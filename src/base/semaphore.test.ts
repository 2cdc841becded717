import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Semaphore } from './semaphore.js';

test('work beyond the limit waits in order, up to the limit of waiting', async () => {
  const turns = new Semaphore({ most: 1, waiting: 2 });
  const began: number[] = [];
  const ends: (() => void)[] = [];
  const work = (number: number) =>
    turns.run(() => {
      began.push(number);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  const all = [work(1), work(2)];
  assert.equal(turns.isFull, false);
  all.push(work(3));
  assert.equal(turns.isFull, true);
  assert.deepEqual(began, [1]);
  for (const [index, running] of all.entries()) {
    ends[index]!();
    await running;
    await Promise.resolve();
  }
  assert.deepEqual(began, [1, 2, 3]);
  assert.equal(turns.isFull, false);
});

test('work that fails frees its slot', async () => {
  const turns = new Semaphore({ most: 1, waiting: 1 });
  const failing = turns.run(() => Promise.reject(new Error('no')));
  const next = turns.run(async () => 'done');
  await assert.rejects(failing, /no/);
  assert.equal(await next, 'done');
});
