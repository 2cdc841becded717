import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback, networkOf, plainAddress } from './ip-network.js';

test('an IPv4 address is a client of its own, also where it is IPv4-mapped', () => {
  for (const address of ['192.0.2.9', '::ffff:192.0.2.9', '::FFFF:c000:209', '0:0:0:0:0:ffff:192.0.2.9']) {
    assert.equal(networkOf(address), '192.0.2.9', address);
    assert.equal(plainAddress(address), '192.0.2.9', address);
  }
  assert.notEqual(networkOf('192.0.2.9'), networkOf('192.0.2.10'));
});

test('all addresses of an IPv6 /64 are one client', () => {
  const network = networkOf('2001:db8:1:2::1');
  for (const address of [
    '2001:db8:1:2:aaaa::1',
    '2001:0DB8:0001:0002:1:2:3:4',
    '2001:db8:1:2::',
    '2001:db8:1:2::1%eth0',
  ])
    assert.equal(networkOf(address), network, address);
  for (const address of ['2001:db8:1:3::1', '2001:db8::1:2', 'fe80::1', '::2'])
    assert.notEqual(networkOf(address), network, address);
});

test('loopback is recognised in every form', () => {
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1'])
    assert.equal(isLoopback(address), true, address);
  for (const address of ['192.0.2.7', '::', '::2', '1::1', '128.0.0.1', '', 'localhost', '127.0.0.1.films.example'])
    assert.equal(isLoopback(address), false, address);
});

test('other text is a client of its own', () => {
  for (const text of ['', 'unknown', '_hidden', '1:2', '999.1.1.1']) assert.equal(networkOf(text), text);
});
