import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../base/problem.js';
import {
  checkGroup,
  isOnNetworkOf,
  listInterfaces,
  loopback,
  type NetInterface,
  resolveInterface,
} from './interfaces.js';

const lo0: NetInterface = { name: 'lo0', address: '127.0.0.1', internal: true, netmask: '255.0.0.0' };
const wired: NetInterface = { name: 'en0', address: '192.168.1.20', internal: false, netmask: '255.255.255.0' };
const mac = [lo0, wired];

test('this machine has a loopback interface', () => {
  assert.equal(loopback().address, '127.0.0.1');
  assert.equal(resolveInterface('lo').internal, true);
  assert.ok(listInterfaces().some(({ internal }) => internal));
});

test('an interface is found by name, by address, and loopback by its common names', () => {
  for (const [wanted, found] of [
    ['en0', wired],
    ['192.168.1.20', wired],
    [' en0 ', wired],
    ['lo0', lo0],
    ['lo', lo0],
    ['loopback', lo0],
  ] as const) {
    assert.equal(resolveInterface(wanted, mac), found);
  }
});

test('an unknown interface is a problem that lists the existing ones', () => {
  assert.throws(
    () => resolveInterface('eth7', mac),
    (error) =>
      error instanceof Problem &&
      error.code === 'network' &&
      error.message.includes('"eth7"') &&
      error.next.includes('lo0 (127.0.0.1), en0 (192.168.1.20)'),
  );
  assert.throws(() => resolveInterface('lo', [wired]), Problem);
});

test('an address belongs to a network by its mask', () => {
  assert.ok(isOnNetworkOf(wired, '192.168.1.255'));
  assert.ok(!isOnNetworkOf(wired, '192.168.2.20'));
  assert.ok(isOnNetworkOf(lo0, '127.9.9.9'));
  assert.ok(!isOnNetworkOf(lo0, '192.168.1.20'));
  assert.ok(isOnNetworkOf({ ...wired, netmask: undefined }, '192.168.1.20'));
  assert.ok(!isOnNetworkOf({ ...wired, netmask: undefined }, '192.168.1.21'));
  assert.ok(!isOnNetworkOf(wired, 'fe80::1'));
});

test('groups of stations lie in 224.0.0.0/4, without the network’s own', () => {
  for (const group of ['224.0.1.0', '239.255.1.2', '239.255.255.255']) checkGroup(group);
  for (const group of ['223.255.255.255', '240.0.0.0', '10.0.0.1', 'ff02::1', '239.1.2', 'group', '']) {
    assert.throws(() => checkGroup(group), Problem, group);
  }
});
