import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis } from '../base/units.js';
import { type Listed, MAX_SESSIONS, SessionTable } from './session-table.js';

const second = 1_000;

interface Client extends Listed {
  port: number;
}

/** A table, and the sessions that gave way. */
function makeTable() {
  const displaced: string[] = [];
  const table = new SessionTable<Client>(({ address, port }) => displaced.push(`${address}:${port}`));
  const add = (address: string, port: number, now: number) =>
    table.add(`${address}:${port}`, { address, port, lastSeen: now });
  const size = () => [...table.values()].length;
  return { table, displaced, add, size };
}

/** Fills the table from one address, at the rate that it may begin sessions at. */
function fill({ add, size }: ReturnType<typeof makeTable>, address: string, to = MAX_SESSIONS): number {
  let now = 0;
  for (let port = 1; size() < to; now += second) {
    while (add(address, port, now)) port++;
  }
  return now;
}

test('an address begins a thousand sessions at once, and then a hundred a second', () => {
  const { add } = makeTable();
  const begin = (from: number, now: number) => {
    let port = from;
    while (add('10.0.0.1', port, now)) port++;
    return port - from;
  };
  assert.equal(begin(0, 0), 1_000);
  assert.equal(begin(1_000, second), 100);
  assert.ok(add('10.0.0.2', 1, second));
});

test('in a full table the least recently seen session of the address that has most gives way', () => {
  const made = makeTable();
  const { table, displaced, add } = made;
  add('10.0.0.2', 5, 0);
  const now = fill(made, '10.0.0.1');
  const oldest = '10.0.0.1:1';
  table.seen(oldest, table.get(oldest)!, Millis(now));
  assert.ok(add('10.0.0.3', 1, now));
  assert.ok(add('10.0.0.2', 6, now));
  assert.deepEqual(displaced, ['10.0.0.1:2', '10.0.0.1:3']);
  assert.ok(table.get(oldest));
  assert.ok(!add('10.0.0.1', 60_000, now + second), 'not for a session of the same address');
});

test('a table full of addresses with one session each displaces none', () => {
  const { add, displaced, table } = makeTable();
  for (let i = 0; i < MAX_SESSIONS; i++) assert.ok(add(`10.0.${i >> 8}.${i & 255}`, 1, 0));
  assert.ok(!add('10.9.9.9', 1, 0));
  assert.deepEqual(displaced, []);
  assert.equal(table.expire(Millis(0)).length, MAX_SESSIONS);
  assert.ok(add('10.9.9.9', 1, 0));
});

test('sessions expire in the order in which they were seen', () => {
  const { table, add } = makeTable();
  for (let i = 0; i < 5; i++) add(`10.0.0.${i % 2}`, i, i);
  table.seen('10.0.0.0:0', table.get('10.0.0.0:0')!, Millis(9));
  assert.deepEqual(
    table.expire(Millis(3)).map(({ port }) => port),
    [1, 2, 3],
  );
  assert.deepEqual(
    [...table.values()].map(({ port }) => port),
    [4, 0],
  );
});

test('no order of events makes the fullest address gain from a full table, or the table forget who has most', () => {
  const events = fc.array(fc.tuple(fc.nat(5), fc.nat(400), fc.boolean()), { maxLength: 60 });
  fc.assert(
    fc.property(events, (events) => {
      const made = makeTable();
      const { table, add, displaced } = made;
      let now = fill(made, '10.0.0.0');
      for (const [host, port, removes] of events) {
        now += 10;
        const address = `10.0.0.${host}`;
        const key = `${address}:${port}`;
        const session = table.get(key);
        if (session !== undefined) {
          if (removes) table.remove(key, session);
          else table.seen(key, session, Millis(now));
          continue;
        }
        const before = displaced.length;
        const counts = new Map<string, number>();
        for (const each of table.values()) counts.set(each.address, (counts.get(each.address) ?? 0) + 1);
        const isAdded = add(address, port, now);
        if (displaced.length === before) continue;
        assert.ok(isAdded);
        const loser = displaced.at(-1)!.split(':')[0]!;
        assert.equal(counts.get(loser), Math.max(...counts.values()));
        assert.ok(counts.get(loser)! > (counts.get(address) ?? 0) + 1);
      }
    }),
    { numRuns: 3 },
  );
});
