import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fastify } from 'fastify';
import type { z } from 'zod';
import { documentOf, operationsOf, schemaName } from '../../../test/support/api-operations.js';
import { fakeGateway, openApi } from '../../../test/support/fake-gateway.js';
import * as contract from '../../contract/api.js';
import { routeContextOf } from '../context.js';
import { API, apiRoutes } from './api-routes.js';

const headers = { host: 'localhost' };

test('every route behind /api/v1 is in the document, and nothing else is', async (context) => {
  const routes: string[] = [];
  const app = fastify();
  app.addHook('onRoute', ({ method, url }) => {
    if (method !== 'HEAD') routes.push(`${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`);
  });
  apiRoutes(app, routeContextOf(fakeGateway().context));
  context.after(() => app.close());
  const document = await documentOf(app);
  assert.equal(document.openapi, '3.1.0');
  const described = operationsOf(document).map(({ request, path }) => `${request.method} ${API}${path}`);
  assert.deepEqual(routes.sort(), [...described, `GET ${API}/openapi.json`, 'GET /metrics'].sort());
});

test('every parameter and body has an example, and no operation refuses its own', async (context) => {
  const app = openApi(context, fakeGateway().context);
  for (const { operationId: id, parameters, requestBody, request } of operationsOf(await documentOf(app))) {
    for (const { name, example } of parameters) assert.notEqual(example, undefined, `${id}: ${name}`);
    assert.equal(requestBody === undefined, request.payload === undefined, id);
    if (id === 'followEvents') continue;
    const answer = await app.inject({ ...request, headers });
    assert.ok(![400, 403].includes(answer.statusCode), `${id}: ${answer.body}`);
  }
});

test('references resolve, names are unique, and each path names its parameters', async (context) => {
  const document = await documentOf(openApi(context, fakeGateway().context));
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    assert.ok(name && document.components.schemas[name], name);
  }
  for (const keyword of ['$defs', '$id', '$schema', 'def-']) assert.ok(!text.includes(keyword), keyword);
  const operations = operationsOf(document);
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  for (const { path, parameters } of operations) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const inPath = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
    assert.deepEqual(inPath, names, path);
  }
});

test('replies match the document', async (context) => {
  const app = openApi(context, fakeGateway().context);
  const schemas: Readonly<Record<string, unknown>> = contract;
  const checked: string[] = [];
  for (const { operationId: id, path, request, responses } of operationsOf(await documentOf(app))) {
    const name = schemaName(responses[200]?.content);
    if (name === undefined) continue;
    const schema = schemas[`${name.charAt(0).toLowerCase()}${name.slice(1)}Schema`] as z.ZodType;
    // Without the examples of its query.
    const answer = await app.inject({ headers, url: request.url.replace(/\?.*/, '') });
    assert.equal(answer.statusCode, 200, `${id}: ${answer.body}`);
    assert.deepEqual(schema.parse(answer.json()), answer.json(), id);
    checked.push(path);
  }
  assert.equal(checked.length, 8, checked.join());
});
