import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify } from 'fastify';
import { fakeGateway, openApi } from '../../../test/support/fake-gateway.js';
import { API, apiRoutes, operations } from './api-routes.js';
import { openApiOf } from './openapi.js';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string }[] }>>;
  components: { schemas: Record<string, object> };
}

const document = JSON.parse(JSON.stringify(openApiOf(operations, '1.2.3'))) as Document;

test('every route behind /api/v1 is in the document, and nothing else is', async (context) => {
  const routes: string[] = [];
  const app = fastify();
  app.addHook('onRoute', ({ method, url }) => {
    if (method !== 'HEAD') routes.push(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  });
  apiRoutes(app, fakeGateway().context);
  context.after(() => app.close());
  await app.ready();
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${API}${path}`),
  );
  assert.deepEqual(routes.sort(), [...described, `GET ${API}/openapi.json`, 'GET /metrics'].sort());
});

test('examples match their schemas', () => {
  for (const { id, params, query, body, examples = {} } of operations) {
    for (const [schema, example] of [
      [params, examples.params],
      [query, examples.query],
      [body, examples.body],
    ] as const) {
      assert.equal(schema === undefined, example === undefined, id);
      if (schema) assert.deepEqual(schema.parse(example), example, id);
    }
  }
});

test('references resolve, names are unique, and each path names its parameters', () => {
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    assert.ok(name && document.components.schemas[name], name);
  }
  assert.ok(!text.includes('$defs'));
  const ids = operations.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [path, methods] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { parameters } of Object.values(methods)) {
      const inPath = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
      assert.deepEqual(inPath, names, path);
    }
  }
});

test('replies match the document', async (context) => {
  const app = openApi(context, fakeGateway().context);
  const headers = { host: 'localhost' };
  for (const { id, method, path, reply } of operations) {
    if (method !== 'GET' || reply === null || reply === 'event-stream') continue;
    const answer = await app.inject({ headers, url: API + path.replace('{id}', 'station-1') });
    assert.equal(answer.statusCode, 200, `${id}: ${answer.body}`);
    assert.deepEqual(reply.parse(answer.json()), answer.json(), id);
  }
  const served = await app.inject({ url: `${API}/openapi.json` });
  assert.equal(served.json().openapi, '3.1.0');
});
