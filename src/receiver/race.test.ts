import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandTimers } from '../../test/support/hand-timers.js';
import { HEDGE, race } from './race.js';

const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

/** A race of `count` tries; `answer` and `fail` end one of them. */
function raceOf(count: number) {
  const timers = new HandTimers();
  const begun: number[] = [];
  const dropped: string[] = [];
  const ends: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const tries = Array.from({ length: count }, (_, i) => () => {
    begun.push(i);
    return new Promise<string>((resolve, reject) => {
      ends[i] = { resolve, reject };
    });
  });
  let result = '';
  const isGood = (value: string) => value.startsWith('good');
  race(tries, { timers, isGood, drop: (value) => dropped.push(value) }).then(
    (value) => {
      result = value;
    },
    (error: Error) => {
      result = `failed: ${error.message}`;
    },
  );
  const answer = async (i: number, value: string) => {
    ends[i]!.resolve(value);
    await settle();
  };
  const fail = async (i: number, message: string) => {
    ends[i]!.reject(new Error(message));
    await settle();
  };
  return { timers, begun, dropped, answer, fail, result: () => result };
}

test('one try has no timers, and its value counts, good or not', async () => {
  const { timers, answer, result } = raceOf(1);
  assert.equal(timers.pending, 0);
  await answer(0, 'fair');
  assert.equal(result(), 'fair');
  assert.equal(timers.pending, 0);
});

test('a silent server delays the next by 60 ms, and sixteen are asked within 240 ms', async () => {
  const { timers, begun, dropped, answer, result } = raceOf(16);
  const counts = [0, 1, 2, 3, 4].map(() => {
    const count = begun.length;
    timers.advance(HEDGE);
    return count;
  });
  assert.deepEqual(counts, [1, 2, 4, 8, 16]);
  await answer(9, 'good 9');
  assert.equal(result(), 'good 9');
  assert.equal(timers.pending, 0);
  await answer(0, 'good 0');
  assert.deepEqual(dropped, ['good 0'], 'a late answer is dropped');
});

test('after an error or a value that is not good the next try begins at once', async () => {
  const { begun, dropped, answer, fail, result } = raceOf(4);
  await fail(0, 'refused');
  assert.deepEqual(begun, [0, 1]);
  await answer(1, 'fair 1');
  assert.deepEqual(begun, [0, 1, 2]);
  await answer(2, 'good 2');
  assert.equal(result(), 'good 2');
  assert.deepEqual(dropped, ['fair 1']);
});

test('a value that is not good counts when nothing better comes within 60 ms', async () => {
  const { timers, answer, result } = raceOf(2);
  await answer(0, 'fair');
  timers.advance(HEDGE - 1);
  await settle();
  assert.equal(result(), '');
  timers.advance(1);
  await settle();
  assert.equal(result(), 'fair');
});

test('when all fail the first error counts', async () => {
  const { timers, fail, result } = raceOf(2);
  await fail(0, 'first');
  await fail(1, 'second');
  assert.equal(result(), 'failed: first');
  assert.equal(timers.pending, 0);
});
