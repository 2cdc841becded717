import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Proxies } from './proxies.js';

const request = (remoteAddress: string, forwarded?: string) => ({
  socket: { remoteAddress },
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
});

test('without trusted proxies, the client is the other end of the connection', () => {
  const proxies = new Proxies();
  assert.equal(proxies.areExpected, false);
  assert.equal(proxies.clientOf(request('::ffff:192.0.2.7', '198.51.100.1')), '192.0.2.7');
  assert.equal(proxies.clientOf(request('127.0.0.1', '198.51.100.1')), '127.0.0.1');
});

test('of a trusted proxy, the client is the last hop that is no trusted proxy, not what the client wrote before it', () => {
  const proxies = new Proxies(['127.0.0.1', '192.0.2.80']);
  const cases: [string, string | undefined, string][] = [
    ['127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['::1', '198.51.100.1', '198.51.100.1'],
    ['127.0.0.1', '127.0.0.1, 198.51.100.1', '198.51.100.1'],
    ['127.0.0.1', '203.0.113.5, 198.51.100.1, 192.0.2.80', '198.51.100.1'],
    ['::ffff:192.0.2.80', '2001:DB8::1', '2001:db8::1'],
    // IIS and Azure write ports.
    ['127.0.0.1', '198.51.100.1:54321', '198.51.100.1'],
    ['127.0.0.1', '[2001:DB8::1]:54321', '2001:db8::1'],
    ['127.0.0.1', '[2001:db8::1]', '2001:db8::1'],
    ['127.0.0.1', '198.51.100.1:', '127.0.0.1'],
    // Another machine is no proxy of ours.
    ['192.0.2.7', '198.51.100.1', '192.0.2.7'],
    // The proxy does not say.
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', 'unknown', '127.0.0.1'],
    ['127.0.0.1', '', '127.0.0.1'],
    ['127.0.0.1', '198.51.100.1, _hidden', '127.0.0.1'],
  ];
  for (const [address, forwarded, client] of cases)
    assert.equal(proxies.clientOf(request(address, forwarded)), client, `${address}: ${forwarded}`);
});

test('a list of very many hops is read from its end', () => {
  const proxies = new Proxies(['127.0.0.1']);
  const forwarded = `${'127.0.0.1,'.repeat(100_000)}127.0.0.1`;
  assert.equal(proxies.clientOf(request('127.0.0.1', forwarded)), '127.0.0.1');
});
