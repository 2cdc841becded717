import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFromForeignPage, isFromThisMachine } from './origin.js';

test('a client is on this machine if its address and the Host header are loopback, and no proxy forwarded the request', () => {
  const cases: [string, Record<string, string>, boolean][] = [
    ['127.0.0.1', { host: 'localhost:8080' }, true],
    ['::ffff:127.0.0.1', { host: '127.0.0.1:8080' }, true],
    ['::1', { host: '[::1]:8080' }, true],
    ['127.0.0.1', { host: 'LocalHost' }, true],
    ['192.0.2.7', { host: 'localhost' }, false],
    // A page whose name was pointed at this machine (DNS rebinding).
    ['127.0.0.1', { host: 'films.example:8080' }, false],
    ['127.0.0.1', { host: '127.0.0.1.films.example' }, false],
    ['127.0.0.1', { host: 'localhost.films.example' }, false],
    ['127.0.0.1', {}, false],
  ];
  for (const [address, headers, is] of cases) {
    assert.equal(isFromThisMachine({ address, headers }), is, `${address} ${JSON.stringify(headers)}`);
  }
});

test('a request that any header or its version shows to be forwarded is not from this machine', () => {
  const forwarding =
    'Forwarded Via CDN-Loop X-Forwarded X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port X-Forwarded-Server ' +
    'X-Real-IP X-Client-IP X-Cluster-Client-IP X-Original-URL X-Original-Forwarded-For X-Remote-IP True-Client-IP ' +
    'Fastly-Client-IP Fly-Client-IP CF-Connecting-IP CF-Ray X-Envoy-External-Address X-Amzn-Trace-Id X-Azure-ClientIP ' +
    'X-ARR-LOG-ID Tailscale-User-Login X-Nginx-Proxy X-Request-Start';
  const here = { address: '127.0.0.1', headers: { host: 'localhost:8080' } };
  for (const name of forwarding.split(' ')) {
    const headers = { ...here.headers, [name.toLowerCase()]: '192.0.2.7' };
    assert.equal(isFromThisMachine({ ...here, headers }), false, name);
  }
  assert.equal(isFromThisMachine({ ...here, httpVersion: '1.0' }), false, 'nginx without further configuration');
  // A browser's own.
  const names = [
    'user-agent',
    'accept',
    'accept-language',
    'sec-fetch-site',
    'upgrade-insecure-requests',
    'cookie',
    'dnt',
  ];
  const headers = { ...here.headers, ...Object.fromEntries(names.map((name) => [name, 'x'])) };
  assert.equal(isFromThisMachine({ ...here, headers, httpVersion: '1.1' }), true);
});

test('a foreign page is recognised by either of two headers', () => {
  const host = 'tv.example:8080';
  const cases: [Record<string, string>, boolean][] = [
    [{ host }, false],
    [{ host, origin: 'http://tv.example:8080' }, false],
    [{ host, origin: 'https://TV.example:8080', 'sec-fetch-site': 'same-origin' }, false],
    [{ host, 'sec-fetch-site': 'none' }, false],
    [{ host, origin: 'http://tv.example' }, true],
    [{ host, origin: 'http://films.example' }, true],
    [{ host, origin: 'http://tv.example:8080.films.example' }, true],
    [{ host, origin: 'null' }, true],
    [{ host, 'sec-fetch-site': 'cross-site' }, true],
    [{ host, 'sec-fetch-site': 'same-site', origin: 'http://tv.example:8080' }, true],
    [{ origin: 'http://tv.example:8080' }, true],
  ];
  for (const [headers, is] of cases) assert.equal(isFromForeignPage(headers), is, JSON.stringify(headers));
});
