import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { documentOf, operationsOf } from '../../../test/support/api-operations.js';
import { fakeGateway, fakeViewer, openApi } from '../../../test/support/fake-gateway.js';
import { Problem } from '../../base/problem.js';
import { Millis } from '../../base/units.js';
import { makeToken } from '../access/credentials.js';
import { hashPassword } from '../access/password.js';
import { API } from './api-routes.js';

const here = { remoteAddress: '127.0.0.1', headers: { host: 'localhost:8080' } };
const there = { remoteAddress: '192.0.2.7', headers: { host: 'tv.example:8080' } };

function open(context: TestContext) {
  const gateway = fakeGateway();
  const app = openApi(context, gateway.context);
  const ask = (options: InjectOptions) => app.inject({ ...here, ...options, url: API + (options.url as string) });
  return { ...gateway, app, ask };
}

/** The operations that only the operator may call. */
const operatorOperations = async (app: FastifyInstance) =>
  operationsOf(await documentOf(app)).filter(({ isOperators }) => isOperators);

test('stations and the guide are open to all clients', async (context) => {
  const { ask, context: gateway } = open(context);
  gateway.catalogue.stations[0]!.oldest = Millis(5);
  const answer = await ask({ url: '/stations', ...there });
  assert.equal(answer.statusCode, 200);
  assert.deepEqual(
    answer.json().stations.map(({ id, oldest }: { id: string; oldest: number }) => [id, oldest]),
    [
      ['station-1', 5],
      ['station-2', null],
    ],
  );
  assert.equal((await ask({ url: '/stations/station-2', ...there })).json().number, 2);
  assert.equal((await ask({ url: '/stations/nothing', ...there })).statusCode, 404);
  const guide = await ask({ url: '/guide?from=0&to=3600000', ...there });
  assert.deepEqual(guide.json().stations[0]!, { id: 'station-1', programmes: [] });
});

test('a guide that ends before it starts, or of more than 48 hours, is refused', async (context) => {
  const { ask } = open(context);
  for (const query of ['from=10&to=5', `from=0&to=${49 * 3_600_000}`, 'from=today', 'from=-1', 'from=1&from=2']) {
    const answer = await ask({ url: `/guide?${query}` });
    assert.equal(answer.statusCode, 400, query);
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
    assert.ok(!answer.body.includes('today'));
  }
});

test('operator requests of other clients are refused before they are validated', async (context) => {
  const { app, operator, lines } = open(context);
  for (const { operationId, request } of await operatorOperations(app)) {
    for (const payload of [request.payload, undefined]) {
      const answer = await app.inject({ ...there, ...request, payload });
      assert.equal(answer.statusCode, 403, operationId);
      assert.equal(answer.json().title, 'Forbidden');
    }
  }
  assert.deepEqual(operator.done, []);
  assert.deepEqual(lines, []);
});

test('a foreign page is refused even if its user is the operator', async (context) => {
  const { app, ask, operator, credentials } = open(context);
  const foreign = [{ origin: 'http://films.example' }, { 'sec-fetch-site': 'cross-site' }, { host: 'films.example' }];
  for (const password of [null, await hashPassword('correct horse')]) {
    credentials.data = { ...credentials.data, password };
    const cookie = password && (await logIn(ask));
    for (const headers of foreign) {
      for (const { operationId, request } of await operatorOperations(app)) {
        const changed = { ...here.headers, ...(cookie && { cookie }), ...headers };
        // A foreign name has no cookie of this gateway.
        if ('host' in headers) delete (changed as { cookie?: string }).cookie;
        const answer = await app.inject({ ...here, ...request, headers: changed });
        assert.ok([401, 403].includes(answer.statusCode), `${operationId} ${JSON.stringify(headers)}`);
      }
    }
  }
  assert.deepEqual(operator.done, []);
});

async function logIn(ask: (options: InjectOptions) => Promise<{ headers: object }>): Promise<string> {
  const { headers } = await ask({ method: 'POST', url: '/session', payload: { password: 'correct horse' } });
  return (headers as { 'set-cookie': string })['set-cookie'].split(';')[0]!;
}

test('a form of a page cannot send commands: it cannot send JSON', async (context) => {
  const { ask, operator } = open(context);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const headers = { ...here.headers, 'content-type': type };
    const answer = await ask({ method: 'POST', url: '/show', headers, payload: '{"slate":"alarm"}' });
    assert.equal(answer.statusCode, 415, type);
  }
  assert.deepEqual(operator.done, []);
});

test('each command of the operator is executed, and logged with its author', async (context) => {
  const { ask, operator, lines, credentials } = open(context);
  const { token, hash } = makeToken();
  credentials.data = { ...credentials.data, tokens: [{ name: 'night', hash }] };
  const act = async (method: 'POST' | 'PUT', url: string, payload?: object, from: object = here) => {
    const answer = await ask({ ...from, method, url, payload });
    assert.equal(answer.statusCode, 204, `${url}: ${answer.body}`);
  };
  await act('POST', '/stations/station-1/stop');
  await act('POST', '/stations/station-1/start');
  await act('POST', '/stations/station-1/skip');
  await act('POST', '/stations/station-1/reload');
  await act('PUT', '/stations/station-1/name', { name: '  Lobby "west"\u202e  ' }).then(
    () => assert.fail('a name with a control character'),
    () => undefined,
  );
  await act('PUT', '/stations/station-1/name', { name: '  Lobby "west"  ' });
  await act('PUT', '/stations/station-1/order', { items: ['b', 'a'] });
  await act('POST', '/stations/station-1/show', { slate: 'back-soon' });
  await act('POST', '/stations/station-1/resume');
  const scripts = { ...there, headers: { ...there.headers, authorization: `Bearer ${token}` } };
  await act('POST', '/show', { slate: 'alarm' }, scripts);
  await act('POST', '/resume', undefined, scripts);
  assert.deepEqual(operator.done, [
    'stop station-1',
    'start station-1',
    'skip station-1',
    'reload station-1',
    'rename station-1 Lobby "west"',
    'reorder station-1 b a',
    'show back-soon station-1',
    'resume station-1',
    'show alarm everywhere',
    'resume everywhere',
  ]);
  assert.deepEqual(lines, [
    'Operator (loopback) stops station-1',
    'Operator (loopback) starts station-1',
    'Operator (loopback) skips an item of station-1',
    'Operator (loopback) reloads station-1',
    'Operator (loopback) renames station-1 to "Lobby \\"west\\""',
    'Operator (loopback) reorders station-1',
    'Operator (loopback) shows back-soon on station-1',
    'Operator (loopback) resumes station-1',
    'Operator (token night) shows alarm on all stations',
    'Operator (token night) resumes all stations',
  ]);
});

test('unknown stations, slates and viewers, and impossible commands, have their own statuses', async (context) => {
  const { ask, operator, lines } = open(context);
  assert.equal((await ask({ method: 'POST', url: '/stations/station-9/skip' })).statusCode, 404);
  assert.equal((await ask({ method: 'POST', url: '/show', payload: { slate: 'none' } })).statusCode, 404);
  assert.equal((await ask({ method: 'DELETE', url: '/viewers/5' })).statusCode, 404);
  assert.deepEqual(lines, []);
  const cases = [
    ['usage', 409],
    ['station', 404],
    ['source', 422],
    ['store', 503],
  ] as const;
  for (const [code, status] of cases) {
    operator.refusal = new Problem(code, 'this station has one item', 'Add another to its folder.');
    const answer = await ask({ method: 'POST', url: '/stations/station-1/skip' });
    assert.equal(answer.statusCode, status);
    assert.equal(answer.json().detail, 'This station has one item. Add another to its folder.');
    assert.deepEqual(lines.splice(0), [
      'Operator (loopback) skips an item of station-1',
      'Operator (loopback) skips an item of station-1: failed, this station has one item',
    ]);
  }
});

test('invalid bodies are refused without repeating their text', async (context) => {
  const { ask, operator } = open(context);
  const url = '/stations/station-1/name';
  const headers = { ...here.headers, 'content-type': 'application/json' };
  const bodies = ['', '{', '[]', 'null', '{}', '{"name":""}', '{"name":"   "}', '{"name":7}', '{"name":"a\\nb"}'];
  bodies.push('{"name":"x","evil":1}', `{"name":"${'x'.repeat(101)}"}`, '{"__proto__":{"name":"x"}}');
  for (const payload of bodies) {
    const answer = await ask({ method: 'PUT', url, headers, payload });
    assert.equal(answer.statusCode, 400, payload);
    assert.ok(!answer.body.includes('evil'));
  }
  const large = await ask({ method: 'PUT', url, headers, payload: `{"name":"${'x'.repeat(300_000)}"}` });
  assert.equal(large.statusCode, 413);
  assert.deepEqual(operator.done, []);
});

test('a viewer is disconnected, and logged with its address', async (context) => {
  const { ask, viewers, lines } = open(context);
  let closed = 0;
  viewers.add(fakeViewer({ close: () => closed++ }));
  const { viewers: list, totals } = (await ask({ url: '/viewers' })).json();
  assert.deepEqual(totals, { viewers: 1, receivers: 0 });
  assert.equal((await ask({ method: 'DELETE', url: `/viewers/${list[0].id}` })).statusCode, 204);
  assert.equal(closed, 1);
  assert.deepEqual(lines, ['Operator (loopback) disconnects 192.0.2.17 from station-1']);
});

test('a login sets a cookie that allows reading and commands until logout', async (context) => {
  const { ask, credentials, lines } = open(context);
  credentials.data = { ...credentials.data, password: await hashPassword('correct horse') };
  assert.deepEqual((await ask({ ...there, url: '/session' })).json(), { operator: null, password: true });
  const wrong = await ask({ ...there, method: 'POST', url: '/session', payload: { password: 'wrong' } });
  assert.equal(wrong.statusCode, 401);
  assert.equal(wrong.headers['set-cookie'], undefined);
  const cookie = await logIn((options) => ask({ ...there, ...options }));
  const inside = { ...there, headers: { ...there.headers, cookie } };
  assert.deepEqual((await ask({ ...inside, url: '/session' })).json(), { operator: 'session', password: true });
  assert.equal((await ask({ ...inside, url: '/server' })).statusCode, 200);
  assert.equal((await ask({ ...inside, method: 'POST', url: '/stations/station-1/skip' })).statusCode, 204);
  assert.equal((await ask({ ...inside, method: 'DELETE', url: '/session' })).statusCode, 204);
  assert.equal((await ask({ ...inside, url: '/server' })).statusCode, 401);
  assert.ok(!lines.join().includes('horse'));
});

test('a gateway whose stations come from another host refuses commands', async (context) => {
  const { context: gateway } = fakeGateway();
  const app = openApi(context, { ...gateway, operator: undefined });
  const ask = (options: InjectOptions) => app.inject({ ...here, ...options });
  assert.equal((await ask({ method: 'POST', url: '/api/v1/stations/station-1/stop' })).statusCode, 501);
  assert.equal((await ask({ url: '/api/v1/line-up' })).json().stations[0]!.actions.length, 0);
  const server = (await ask({ url: '/api/v1/server' })).json();
  assert.deepEqual([server.interface, server.clockOffset], [null, null]);
});

test('what the system refuses is a problem with the next step, without paths, and the station goes on', async (context) => {
  const { ask, operator, lines } = open(context);
  const cases: [Error, number, RegExp][] = [
    [systemError('ENOSPC'), 507, /disk is full\. Make room/],
    [systemError('EDQUOT'), 507, /disk is full/],
    [systemError('EROFS'), 503, /read-only/],
    [systemError('EIO'), 503, /disk or network file system fails/],
    [systemError('EMFILE'), 503, /ulimit -n/],
    [systemError('EBUSY'), 503, /log has the reason/],
    [new Problem('store', 'the disk is full', 'Make room.', { cause: systemError('ENOSPC') }), 507, /Make room/],
    [new Problem('store', 'the disk fails', 'Check it.', { cause: systemError('EIO') }), 503, /Check it/],
  ];
  for (const [error, status, detail] of cases) {
    operator.refusal = error;
    const answer = await ask({ method: 'POST', url: '/stations/station-1/show', payload: { slate: 'alarm' } });
    assert.equal(answer.statusCode, status, String(error));
    assert.match(answer.json().detail, detail);
    assert.ok(answer.json().title.length > 3 && !answer.body.includes('/srv/store'));
  }
  assert.equal(operator.station('station-1').slate, null);
  assert.ok(
    lines.some((line) => line.includes('ENOSPC')),
    'the log has the reason',
  );
});

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: refused, open '/srv/store/stations/films'`), { code });
