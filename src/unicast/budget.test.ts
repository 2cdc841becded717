import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Budget, type Purpose } from './budget.js';

const purposes = fc.constantFrom<Purpose>('repair', 'burst', 'replay');

test('whatever is asked for, no more is sent than the budgets allow', () => {
  const asks = fc.array(fc.tuple(fc.nat(20), fc.nat(2), fc.nat(5), fc.integer({ min: 1, max: 100_000 }), purposes), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(asks, fc.integer({ min: 1, max: 100 }), (asks, mbits) => {
      const total = mbits * 1e6;
      const budget = new Budget({ total, station: total / 2 }, 0);
      const stations = [0, 1, 2].map(() => ({ account: budget.stationAccount(0), bits: 0 }));
      const clients = [0, 1, 2, 3, 4, 5].map(() => ({ account: budget.clientAccount(6e6, 0), bits: 0, repairs: 0 }));
      let now = 0;
      let sent = 0;
      for (const [pause, s, c, bits, purpose] of asks) {
        now += pause;
        if (!budget.allows(stations[s].account, clients[c].account, bits, purpose, now)) continue;
        budget.charge(stations[s].account, clients[c].account, bits, purpose);
        sent += bits;
        stations[s].bits += bits;
        clients[c].bits += bits;
        if (purpose === 'repair') clients[c].repairs += bits;
      }
      const most = (rate: number) => Math.max(rate / 10, 64 * 1024 * 8) + (rate * now) / 1_000 + 1;
      assert.ok(sent <= most(total));
      for (const { bits } of stations) assert.ok(bits <= most(total / 2));
      for (const { bits, repairs } of clients) {
        assert.ok(bits <= most(72e6));
        assert.ok(repairs <= most(12e6));
      }
    }),
  );
});

test('when it gets tight, replay waits first, then bursts, and repair last', () => {
  const budget = new Budget({ total: 10e6 }, 0);
  const station = budget.stationAccount(0);
  const client = budget.clientAccount(100e6, 0);
  const stopsAt: Partial<Record<Purpose, number>> = {};
  for (let taken = 0; taken <= 1_000_000; taken += 10_000) {
    for (const purpose of ['repair', 'burst', 'replay'] as const) {
      if (!budget.allows(station, client, 10_000, purpose, 0)) stopsAt[purpose] ??= taken;
    }
    budget.charge(station, client, 10_000, 'replay');
  }
  assert.deepEqual(stopsAt, { replay: 400_000, burst: 700_000, repair: 1_000_000 });
  assert.ok(!budget.allows(station, client, 10_000, 'replay', 60));
  assert.ok(budget.allows(station, client, 10_000, 'replay', 62));
});

test('flows are refused where those that run leave no room, and not once they have ended', () => {
  const budget = new Budget({ total: 10e6, station: 6e6 }, 0);
  const [one, other] = [budget.stationAccount(0), budget.stationAccount(0)];
  assert.ok(budget.reserve(one, 5e6));
  assert.ok(!budget.reserve(one, 2e6));
  assert.ok(budget.reserve(other, 5e6));
  assert.ok(!budget.reserve(other, 1));
  budget.release(one, 5e6);
  assert.ok(budget.reserve(other, 1e6));
});
