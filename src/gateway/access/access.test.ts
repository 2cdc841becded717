import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../base/units.js';
import { Access, type Client } from './access.js';
import { type CredentialsData, makeToken } from './credentials.js';
import { hashPassword } from './password.js';
import { Proxies } from './proxies.js';

const here: Client = { address: '127.0.0.1', headers: { host: 'localhost:8080' } };
const there: Client = { address: '192.0.2.7', headers: { host: 'tv.example:8080' } };
const kept = await hashPassword('correct horse');

function openAccess(data: Partial<CredentialsData> = {}) {
  const lines: string[] = [];
  const clock = { now: 0 };
  const credentials = { data: { version: 1, password: null, tokens: [], ...data } as CredentialsData };
  const read = async () => credentials.data;
  const access = new Access({ credentials: { read }, now: () => Millis(clock.now), log: (line) => lines.push(line) });
  return { access, clock, lines, credentials };
}

const withCookie = (client: Client, cookie: string, headers = {}): Client => ({
  ...client,
  headers: { ...client.headers, cookie: cookie.split(';')[0], ...headers },
});

test('without a password, clients on this machine are the operator', async () => {
  const { access } = openAccess();
  assert.deepEqual(await access.operator(here), { by: 'loopback' });
  await assert.rejects(access.operator(there), { status: 403, message: /msc operator password/ });
  const rebound: Client = { address: '127.0.0.1', headers: { host: 'films.example' } };
  await assert.rejects(access.operator(rebound), { status: 403 });
  await assert.rejects(access.logIn(there, 'anything'), { status: 409 });
});

test('with a password, clients on this machine log in as well', async () => {
  const { access } = openAccess({ password: kept });
  await assert.rejects(access.operator(here), { status: 401 });
  const cookie = await access.logIn(there, 'correct horse');
  assert.match(cookie, /^msc-operator=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  assert.deepEqual(await access.operator(withCookie(there, cookie)), { by: 'session' });
  await assert.rejects(access.operator(withCookie(there, `${cookie.slice(0, 20)}`)), { status: 401 });
});

test('a cookie set over HTTPS is Secure', async () => {
  const { access } = openAccess({ password: kept });
  const secure = { ...there, headers: { ...there.headers, origin: 'https://tv.example:8080' } };
  assert.match(await access.logIn(secure, 'correct horse'), /; Secure$/);
});

test('a session ends after its lifetime, at logout, and with a new password', async () => {
  const { access, clock, credentials } = openAccess({ password: kept });
  const one = withCookie(there, await access.logIn(there, 'correct horse'));
  assert.match(access.logOut(one), /^msc-operator=; Path=\/; Max-Age=0/);
  assert.equal(await access.callerOf(one), null);
  const two = withCookie(there, await access.logIn(there, 'correct horse'));
  clock.now += 12 * 3_600_000;
  assert.equal(await access.callerOf(two), null);
  const three = withCookie(there, await access.logIn(there, 'correct horse'));
  credentials.data = { ...credentials.data, password: await hashPassword('another') };
  assert.equal(await access.callerOf(three), null);
});

test('a token is valid from any address, with or without a password; an unknown one is refused', async () => {
  const { token, hash } = makeToken();
  const bearer = (text: string, client: Client): Client => ({
    ...client,
    headers: { ...client.headers, authorization: `Bearer ${text}` },
  });
  for (const password of [null, kept]) {
    const { access } = openAccess({ password, tokens: [{ name: 'night', hash }] });
    assert.deepEqual(await access.operator(bearer(token, there)), { by: 'token', name: 'night' });
    await assert.rejects(access.operator(bearer('msc_wrong', here)), {
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="operator"' },
    });
  }
});

test('a foreign page has none of its user’s rights', async () => {
  const { access } = openAccess({ password: kept });
  const cookie = await access.logIn(there, 'correct horse');
  for (const headers of [{ origin: 'http://films.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    const foreign = withCookie(there, cookie, headers);
    await assert.rejects(access.operator(foreign), { status: 403 });
    await assert.rejects(access.logIn(foreign, 'correct horse'), { status: 403 });
    assert.throws(() => access.logOut(foreign), { status: 403 });
  }
  const open = openAccess();
  await assert.rejects(
    open.access.operator({ ...here, headers: { ...here.headers, origin: 'http://films.example' } }),
    { status: 403 },
  );
});

test('guesses are slowed down, and logged once a minute', async () => {
  const { access, clock, lines } = openAccess({ password: kept });
  for (let i = 0; i < 5; i++) await assert.rejects(access.logIn(there, `guess ${i}`), { status: 401 });
  await assert.rejects(access.logIn(there, 'correct horse'), { status: 429, headers: { 'retry-after': '30' } });
  clock.now += 60_000;
  await assert.rejects(access.logIn(there, 'guess'), { status: 401 });
  assert.deepEqual(lines, [
    'Operator: wrong password, attempts since the last such line: 1',
    'Operator: wrong password, attempts since the last such line: 5',
  ]);
});

test('guesses from many addresses lock out neither the person at the machine, nor known addresses, nor sessions and tokens', async () => {
  const { token, hash } = makeToken();
  const { access, clock } = openAccess({ password: kept, tokens: [{ name: 'night', hash }] });
  const known = { ...there, address: '198.51.100.20' };
  const session = withCookie(known, await access.logIn(known, 'correct horse'));
  const statuses: number[] = [];
  for (let i = 0; i < 77; i++) {
    const guess = access.logIn({ ...there, address: `192.0.2.${i}` }, 'guess');
    statuses.push(await guess.catch(({ status }) => status));
  }
  assert.deepEqual([statuses.filter((each) => each === 401).length, statuses.at(-1)], [60, 429]);
  await assert.rejects(access.logIn({ ...there, address: '198.51.100.21' }, 'correct horse'), { status: 429 });
  assert.match(await access.logIn(here, 'correct horse'), /^msc-operator=/);
  assert.match(await access.logIn(known, 'correct horse'), /^msc-operator=/);
  assert.deepEqual(await access.operator(session), { by: 'session' });
  const bearer = { ...there, headers: { ...there.headers, authorization: `Bearer ${token}` } };
  assert.deepEqual(await access.operator(bearer), { by: 'token', name: 'night' });
  // Known addresses are slowed down by their own guesses.
  for (let i = 0; i < 5; i++) await assert.rejects(access.logIn(known, 'guess'), { status: 401 });
  await assert.rejects(access.logIn(known, 'correct horse'), { status: 429 });
  clock.now += 30_000;
  assert.match(await access.logIn(known, 'correct horse'), /^msc-operator=/);
});

test('strangers’ logins under way leave a place to the person at the machine', async () => {
  const { access } = openAccess({ password: kept });
  const guesses = Array.from({ length: 10 }, (_, i) => access.logIn({ ...there, address: `192.0.2.${i}` }, 'guess'));
  const all = Promise.allSettled(guesses);
  assert.match(await access.logIn(here, 'correct horse'), /^msc-operator=/);
  await all;
});

test('where requests come through proxies, a password is demanded of clients on this machine as well', async () => {
  const { token, hash } = makeToken();
  const data: CredentialsData = { version: 1, password: null, tokens: [{ name: 'night', hash }] };
  const proxies = new Proxies(['127.0.0.1']);
  const access = new Access({ credentials: { read: async () => data }, proxies, now: () => Millis(0), log() {} });
  await assert.rejects(access.operator(here), { status: 403, message: /came through a proxy.*msc operator password/ });
  const bearer = { ...here, headers: { ...here.headers, authorization: `Bearer ${token}` } };
  assert.deepEqual(await access.operator(bearer), { by: 'token', name: 'night' });
  // Without the option as well, if the request shows it.
  const forwarded = { ...here, headers: { ...here.headers, 'x-real-ip': '192.0.2.7' } };
  await assert.rejects(openAccess().access.operator(forwarded), { status: 403, message: /came through a proxy/ });
});

test('guesses through a trusted proxy that names no client count by the proxy’s address, and have no privilege', async () => {
  const proxies = new Proxies(['127.0.0.1']);
  const read = async (): Promise<CredentialsData> => ({ version: 1, password: kept, tokens: [] });
  const access = new Access({ credentials: { read }, proxies, now: () => Millis(0), log() {} });
  for (let i = 0; i < 5; i++) await assert.rejects(access.logIn(here, `guess ${i}`), { status: 401 });
  await assert.rejects(access.logIn(here, 'correct horse'), { status: 429 });
  assert.equal(await access.isPrivileged(here), false);
  assert.match(await access.logIn(there, 'correct horse'), /^msc-operator=/);
  // A proxy on another machine: this one is not in its way.
  const other = new Access({
    credentials: { read },
    proxies: new Proxies(['192.0.2.80']),
    now: () => Millis(0),
    log() {},
  });
  assert.equal(await other.isPrivileged(here), true);
});

test('privileged are the person at the machine and holders of a session or token', async () => {
  const { access } = openAccess({ password: kept });
  assert.equal(await access.isPrivileged(here), true);
  assert.equal(await access.isPrivileged(there), false);
  const session = withCookie(there, await access.logIn(there, 'correct horse'));
  assert.equal(await access.isPrivileged(session), true);
  assert.equal(await access.isPrivileged(withCookie(there, `msc-operator=${'a'.repeat(43)}`)), false);
  assert.equal(
    await access.isPrivileged({ ...session, headers: { ...session.headers, origin: 'http://a.example' } }),
    false,
  );
});

test('the third concurrent login waits, the eleventh is refused', async () => {
  const { access } = openAccess({ password: kept });
  const all = Array.from({ length: 12 }, (_, i) =>
    access.logIn({ ...there, address: `192.0.2.${i}` }, 'guess').catch(({ status }) => status),
  );
  const statuses = await Promise.all(all);
  assert.equal(statuses.filter((status) => status === 401).length, 10);
  assert.equal(statuses.filter((status) => status === 503).length, 2);
});

test('an unreadable credentials file grants no access', async () => {
  const lines: string[] = [];
  const read = () => Promise.reject(new Error('operator.json: cannot be read: EACCES'));
  const access = new Access({ credentials: { read }, now: () => Millis(0), log: (line) => lines.push(line) });
  await assert.rejects(access.operator(here), { status: 503 });
  await assert.rejects(access.operator(here), { status: 503 });
  assert.deepEqual(lines, ['Operators cannot log in: operator.json: cannot be read: EACCES']);
});
