import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stationInfoSchema } from '../wire/station-info.js';
import { Ids, Numbers } from './names.js';

test('an id in use gets a suffix, and is given again once it is free', () => {
  const ids = new Ids();
  assert.deepEqual(
    [ids.take('news'), ids.take('news'), ids.take('news'), ids.take('news-2')],
    ['news', 'news-2', 'news-3', 'news-2-2'],
  );
  ids.release('news');
  assert.equal(ids.take('news'), 'news');
});

test('any ids and numbers become unique and valid, and are free again when released', () => {
  const station = fc.tuple(
    fc.constantFrom('a', 'a-2', '1', 'ö'.repeat(100)),
    fc.constantFrom(1, 2, 65_535),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(station, { maxLength: 200 }), (stations) => {
      const [ids, numbers] = [new Ids(), new Numbers()];
      const taken = new Map<string, number>();
      for (const [id, number, isReleased] of stations) {
        const [newId, newNumber] = [ids.take(id), numbers.take(number)];
        assert.ok(!taken.has(newId) && ![...taken.values()].includes(newNumber));
        assert.ok(stationInfoSchema.shape.id.safeParse(newId).success, newId);
        assert.ok(stationInfoSchema.shape.number.safeParse(newNumber).success);
        taken.set(newId, newNumber);
        if (!isReleased) continue;
        ids.release(newId);
        numbers.release(newNumber);
        taken.delete(newId);
      }
    }),
  );
});

test('ten thousand stations of one id and number cost a step each', () => {
  const ids = new Ids();
  const numbers = new Numbers();
  const has = { count: 0 };
  const original = Set.prototype.has;
  Set.prototype.has = function (this: Set<unknown>, value) {
    has.count++;
    return original.call(this, value);
  };
  try {
    for (let i = 0; i < 10_000; i++) {
      ids.take('news');
      numbers.take(1);
    }
  } finally {
    Set.prototype.has = original;
  }
  assert.ok(has.count < 60_000, `${has.count} look-ups`);
});
