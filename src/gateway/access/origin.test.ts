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
    // Forwarded by a proxy.
    ['127.0.0.1', { host: 'localhost', 'x-forwarded-for': '192.0.2.7' }, false],
    ['127.0.0.1', { host: 'localhost', forwarded: 'for=192.0.2.7' }, false],
  ];
  for (const [address, headers, is] of cases) {
    assert.equal(isFromThisMachine(address, headers), is, `${address} ${JSON.stringify(headers)}`);
  }
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
