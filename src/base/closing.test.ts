import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeInOrder, closeTogether } from './closing.js';

for (const closeAll of [closeInOrder, closeTogether]) {
  test(`${closeAll.name}: everything is closed, though some of it fails, and the errors are reported together`, async () => {
    const closed: string[] = [];
    const closing = closeAll([
      async () => {
        throw new Error('one');
      },
      () => {
        closed.push('two');
      },
      () => {
        throw new Error('three');
      },
      async () => {
        closed.push('four');
      },
    ]);
    await assert.rejects(
      closing,
      (error) => error instanceof AggregateError && error.errors.length === 2 && /one.*three/.test(error.message),
    );
    assert.deepEqual(closed, ['two', 'four']);
  });

  test(`${closeAll.name}: a single error is reported as it is`, async () => {
    const error = new Error('one');
    await assert.rejects(closeAll([() => Promise.reject(error)]), error);
    await closeAll([]);
  });
}

test('closeInOrder closes one after the other', async () => {
  const events: string[] = [];
  await closeInOrder([
    async () => {
      await Promise.resolve();
      events.push('one');
    },
    () => {
      events.push('two');
    },
  ]);
  assert.deepEqual(events, ['one', 'two']);
});
