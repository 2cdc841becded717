import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis } from '../base/units.js';
import { type Due, DueQueue, notDue } from './due-queue.js';

interface Item extends Due {
  name: number;
}

const never = Number.POSITIVE_INFINITY;

test('every item is taken once, at its last time and in the order of times', () => {
  const times = fc.oneof(
    fc.double({ min: 0, max: 50, noNaN: true }),
    fc.integer({ min: 0, max: 50 }),
    fc.constant(never),
  );
  const step = fc.record({
    name: fc.nat(20),
    time: times,
    removes: fc.boolean(),
    until: fc.integer({ min: -50, max: 50 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const queue = new DueQueue<Item>();
      const items = Array.from({ length: 21 }, (_, name): Item => ({ name, ...notDue() }));
      const expected = new Map<number, number>();
      for (const { name, time, removes, until } of steps) {
        const item = items[name]!;
        if (removes) queue.remove(item);
        else queue.set(item, Millis(time));
        if (removes || time === never) expected.delete(name);
        else expected.set(name, Math.ceil(time));
        assert.ok(queue.nextAt <= Math.min(...expected.values()));
        const taken: number[] = [];
        for (let next = queue.take(Millis(until)); next; next = queue.take(Millis(until))) {
          assert.equal(next.dueAt, never);
          taken.push(expected.get(next.name)!);
          expected.delete(next.name);
        }
        assert.deepEqual(
          taken,
          taken.toSorted((a, b) => a - b),
        );
        assert.ok(taken.every((at) => at <= until));
        assert.ok(Math.min(...expected.values()) > until, 'none is left');
        assert.ok(queue.nextAt > until);
      }
    }),
  );
});

test('items of the same millisecond are taken in the order in which they were queued', () => {
  const queue = new DueQueue<Item>();
  const items = [3, 1, 2].map((name): Item => ({ name, ...notDue() }));
  for (const item of items) queue.set(item, Millis(5));
  assert.deepEqual(
    items.map(() => queue.take(Millis(5))?.name),
    [3, 1, 2],
  );
});

test('an empty queue has no next time', () => {
  const queue = new DueQueue();
  assert.equal(queue.nextAt, never);
  assert.equal(queue.take(Millis(1e15)), undefined);
});
