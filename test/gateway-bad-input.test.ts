/** Invalid requests are answered, and do not affect the gateway. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { type Gateway, openGateway } from '../src/gateway/gateway.js';
import { until } from './support/display.js';
import { fakeGateway } from './support/fake-gateway.js';

interface Opened {
  gateway: Gateway;
  port: number;
  lines: string[];
  /** Sends bytes on a new connection; resolves with all that it received when it ends. */
  send(bytes: string | Buffer): Promise<string>;
}

async function open(context: TestContext): Promise<Opened> {
  const fake = fakeGateway();
  const gateway = await openGateway({ context: fake.context, host: '127.0.0.1', port: 0 });
  context.after(() => gateway.close());
  const port = Number(new URL(gateway.url).port);
  const send = async (bytes: string | Buffer): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined); // The test checks its end.
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.end(bytes);
    await once(socket, 'close');
    return answer;
  };
  return { gateway, port, lines: fake.lines, send };
}

const get = (path: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}\r\n`;

function assertProblem(answer: string, status: number): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  assert.match(head, new RegExp(`^HTTP/1.1 ${status} `), answer.slice(0, 300));
  assert.match(head, /content-type: application\/problem\+json/i);
  const problem = JSON.parse(body);
  assert.equal(problem.status, status);
  assert.ok(problem.title.length > 3 && /[.!]$/.test(problem.detail));
}

const assertHealthy = async ({ send }: Opened): Promise<void> => {
  assert.match(await send(get('/healthz')), /^HTTP\/1.1 200 /);
};

test('every invalid address and time is answered with the next step and not logged', async (context) => {
  const opened = await open(context);
  const { send, lines } = opened;
  const paths: [string, number][] = [
    ['/stations/none.ts', 404],
    ['/stations/none.mjpeg', 404],
    ['/stations/none.sdp', 404],
    ['/stations/none/poster.jpg', 404],
    ['/stations/station-1.mjpeg', 404],
    ['/stations/station-1.ts?at=tomorrow', 400],
    ['/stations/station-1.ts?at=', 400],
    ['/stations/station-1.ts?at=9999999999999999999', 400],
    ['/stations/station-1.ts?at=1&at=2', 400],
    ['/stations/%', 400],
    ['/stations/%zz.ts', 400],
    ['/stations/../../../etc/passwd', 404],
    ['/stations/..%2f..%2fetc%2fpasswd', 404],
    ['/stations/%00.ts', 404],
    ['//etc/passwd', 404],
    ['/%2e%2e/%2e%2e/etc/passwd', 404],
    ['/assets/../../package.json', 404],
    [`/stations/${'x'.repeat(5_000)}.ts`, 414],
    ['/live', 404],
    ['/nothing', 404],
  ];
  for (const [path, status] of paths) {
    await context.test(`${path.slice(0, 40)}: ${status}`, async () => assertProblem(await send(get(path)), status));
  }
  await assertHealthy(opened);
  assert.deepEqual(lines, []);
});

test('methods that write are refused', async (context) => {
  const { send } = await open(context);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const answer = await send(`${method} /stations/station-1.ts HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    assertProblem(answer, 405);
    assert.match(answer, /allow: GET, HEAD/i);
  }
});

test('headers, numbers of headers and bodies beyond the limits are refused', async (context) => {
  const opened = await open(context);
  const { send } = opened;
  assertProblem(await send(get('/healthz', `x-long: ${'a'.repeat(20_000)}\r\n`)), 431);
  assertProblem(await send(get(`/${'a'.repeat(20_000)}`)), 431);
  const body = 'x'.repeat(300_000);
  const headers = `host: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`;
  assertProblem(await send(`POST /api/v1/session HTTP/1.1\r\n${headers}\r\n${body}`), 413);
  await assertHealthy(opened);
});

test('bytes that are not HTTP are answered, and the connection is closed', async (context) => {
  const opened = await open(context);
  for (const bytes of [
    'hello\r\n\r\n',
    'GET\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'GET / HTTP/9.9\r\n\r\n',
  ]) {
    assertProblem(await opened.send(Buffer.from(bytes, 'latin1')), 400);
  }
  await assertHealthy(opened);
});

test('arbitrary bytes are answered or the connection is closed, and the next request is served', async (context) => {
  const opened = await open(context);
  const noise = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  const almost = fc
    .tuple(fc.constantFrom('GET', 'HEAD', 'POST'), fc.webPath(), fc.webQueryParameters(), fc.string())
    .map(([method, path, query, header]) =>
      Buffer.from(
        `${method} /stations${path}?${query} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx: ${header}\r\n\r\n`,
      ),
    );
  await fc.assert(
    fc.asyncProperty(fc.oneof(noise, almost), async (bytes) => {
      const answer = await opened.send(bytes);
      assert.ok(answer === '' || /^HTTP\/1.1 [234]/.test(answer), answer.slice(0, 200));
    }),
    { numRuns: 100 },
  );
  await assertHealthy(opened);
  assert.deepEqual(opened.lines, []);
});

test('an address with its most connections keeps its newest', { timeout: 60_000 }, async (context) => {
  const opened = await open(context);
  const sockets: Socket[] = [];
  context.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const ask = async (): Promise<boolean> => {
    const socket = connect(opened.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    return new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true));
      socket.once('close', () => resolve(false));
    });
  };
  for (let batch = 0; batch < 11; batch++) {
    assert.ok((await Promise.all(Array.from({ length: 100 }, ask))).every(Boolean));
  }
  await until(context, () => sockets.filter(({ destroyed }) => destroyed).length === 76);
  assert.ok(sockets.slice(100).every(({ destroyed }) => !destroyed));
});
