import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis } from '../base/units.js';
import { Budget, type Payer, type Purpose } from './budget.js';

const purposes = fc.constantFrom<Purpose>('repair', 'burst', 'replay');

const payer = (budget: Budget, bitrate: number, name = 'a'): Payer => ({
  address: `address ${name}`,
  key: name,
  account: budget.clientAccount(bitrate, Millis(0)),
});

test('no order of packets exceeds the budgets', () => {
  const packets = fc.array(fc.tuple(fc.nat(20), fc.nat(2), fc.nat(5), fc.integer({ min: 1, max: 100_000 }), purposes), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(packets, fc.integer({ min: 1, max: 100 }), (packets, mbits) => {
      const total = mbits * 1e6;
      const budget = new Budget({ total, station: total / 2 }, Millis(0));
      const stations = [0, 1, 2].map(() => ({ account: budget.stationAccount(Millis(0)), bits: 0 }));
      const clients = [0, 1, 2, 3, 4, 5].map((i) => ({
        payer: payer(budget, 6e6, `${i}`),
        bits: 0,
        repairs: 0,
      }));
      let now = 0;
      let sent = 0;
      for (const [pause, s, c, bits, purpose] of packets) {
        now += pause;
        const [station, client] = [stations[s]!, clients[c]!];
        if (!budget.allows(station.account, client.payer, bits, purpose, Millis(now))) continue;
        budget.charge(station.account, client.payer, bits, purpose);
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
  const stopsAt: Partial<Record<Purpose, number>> = {};
  const newcomer = payer(budget, 100e6, 'newcomer');
  for (let taken = 0; taken <= 1_000_000; taken += 10_000) {
    for (const purpose of ['repair', 'burst', 'replay'] as const) {
      if (!budget.allows(station, newcomer, 10_000, purpose, Millis(0))) stopsAt[purpose] ??= taken;
    }
    budget.charge(station, payer(budget, 100e6, `${taken}`), 10_000, 'replay');
  }
  assert.deepEqual(stopsAt, { replay: 400_000, burst: 700_000, repair: 1_000_000 });
  assert.ok(!budget.allows(station, newcomer, 10_000, 'replay', Millis(60)));
  assert.ok(budget.allows(station, newcomer, 10_000, 'replay', Millis(62)));
});

test('a session that takes all repairs it can leaves those of others their part, also of its own machine', () => {
  const budget = new Budget({ total: 20e6 }, Millis(0));
  const station = budget.stationAccount(Millis(0));
  const greedy = payer(budget, 50e6);
  const neighbour = { ...payer(budget, 5e6, 'b'), address: greedy.address };
  const other = payer(budget, 5e6, 'c');
  let refused = 0;
  for (let now = 0; now < 2_000; now++) {
    const take = (who: Payer) => {
      const isAllowed = budget.allows(station, who, 10_600, 'repair', Millis(now));
      if (isAllowed) budget.charge(station, who, 10_600, 'repair');
      return isAllowed;
    };
    while (take(greedy));
    if (now % 100 < 20 && now % 10 === 0) for (const who of [neighbour, other]) if (!take(who)) refused++;
  }
  assert.equal(refused, 0);
});

test('a flow is refused while running flows leave no room for it', () => {
  const budget = new Budget({ total: 10e6, station: 6e6 }, Millis(0));
  const [one, other] = [budget.stationAccount(Millis(0)), budget.stationAccount(Millis(0))];
  const [a, b, c] = ['a', 'b', 'c'].map((name) => payer(budget, 5e6, name)) as [Payer, Payer, Payer];
  assert.ok(budget.reserve(one, a, 5e6, 'burst'));
  assert.ok(!budget.reserve(one, b, 2e6, 'burst'));
  assert.ok(budget.reserve(other, b, 5e6, 'burst'));
  assert.ok(!budget.reserve(other, c, 1, 'burst'));
  budget.release(one, a, 5e6);
  assert.ok(budget.reserve(other, c, 1e6, 'burst'));
});

test('replays of many addresses leave room for bursts, and those of one address for other replays', () => {
  const budget = new Budget({ total: 1e9 }, Millis(0));
  const station = budget.stationAccount(Millis(0));
  const replays = (name: (i: number) => string, address: (i: number) => string) => {
    let count = 0;
    const next = () => ({ address: address(count), key: name(count) });
    while (budget.reserve(station, next(), 5e6, 'replay')) count++;
    return count;
  };
  const ofOne = replays(
    (i) => `one ${i}`,
    () => 'one',
  );
  assert.ok(ofOne > 100 && ofOne < 120, `${ofOne}`);
  const ofMany = replays(
    (i) => `many ${i}`,
    (i) => `address ${i}`,
  );
  assert.equal(ofOne + ofMany, 140);
  let bursts = 0;
  while (budget.reserve(station, { address: `tuning ${bursts}`, key: `${bursts}` }, 10e6, 'burst')) bursts++;
  assert.equal(bursts, 30);
});
