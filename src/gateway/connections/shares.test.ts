import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf } from '../../base/ip-network.js';
import { type Member, Shares, type SharesOptions } from './shares.js';

const limits: SharesOptions = { most: 8_192, mostOfAddress: 1_024, mostOfNetwork: 4_096, reserve: 64 };

interface Named extends Member {
  name: string;
}

let names = 0;
const member = (address: string, changes: Partial<Named> = {}): Named => ({
  name: `${address} ${++names}`,
  place: placeOf(address),
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
    assert.match(displaced!.place.network, /^10\./);
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
  assert.match(shares.admit(one).displaced!.place.network, /^10/);
  const two = member('192.0.2.1');
  assert.deepEqual(shares.admit(two), { displaced: null });
  assert.equal(two.isReserved, true);
  assert.equal(shares.count, 4);
});

test('a newcomer of a network with its most takes the place of a waiting one of it, never of others', () => {
  const shares = new Shares<Named>({ ...limits, mostOfAddress: 2 });
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
  const shares = new Shares<Named>({ ...limits, most: 2, mostOfAddress: 2 });
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
  const shares = new Shares<Named>({ ...limits, mostOfAddress: 2 });
  const connections = Array.from({ length: 5 }, () => member('127.0.0.1', { isProxy: true }));
  for (const each of connections) assert.deepEqual(shares.admit(each), { displaced: null });
  for (const each of connections.slice(0, 2)) shares.move(each, placeOf('192.0.2.7'));
  assert.deepEqual([shares.isFull(placeOf('192.0.2.7')), shares.count], [true, 5]);
  shares.move(connections[0]!, placeOf('127.0.0.1'));
  assert.equal(shares.isFull(placeOf('192.0.2.7')), false);
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
  assert.ok(ended.every(({ place }) => place.network === '10.0.0.0'));
  assert.equal(shares.count, 20);
});

test('on an IPv6 link, one address with all it can have leaves room for others of the link', () => {
  const shares = new Shares<Named>({ ...limits, most: 2_000 });
  for (let i = 0; i < 1_024; i++) shares.admit(member('2001:db8::1', { isWaiting: false }));
  for (let i = 2; i < 1_000; i++) {
    const viewer = member(`2001:db8::${i.toString(16)}`, { isWaiting: false });
    const { displaced } = shares.admit(viewer);
    assert.equal(viewer.isReserved, false);
    if (displaced !== null) assert.equal(displaced.place.address, '2001:db8::1');
  }
});

test('a host with very many addresses has one network’s share, and keeps nobody of other networks out', () => {
  const shares = new Shares<Named>(limits);
  for (let i = 0; i < 10_000; i++) shares.admit(member(`2001:db8::${i.toString(16)}`, { isWaiting: i % 2 === 0 }));
  assert.equal(shares.count, 4_096);
  const link = member('2001:db8::ffff:1', { isWaiting: false });
  assert.equal(shares.admit(link).displaced!.isWaiting, true);
  for (let i = 0; i < 5_000; i++) shares.admit(member(`10.0.${i >> 8}.${i & 255}`, { isWaiting: false }));
  assert.equal(shares.count, 8_192);
  const other = member('192.0.2.1');
  assert.equal(shares.admit(other).displaced!.place.network, '2001:db8:0:0::/64');
});

test('a connection that was the operator’s is like any other when it is no more', () => {
  const shares = new Shares<Named>({ ...limits, most: 1 });
  const proxied = member('127.0.0.1', { isProxy: true });
  shares.admit(proxied);
  shares.setOperator(proxied);
  assert.equal(shares.admit(member('127.0.0.1', { isLocal: true })).displaced, null);
  shares.unsetOperator(proxied);
  assert.equal(shares.admit(member('127.0.0.1', { isLocal: true })).displaced, proxied);
});
