import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Due, DueQueue, notDue } from './due-queue.js';

interface Item extends Due {
  name: number;
}

test('items are taken in the order of their times, however they were set, moved and removed', () => {
  const time = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(Number.POSITIVE_INFINITY));
  const step = fc.record({ name: fc.nat(20), time, removes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 0, max: 50 }), (steps, until) => {
      const queue = new DueQueue<Item>();
      const items = Array.from({ length: 21 }, (_, name): Item => ({ name, ...notDue() }));
      const expected = new Map<number, number>();
      for (const { name, time, removes } of steps) {
        const item = items[name]!;
        if (removes) queue.remove(item);
        else queue.set(item, time);
        if (removes || time === Number.POSITIVE_INFINITY) expected.delete(name);
        else expected.set(name, time);
        assert.equal(queue.nextAt, Math.min(...expected.values()));
      }
      const taken: Item[] = [];
      const times: number[] = [];
      for (let next = queue.nextAt, item = queue.take(until); item; next = queue.nextAt, item = queue.take(until)) {
        taken.push(item);
        times.push(next);
      }
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      assert.deepEqual(
        taken.map(({ name }) => name).sort((a, b) => a - b),
        [...expected]
          .filter(([, at]) => at <= until)
          .map(([name]) => name)
          .sort((a, b) => a - b),
      );
      for (const { name } of taken)
        assert.equal(times[taken.findIndex((each) => each.name === name)], expected.get(name));
      assert.ok(taken.every(({ position, dueAt }) => position === -1 && dueAt === Number.POSITIVE_INFINITY));
    }),
  );
});

test('an empty queue has no next time', () => {
  const queue = new DueQueue();
  assert.equal(queue.nextAt, Number.POSITIVE_INFINITY);
  assert.equal(queue.take(1e15), undefined);
});
