import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairHoldings, FairRate, type Party } from './fair-shares.js';
import { Millis } from './units.js';

const party = (address: string, session = 1): Party => ({ address, key: `${address}:${session}` });

test('one address alone holds four fifths; one that has nothing still gets its part', () => {
  const holdings = new FairHoldings(1_000);
  const takeAll = (who: Party) => {
    let taken = 0;
    for (; holdings.allows(who, 1, 0); taken++) holdings.take(who, 1);
    return taken;
  };
  const first = Array.from({ length: 20 }, (_, i) => takeAll(party('a', i))).reduce((sum, each) => sum + each);
  assert.equal(first, 801);
  assert.equal(takeAll(party('b')), 152);
  assert.ok(holdings.allows(party('c'), 40, 0));
  holdings.giveBack(party('b'), 152);
  assert.ok(!holdings.allows(party('a', 30), 1, 0));
  assert.ok(!holdings.allows(party('b'), 200, 0), 'no more than is free');
});

test('sessions of one address share its part in the same way', () => {
  const holdings = new FairHoldings(1_000);
  const greedy = party('a', 1);
  while (holdings.allows(greedy, 1, 0)) holdings.take(greedy, 1);
  assert.ok(holdings.allows(party('a', 2), 1, 0));
  assert.ok(holdings.allows(party('b'), 1, 0));
});

test('what is given back is free again, however it was divided', () => {
  const takes = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.integer({ min: 1, max: 300 })), { maxLength: 100 });
  fc.assert(
    fc.property(takes, (takes) => {
      const holdings = new FairHoldings(1_000);
      const taken: (() => void)[] = [];
      let total = 0;
      for (const [address, session, amount] of takes) {
        const who = party(`${address}`, session);
        if (!holdings.allows(who, amount, 0)) continue;
        holdings.take(who, amount);
        taken.push(() => holdings.giveBack(who, amount));
        total += amount;
      }
      assert.ok(total <= 1_000);
      for (const giveBack of taken) giveBack();
      assert.ok(holdings.allows(party('new'), 1_000, 0));
    }),
  );
});

test('a party that alone takes a rate gets all of it; one that comes later and wants little gets that at once', () => {
  const rate = new FairRate({ rate: 100_000, capacity: 10_000 }, Millis(0));
  const [greedy, modest, neighbour] = [party('a'), party('b'), party('a', 2)];
  let taken = 0;
  let refused = 0;
  for (let now = 0; now < 2_000; now++) {
    while (rate.allows(greedy, 10, 0, Millis(now))) {
      rate.take(greedy, 10);
      taken += 10;
    }
    if (now % 20 !== 0) continue;
    for (const who of [modest, neighbour]) {
      if (rate.allows(who, 10, 0, Millis(now))) rate.take(who, 10);
      else refused++;
    }
  }
  assert.ok(taken > 0.95 * 200_000, `${taken}`);
  assert.equal(refused, 0);
});

test('a rate is never exceeded, and a reserve is left', () => {
  const rate = new FairRate({ rate: 1_000, capacity: 100 }, Millis(0));
  let taken = 0;
  for (let i = 0; i < 1_000; i++) {
    const who = party(`${i % 50}`);
    if (!rate.allows(who, 1, 0.5, Millis(0))) continue;
    rate.take(who, 1);
    taken++;
  }
  assert.equal(taken, 50);
  assert.ok(rate.allows(party('late'), 50, 0, Millis(0)));
  assert.ok(!rate.allows(party('late'), 51, 0, Millis(0)));
});
