import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Member, Shares, type SharesOptions } from './shares.js';

const limits: SharesOptions = { most: 8_192, mostOfNetwork: 1_024, reserve: 64 };

interface Named extends Member {
  name: string;
}

let names = 0;
const member = (network: string, changes: Partial<Named> = {}): Named => ({
  name: `${network} ${++names}`,
  network,
  isLocal: false,
  isProxy: false,
  isWaiting: true,
  isOperator: false,
  isReserved: false,
  activeAt: 0,
  ...changes,
});

/** Fills the shares; returns the members of each network. */
function fill(shares: Shares<Named>, networks: number, each: number, changes: Partial<Named> = {}): Named[][] {
  return Array.from({ length: networks }, (_, n) =>
    Array.from({ length: each }, () => {
      const added = member(`10.0.0.${n}`, changes);
      shares.admit(added);
      return added;
    }),
  );
}

test('8,192 connections from nine addresses lock nobody out', () => {
  const shares = new Shares<Named>(limits);
  const nine = fill(shares, 9, 911);
  assert.equal(shares.count, 8_192);
  for (let i = 0; i < 200; i++) {
    const newcomer = member(`192.0.2.${i}`);
    const { displaced } = shares.admit(newcomer);
    assert.equal(newcomer.isReserved, false);
    assert.match(displaced!.network, /^10\./);
    assert.equal(shares.count, 8_192);
  }
  assert.ok(nine.every((each) => each.length === 911));
});

test('the longest waiting connection makes room first, then the busy one whose data moved least lately', () => {
  const shares = new Shares<Named>({ ...limits, most: 4 });
  const [busy = []] = fill(shares, 1, 2, { isWaiting: false });
  const waiting = [member('10.0.0.0'), member('10.0.0.0')];
  for (const each of waiting) shares.admit(each);
  busy[0]!.activeAt = 20;
  busy[1]!.activeAt = 10;
  const displaced = ['a', 'b', 'c'].map((network) => shares.admit(member(network)).displaced);
  assert.deepEqual(displaced, [waiting[0], waiting[1], busy[1]]);
});

test('a connection that rests waits from then on', () => {
  const shares = new Shares<Named>({ ...limits, most: 2 });
  const [[first, second] = []] = fill(shares, 1, 2);
  shares.setWaiting(first!, false);
  shares.setWaiting(first!, true);
  assert.equal(shares.admit(member('a')).displaced, second);
});

test('a network with as many as any other takes nothing from them', () => {
  const shares = new Shares<Named>({ ...limits, most: 4 });
  fill(shares, 2, 2);
  const one = member('192.0.2.1');
  assert.match(shares.admit(one).displaced!.network, /^10/);
  const two = member('192.0.2.1');
  assert.deepEqual(shares.admit(two), { displaced: null });
  assert.equal(two.isReserved, true);
  assert.equal(shares.count, 4);
});

test('a newcomer of a network with its most takes the place of a waiting one of it, never of others', () => {
  const shares = new Shares<Named>({ ...limits, mostOfNetwork: 2 });
  const [own = []] = fill(shares, 2, 2);
  const newcomer = member('10.0.0.0');
  assert.equal(shares.admit(newcomer).displaced, own[0]);
  shares.setWaiting(own[1]!, false);
  shares.setWaiting(newcomer, false);
  const next = member('10.0.0.0');
  assert.deepEqual(shares.admit(next), { displaced: null });
  assert.equal(next.isReserved, true);
});

test('clients on this machine are always let in', () => {
  const shares = new Shares<Named>({ ...limits, most: 4 });
  for (let n = 0; n < 4; n++) shares.admit(member(`10.0.0.${n}`, { isWaiting: false }));
  const here = member('127.0.0.1', { isLocal: true });
  assert.notEqual(shares.admit(here).displaced, null);
  assert.equal(here.isReserved, false);
});

test('the operator never makes room, and leaves the reserve at once', () => {
  const shares = new Shares<Named>({ ...limits, most: 2, mostOfNetwork: 2 });
  const [[first, second] = []] = fill(shares, 1, 2);
  shares.setOperator(first!);
  shares.setOperator(second!);
  const operator = member('192.0.2.1');
  shares.admit(operator);
  assert.equal(operator.isReserved, true);
  shares.setOperator(operator);
  assert.equal(operator.isReserved, false);
  assert.equal(shares.count, 3);
  assert.deepEqual(shares.excess(), []);
});

test('the operator keeps at most 256 connections', () => {
  const shares = new Shares<Named>({ ...limits, most: 300 });
  const [all = []] = fill(shares, 1, 300);
  for (const each of all) shares.setOperator(each);
  assert.equal(all.filter(({ isOperator }) => isOperator).length, 256);
  assert.equal(shares.admit(member('a')).displaced, all[0]);
});

test('strangers pass through the reserve in turn', () => {
  const shares = new Shares<Named>({ ...limits, most: 1, reserve: 2 });
  shares.admit(member('10.0.0.1'));
  const strangers = Array.from({ length: 4 }, (_, n) => member(`192.0.2.${n}`));
  const displaced = strangers.map((each) => shares.admit(each).displaced);
  assert.deepEqual(displaced, [null, null, strangers[0], strangers[1]]);
  for (const each of strangers) shares.remove(each);
  assert.equal(shares.count, 1);
});

test('a proxy has no share of its own, and counts for the client whose request it carries', () => {
  const shares = new Shares<Named>({ ...limits, mostOfNetwork: 2 });
  const connections = Array.from({ length: 5 }, () => member('127.0.0.1', { isProxy: true }));
  for (const each of connections) assert.deepEqual(shares.admit(each), { displaced: null });
  for (const each of connections.slice(0, 2)) shares.move(each, '192.0.2.7');
  assert.deepEqual([shares.isFull('192.0.2.7'), shares.count], [true, 5]);
  shares.move(connections[0]!, '127.0.0.1');
  assert.equal(shares.isFull('192.0.2.7'), false);
  for (const each of connections) shares.remove(each);
  assert.equal(shares.count, 0);
});

test('connections that are too many since the limit fell are those of the networks with most', () => {
  const shares = new Shares<Named>({ ...limits, most: 100 });
  fill(shares, 1, 50);
  const few = member('192.0.2.1');
  shares.admit(few);
  shares.most = 20;
  const ended = shares.excess();
  assert.equal(ended.length, 31);
  assert.ok(ended.every(({ network }) => network === '10.0.0.0'));
  assert.equal(shares.count, 20);
});
