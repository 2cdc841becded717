import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../base/units.js';
import { LoginThrottle } from './login-throttle.js';

test('an address has five attempts, then one every 30 seconds', () => {
  const attempts = new LoginThrottle();
  for (let i = 0; i < 5; i++) assert.equal(attempts.take('192.0.2.1', Millis(0)), 0);
  assert.equal(attempts.take('192.0.2.1', Millis(0)), 30_000);
  assert.equal(attempts.take('192.0.2.1', Millis(29_000)), 1_000);
  assert.equal(attempts.take('192.0.2.1', Millis(30_000)), 0);
  assert.equal(attempts.take('192.0.2.1', Millis(30_000)), 30_000);
  assert.equal(attempts.take('192.0.2.2', Millis(30_000)), 0);
});

test('the right password does not count as an attempt', () => {
  const attempts = new LoginThrottle();
  for (let i = 0; i < 100; i++) {
    assert.equal(attempts.take('192.0.2.1', Millis(0)), 0);
    attempts.succeeded('192.0.2.1');
  }
});

test('all strangers together have sixty attempts, then one a second', () => {
  const attempts = new LoginThrottle();
  for (let i = 0; i < 60; i++) assert.equal(attempts.take(`192.0.2.${i}`, Millis(0)), 0);
  assert.equal(attempts.take('198.51.100.1', Millis(0)), 1_000);
  assert.equal(attempts.take('198.51.100.1', Millis(1_000)), 0);
});

test('addresses of earlier logins have sixty attempts of their own together', () => {
  const attempts = new LoginThrottle();
  attempts.take('198.51.100.1', Millis(0));
  attempts.succeeded('198.51.100.1');
  for (let i = 0; i < 60; i++) assert.equal(attempts.take(`192.0.2.${i}`, Millis(0)), 0);
  assert.equal(attempts.take('192.0.2.99', Millis(0)), 1_000);
  assert.deepEqual([attempts.isKnown('198.51.100.1'), attempts.isKnown('192.0.2.1')], [true, false]);
  for (let i = 0; i < 5; i++) assert.equal(attempts.take('::ffff:198.51.100.1', Millis(0)), 0);
  assert.equal(attempts.take('198.51.100.1', Millis(0)), 30_000);
});

test('all addresses of an IPv6 network count as one, and an IPv4-mapped address as its IPv4 address', () => {
  const attempts = new LoginThrottle();
  for (let i = 1; i <= 5; i++) assert.equal(attempts.take(`2001:db8:1:2::${i}`, Millis(0)), 0);
  assert.ok(attempts.take('2001:db8:1:2:aaaa::1', Millis(0)) > 0);
  assert.equal(attempts.take('2001:db8:1:3::1', Millis(0)), 0);
  for (let i = 0; i < 5; i++) assert.equal(attempts.take('192.0.2.9', Millis(0)), 0);
  assert.ok(attempts.take('::ffff:192.0.2.9', Millis(0)) > 0);
  assert.equal(attempts.take('::1', Millis(0)), 0);
});

test('an address of earlier logins is known, and no other of its IPv6 network', () => {
  const attempts = new LoginThrottle();
  attempts.take('2001:db8:1:2::1', Millis(0));
  attempts.succeeded('2001:db8:1:2::1');
  assert.deepEqual([attempts.isKnown('2001:DB8:1:2::1'), attempts.isKnown('2001:db8:1:2::2')], [true, false]);
  for (let i = 2; i <= 6; i++) assert.equal(attempts.take(`2001:db8:1:2::${i}`, Millis(0)), 0);
  assert.ok(attempts.take('2001:db8:1:2::7', Millis(0)) > 0);
  assert.equal(attempts.take('2001:db8:1:2::1', Millis(0)), 0);
});
