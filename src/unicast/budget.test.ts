import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis } from '../base/units.js';
import { Budget, type Purpose } from './budget.js';

const purposes = fc.constantFrom<Purpose>('repair', 'burst', 'replay');

test('no order of packets exceeds the budgets', () => {
  const packets = fc.array(fc.tuple(fc.nat(20), fc.nat(2), fc.nat(5), fc.integer({ min: 1, max: 100_000 }), purposes), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(packets, fc.integer({ min: 1, max: 100 }), (packets, mbits) => {
      const total = mbits * 1e6;
      const budget = new Budget({ total, station: total / 2 }, Millis(0));
      const stations = [0, 1, 2].map(() => ({ account: budget.stationAccount(Millis(0)), bits: 0 }));
      const clients = [0, 1, 2, 3, 4, 5].map(() => ({
        account: budget.clientAccount(6e6, Millis(0)),
        bits: 0,
        repairs: 0,
      }));
      let now = 0;
      let sent = 0;
      for (const [pause, s, c, bits, purpose] of packets) {
        now += pause;
        const [station, client] = [stations[s]!, clients[c]!];
        if (!budget.allows(station.account, client.account, bits, purpose, Millis(now))) continue;
        budget.charge(station.account, client.account, bits, purpose);
        sent += bits;
        station.bits += bits;
        client.bits += bits;
        if (purpose === 'repair') client.repairs += bits;
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

test('a budget that runs out stops replay first, then bursts, and repairs last', () => {
  const budget = new Budget({ total: 10e6 }, Millis(0));
  const station = budget.stationAccount(Millis(0));
  const client = budget.clientAccount(100e6, Millis(0));
  const stopsAt: Partial<Record<Purpose, number>> = {};
  for (let taken = 0; taken <= 1_000_000; taken += 10_000) {
    for (const purpose of ['repair', 'burst', 'replay'] as const) {
      if (!budget.allows(station, client, 10_000, purpose, Millis(0))) stopsAt[purpose] ??= taken;
    }
    budget.charge(station, client, 10_000, 'replay');
  }
  assert.deepEqual(stopsAt, { replay: 400_000, burst: 700_000, repair: 1_000_000 });
  assert.ok(!budget.allows(station, client, 10_000, 'replay', Millis(60)));
  assert.ok(budget.allows(station, client, 10_000, 'replay', Millis(62)));
});

test('a flow is refused while running flows leave no room for it', () => {
  const budget = new Budget({ total: 10e6, station: 6e6 }, Millis(0));
  const [one, other] = [budget.stationAccount(Millis(0)), budget.stationAccount(Millis(0))];
  assert.ok(budget.reserve(one, 5e6));
  assert.ok(!budget.reserve(one, 2e6));
  assert.ok(budget.reserve(other, 5e6));
  assert.ok(!budget.reserve(other, 1));
  budget.release(one, 5e6);
  assert.ok(budget.reserve(other, 1e6));
});
