/** Attacks on the connections of a gateway, over loopback, with the clock turned by hand. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { until } from '../../../test/support/display.js';
import { fakeGateway } from '../../../test/support/fake-gateway.js';
import { makeToken } from '../access/credentials.js';
import type { GatewayContext } from '../context.js';
import { openGateway } from '../gateway.js';

/** A client's connection, all that came on it, and whether it has ended. */
class Client {
  readonly socket: Socket;
  received = '';
  hasEnded = false;

  constructor(port: number, from: string) {
    this.socket = connect({ port, host: '127.0.0.1', localAddress: from });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text) => {
      this.received += text;
    });
    this.socket.on('error', () => undefined); // The test looks at its end.
    this.socket.on('close', () => {
      this.hasEnded = true;
    });
  }

  send(text: string): void {
    this.socket.write(text);
  }
}

async function open(context: TestContext, changes: Partial<GatewayContext> = {}) {
  const fake = fakeGateway();
  const gateway = await openGateway({ context: { ...fake.context, ...changes }, host: '127.0.0.1', port: 0 });
  const clients: Client[] = [];
  context.after(async () => {
    for (const { socket } of clients) socket.destroy();
    await gateway.close();
  });
  const port = Number(new URL(gateway.url).port);
  /** A connection that the gateway has accepted. */
  const client = async (text = '', from = '127.0.0.1'): Promise<Client> => {
    const added = new Client(port, from);
    clients.push(added);
    await once(added.socket, 'connect').catch(() => undefined);
    if (text !== '') added.send(text);
    return added;
  };
  /** Turns the clock until the client's connection has ended; returns how long that took, in ms. */
  const timeToEnd = async (each: Client, most: number): Promise<number> => {
    for (let time = 0; time <= most; time += 1_000) {
      await settled();
      if (each.hasEnded) return time;
      fake.timers.advance(1_000);
    }
    return Number.POSITIVE_INFINITY;
  };
  return { ...fake, gateway, port, client, timeToEnd };
}

/** What was sent over loopback has arrived, both ways. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

const get = (path: string, headers = '', host = 'localhost'): string =>
  `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n`;
const answered = (each: Client, status: number) => () => each.received.includes(`HTTP/1.1 ${status} `);

test('no number of other headers hides the one by which a proxy shows itself', async (context) => {
  const { client } = await open(context);
  const padded = (lines: number) => `${'x-none: 1\r\n'.repeat(lines)}x-forwarded-for: 192.0.2.9\r\n`;
  const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\n';
  const most = await client(get('/api/v1/viewers', padded(98)));
  const more = await client(get('/api/v1/viewers', padded(99)));
  const many = await client(get('/api/v1/viewers', padded(1_000)));
  const socket = await client(get('/live', upgrade + padded(99)));
  await until(context, answered(most, 403));
  for (const each of [more, many, socket]) {
    await until(context, answered(each, 431));
    await until(context, () => each.hasEnded);
  }
});

test('a connection that sends nothing has ten seconds', async (context) => {
  const { client, timeToEnd } = await open(context);
  const one = await client();
  assert.equal(await timeToEnd(one, 30_000), 10_000);
  assert.equal(one.received, '');
});

test('headers that never end have ten seconds, also at a byte a second', async (context) => {
  const { client, timers } = await open(context);
  const one = await client('GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-long: ');
  for (let second = 0; second < 10; second++) {
    await settled();
    assert.equal(one.hasEnded, false);
    one.send('a');
    timers.advance(1_000);
  }
  await until(context, answered(one, 408));
  await until(context, () => one.hasEnded);
});

test('a body that never comes, or a byte every few seconds, has twenty seconds', async (context) => {
  const { client, timers } = await open(context);
  const head =
    'POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n';
  const [none, slow] = [await client(head), await client(head)];
  await settled();
  for (let second = 0; second < 20; second++) {
    assert.deepEqual([none.hasEnded, slow.hasEnded], [false, false], `${second} s`);
    if (second % 3 === 0) slow.send('x');
    await settled();
    timers.advance(1_000);
  }
  await until(context, () => none.hasEnded && slow.hasEnded);
  assert.ok(answered(none, 408)() && answered(slow, 408)());
});

test('a body that was refused before it came has the same time', async (context) => {
  const { client, timeToEnd } = await open(context);
  const one = await client('POST /nothing HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n');
  assert.ok((await timeToEnd(one, 60_000)) <= 22_000);
});

test('an idle connection has fifteen seconds, and the next request its own time', async (context) => {
  const { client, timers, timeToEnd } = await open(context);
  const one = await client(get('/healthz'));
  await until(context, answered(one, 200));
  timers.advance(14_000);
  one.send('GET /healthz HTTP/1.1\r\n');
  await settled();
  timers.advance(9_000);
  one.received = '';
  one.send('host: localhost\r\n\r\n');
  await until(context, answered(one, 200));
  assert.equal(await timeToEnd(one, 60_000), 15_000);
});

test('a response that nobody reads ends when its time for the waiting bytes is over', async (context) => {
  const { client, context: gateway, timers } = await open(context);
  gateway.catalogue.stations[0]!.picture = Buffer.alloc(16 * 2 ** 20);
  const one = await client(get('/stations/station-1/poster.jpg'));
  one.socket.pause();
  await settled();
  // 16 MiB at 16 KiB a second, and twenty seconds.
  timers.advance(1_050_000);
  one.socket.resume();
  await until(context, () => one.hasEnded);
  assert.ok(one.received.length < 16 * 2 ** 20);
});

test('a client that requests large answers without reading them gets no more, and others do', async (context) => {
  const { client, context: gateway } = await open(context);
  gateway.catalogue.stations[0]!.picture = Buffer.alloc(7 * 2 ** 20);
  const unread: Client[] = [];
  for (let i = 0; i < 20; i++) {
    const one = await client(get('/stations/station-1/poster.jpg'), '127.0.0.2');
    one.socket.pause();
    unread.push(one);
  }
  await settled();
  const next = await client(get('/stations/station-1/poster.jpg'), '127.0.0.2');
  await until(context, answered(next, 503));
  const other = await client(get('/stations/station-1/poster.jpg'), '127.0.0.3');
  await until(context, () => other.received.length > 7 * 2 ** 20);
});

test('an upgrade that never ends its headers has ten seconds, a WebSocket that answers no ping a minute', async (context) => {
  const { client, timeToEnd } = await open(context);
  const half = await client('GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n');
  const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n';
  const silent = await client(get('/live', `${upgrade}sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n`));
  await until(context, answered(silent, 101));
  assert.equal(await timeToEnd(half, 30_000), 10_000);
  assert.ok((await timeToEnd(silent, 120_000)) <= 61_000);
});

test('an upgrade to another protocol is ignored: the request is answered by HTTP/1.1, with its body', async (context) => {
  const { client } = await open(context);
  const h2c = 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n';
  const one = await client(get('/healthz', h2c));
  await until(context, () => one.hasEnded);
  assert.match(one.received, /^HTTP\/1\.1 200 OK\r\n(.+\r\n)*connection: close\r\n/i);
  const body = '{"password":"guess"}';
  const head = `POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\n${h2c}content-type: application/json\r\n`;
  const posted = await client(`${head}content-length: ${body.length}\r\n\r\n`);
  await settled();
  posted.send(body);
  await until(context, answered(posted, 409)); // No password is set.
  const none = await client(get('/live', h2c));
  await until(context, answered(none, 404));
});

test('a connection that became another protocol’s for nothing has the same times as before', async (context) => {
  const { client, timeToEnd } = await open(context);
  const h2c = 'connection: upgrade\r\nupgrade: h2c\r\n';
  const one = await client(
    `POST /api/v1/session HTTP/1.1\r\nhost: localhost\r\n${h2c}content-type: application/json\r\ncontent-length: 9\r\n\r\n`,
  );
  assert.equal(await timeToEnd(one, 60_000), 20_000);
});

test('a refused upgrade whose client does not close has two seconds', async (context) => {
  const { client, timeToEnd } = await open(context);
  const one = await client(get('/nothing', 'connection: upgrade\r\nupgrade: websocket\r\n'));
  await until(context, answered(one, 404));
  assert.ok((await timeToEnd(one, 30_000)) <= 3_000);
});

test('requests that do not wait for answers are bounded: the seventeenth ends the connection', async (context) => {
  const { client, context: gateway, lines } = await open(context);
  const station = gateway.catalogue.stations[0]!;
  station.opening = new Promise(() => undefined);
  const patient = await client(get('/stations/station-1.ts').repeat(16));
  await until(context, () => station.starts.length === 16);
  assert.equal(patient.hasEnded, false);
  const greedy = await client(get('/stations/station-1.ts').repeat(17));
  await until(context, () => greedy.hasEnded);
  assert.equal(patient.hasEnded, false);
  assert.deepEqual(lines, []);
});

test('when there is no room, an address with few connections is served, and those of the greedy one make room', async (context) => {
  const { client, lines } = await open(context, { mostConnections: () => 40 });
  const greedy: Client[] = [];
  for (let i = 0; i < 40; i++) greedy.push(await client('GET / HTTP/1.1\r\n', '127.0.0.2'));
  await settled();
  for (const from of ['127.0.0.3', '127.0.0.4', '127.0.0.1']) {
    const other = await client(get('/healthz'), from);
    await until(context, answered(other, 200));
  }
  await until(context, () => greedy.filter(({ hasEnded }) => hasEnded).length === 3);
  assert.deepEqual(lines, ['Connections have to make room for others: HTTP is full.']);
});

test('a full gateway answers the operator and the person at the machine, and refuses strangers', async (context) => {
  const { client, credentials } = await open(context, { mostConnections: () => 20 });
  const { token, hash } = makeToken();
  credentials.data = { ...credentials.data, tokens: [{ name: 'night', hash }] };
  // Twenty addresses with one connection each, all busy.
  const opened: Client[] = [];
  for (let i = 2; i < 22; i++) opened.push(await client(get('/stations/station-1.ts'), `127.0.0.${i}`));
  await until(context, () => opened.every((each) => answered(each, 200)()));
  const stranger = await client(get('/healthz', '', 'tv.example'), '127.0.0.30');
  await until(context, answered(stranger, 503));
  await until(context, () => stranger.hasEnded);
  const operator = await client(
    get('/api/v1/server', `authorization: Bearer ${token}\r\n`, 'tv.example'),
    '127.0.0.31',
  );
  await until(context, answered(operator, 200));
  const here = await client(get('/healthz'));
  await until(context, answered(here, 200));
  assert.equal(opened.filter(({ hasEnded }) => hasEnded).length <= 2, true);
});

test('new connections of one address beyond its rate are closed, and other addresses are served', async (context) => {
  const { client } = await open(context);
  let refused = 0;
  for (let batch = 0; batch < 6; batch++) {
    const clients = await Promise.all(Array.from({ length: 100 }, () => client(get('/healthz'), '127.0.0.2')));
    await until(context, () => clients.every((each) => each.hasEnded || answered(each, 200)()));
    refused += clients.filter((each) => !answered(each, 200)()).length;
    for (const { socket } of clients) socket.destroy();
  }
  assert.equal(refused, 100);
  const other = await client(get('/healthz'), '127.0.0.3');
  await until(context, answered(other, 200));
});

test('through a trusted proxy, only the request of the operator has a place that strangers have not', async (context) => {
  const { client, credentials } = await open(context, { trustedProxies: ['127.0.0.1'], mostConnections: () => 1 });
  const { token, hash } = makeToken();
  credentials.data = { ...credentials.data, tokens: [{ name: 'night', hash }] };
  const bearer = `authorization: Bearer ${token}\r\nx-forwarded-for: 192.0.2.7\r\n`;
  const proxied = await client(get('/api/v1/server', bearer, 'tv.example'));
  await until(context, answered(proxied, 200));
  // Its connection is idle now, and makes room for the next.
  const next = await client(get('/api/v1/server', bearer, 'tv.example'));
  await until(context, answered(next, 200));
  await until(context, () => proxied.hasEnded);
});

test('of a trusted proxy, the share is the client’s', async (context) => {
  const { client } = await open(context, { trustedProxies: ['127.0.0.1'], mostConnections: () => 1_100 });
  const from = (address: string) => `x-forwarded-for: ${address}\r\n`;
  const streams: Client[] = [];
  for (let batch = 0; batch < 8; batch++) {
    const opened = await Promise.all(
      Array.from({ length: 128 }, () => client(get('/stations/station-1.ts', from('192.0.2.7')))),
    );
    streams.push(...opened);
    await until(context, () => opened.every((each) => answered(each, 200)()));
  }
  const more = await client(get('/healthz', from('192.0.2.7')));
  await until(context, answered(more, 429));
  const other = await client(get('/healthz', from('192.0.2.8')));
  await until(context, answered(other, 200));
  assert.ok(streams.every(({ hasEnded }) => !hasEnded));
});
