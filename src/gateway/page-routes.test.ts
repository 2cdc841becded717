import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { type FastifyInstance, fastify } from 'fastify';
import type { RouteContext } from './context.js';
import { HttpProblem, replyProblem } from './http-problem.js';
import { pageRoutesOf } from './page-routes.js';

const script = `console.log(${JSON.stringify('a'.repeat(5000))});`;

function appWith(context: TestContext, files: Readonly<Record<string, string | Buffer>> | null): FastifyInstance {
  const folder = mkdtempSync(join(tmpdir(), 'msc-pages-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'web', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.html'), 'not for you');
  for (const [name, data] of Object.entries(files ?? {})) writeFileSync(join(folder, 'web', name), data);
  const app = fastify();
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof HttpProblem) return replyProblem(reply, error);
    throw error;
  });
  pageRoutesOf(join(folder, files === null ? 'nowhere' : 'web'))(app, {} as RouteContext);
  context.after(() => app.close());
  return app;
}

const pages = {
  'index.html': '<!doctype html><title>Viewer</title>',
  'operator.html': '<!doctype html><title>Operator</title>',
  'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'assets/index-a1b2c3.js': script,
  'assets/index-a1b2c3.js.br': brotliCompressSync(script),
  'assets/index-a1b2c3.js.gz': gzipSync(script),
};

test('pages have their own addresses, and are revalidated each time', async (context) => {
  const app = appWith(context, pages);
  const viewer = await app.inject('/');
  assert.equal(viewer.statusCode, 200);
  assert.equal(viewer.body, pages['index.html']);
  assert.equal(viewer.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(viewer.headers['cache-control'], 'no-cache');
  assert.equal((await app.inject('/operator')).body, pages['operator.html']);
  assert.equal((await app.inject('/icon.svg')).headers['content-type'], 'image/svg+xml');
});

test('a file with a hash in its name is immutable', async (context) => {
  const { headers } = await appWith(context, pages).inject('/assets/index-a1b2c3.js');
  assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
});

test('files are compressed as the client accepts', async (context) => {
  const app = appWith(context, pages);
  const ask = (accepted?: string) =>
    app.inject({ url: '/assets/index-a1b2c3.js', headers: accepted ? { 'accept-encoding': accepted } : {} });
  const brotli = await ask('gzip, deflate, br');
  assert.equal(brotli.headers['content-encoding'], 'br');
  assert.equal(brotliDecompressSync(brotli.rawPayload).toString(), script);
  const gzip = await ask('gzip;q=0.5, br;q=0');
  assert.equal(gzip.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(gzip.rawPayload).toString(), script);
  const plain = await ask();
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(plain.body, script);
  assert.equal(new Set([brotli, gzip, plain].map(({ headers }) => headers.etag)).size, 3);
  assert.equal(plain.headers.vary, 'accept-encoding');
});

test('a client with the current version of an asset gets 304', async (context) => {
  const app = appWith(context, pages);
  const url = '/assets/index-a1b2c3.js';
  const { etag } = (await app.inject(url)).headers;
  const again = await app.inject({ url, headers: { 'if-none-match': String(etag) } });
  assert.equal(again.statusCode, 304);
  assert.equal(again.body, '');
});

test('a page is sent whole each time, also if its size and modification time have not changed', async (context) => {
  const app = appWith(context, pages);
  const { headers } = await app.inject('/');
  assert.equal(headers.etag, undefined);
  assert.equal(headers['last-modified'], undefined);
  const again = await app.inject({ url: '/', headers: { 'if-modified-since': new Date().toUTCString() } });
  assert.equal(again.statusCode, 200);
  assert.equal(headers['cache-control'], 'no-cache');
});

test('a HEAD request is answered with the headers of the file', async (context) => {
  const app = appWith(context, pages);
  const options = { url: '/assets/index-a1b2c3.js', headers: { 'accept-encoding': 'br' } };
  const [head, get] = [await app.inject({ ...options, method: 'HEAD' }), await app.inject(options)];
  assert.equal(head.statusCode, 200);
  assert.equal(head.body, '');
  for (const name of ['content-length', 'content-encoding', 'content-type', 'etag', 'cache-control']) {
    assert.equal(head.headers[name], get.headers[name], name);
    assert.ok(head.headers[name], name);
  }
});

test('only the files of the pages are served', async (context) => {
  const app = appWith(context, pages);
  for (const url of [
    '/notes.txt',
    '/assets/index-a1b2c3.js.gz',
    '/secret.html',
    '/../secret.html',
    '/assets/..%2f..%2fsecret.html',
    '/assets',
    '/assets/',
    '/assets/index-a1b2c3.js.br',
    '/index.html',
  ]) {
    assert.equal((await app.inject(url)).statusCode, 404, url);
  }
});

test('a request for pages that are not built is answered with the next step', async (context) => {
  const answer = await appWith(context, null).inject('/');
  assert.equal(answer.statusCode, 503);
  assert.match(answer.headers['content-type'] as string, /problem\+json/);
  assert.match(answer.json().detail, /npm run build/);
});
