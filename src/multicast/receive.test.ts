import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { Problem } from '../problem/problem.js';
import { openEndpoint } from './endpoint.js';
import { openGroup } from './receive.js';

const here = '127.0.0.1';
const onError = (error: Error): void => assert.fail(error);

/** A promise and what fulfils it. */
function expected<T>(): { arrived: Promise<T>; arrive: (value: T) => void } {
  let arrive: (value: T) => void = () => undefined;
  const arrived = new Promise<T>((resolve) => {
    arrive = resolve;
  });
  return { arrived, arrive };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const endpoint = await openEndpoint({ address: here, onError });
  await endpoint.close();
  return endpoint.port;
}

test('a datagram sent to the group arrives at everyone who joined it, with its sender', async () => {
  const port = await freePort();
  const first = expected<[string, number]>();
  const second = expected<[string, number]>();
  const sockets = await Promise.all(
    [first, second].map(({ arrive }) =>
      openGroup({
        group: '239.255.254.1',
        port,
        localAddress: here,
        onError,
        onDatagram: (datagram, from) => arrive([`${from.address} ${datagram}`, from.port]),
      }),
    ),
  );
  const sender = await openEndpoint({ address: here, multicastTtl: 1, onError });
  sender.send(Buffer.from('hello'), { address: '239.255.254.1', port });
  assert.deepEqual(await first.arrived, ['127.0.0.1 hello', sender.port]);
  assert.deepEqual(await second.arrived, ['127.0.0.1 hello', sender.port]);
  assert.ok(sockets[0].receiveBuffer >= 64 * 1024);
  await Promise.all([...sockets, sender].map((each) => each.close()));
  await sockets[0].close(); // once more is allowed
});

test('another group on the same port does not arrive', { skip: process.platform === 'win32' }, async () => {
  const port = await freePort();
  const seen: string[] = [];
  const both = expected<void>();
  const see = (line: string): void => {
    seen.push(line);
    if (seen.length === 2) both.arrive();
  };
  const joined = { port, localAddress: here, onError };
  const one = await openGroup({
    ...joined,
    group: '239.255.254.2',
    onDatagram: (datagram) => see(`one ${datagram}`),
  });
  const other = await openGroup({
    ...joined,
    group: '239.255.254.3',
    onDatagram: (datagram) => see(`other ${datagram}`),
  });
  const sender = await openEndpoint({ address: here, multicastTtl: 1, onError });
  sender.send(Buffer.from('b'), { address: '239.255.254.3', port });
  sender.send(Buffer.from('a'), { address: '239.255.254.2', port });
  await both.arrived;
  assert.deepEqual(seen.sort(), ['one a', 'other b']);
  await Promise.all([one, other, sender].map((each) => each.close()));
});

test('a port that another program keeps to itself is a problem that names it', async () => {
  const keeper = createSocket('udp4');
  keeper.bind({ port: 0, address: '0.0.0.0', exclusive: true });
  await once(keeper, 'listening');
  const { port } = keeper.address();
  const isProblem = (error: unknown): boolean =>
    error instanceof Problem && error.code === 'network' && error.message.includes(String(port));
  await assert.rejects(
    openGroup({ group: '239.255.254.4', port, localAddress: here, onError, onDatagram: () => undefined }),
    isProblem,
  );
  await assert.rejects(openEndpoint({ address: here, port, onError }), isProblem);
  keeper.close();
});

test('an address that this machine does not have is a problem that names it', async () => {
  const isProblem = (error: unknown): boolean => error instanceof Problem && error.message.includes('192.0.2.1');
  const port = await freePort();
  await assert.rejects(
    openGroup({ group: '239.255.254.5', port, localAddress: '192.0.2.1', onError, onDatagram: () => undefined }),
    isProblem,
  );
  await assert.rejects(openEndpoint({ address: '192.0.2.1', onError }), isProblem);
});

test('what is no group is refused before a socket is opened', async () => {
  await assert.rejects(
    openGroup({ group: '10.0.0.1', port: 5004, localAddress: here, onError, onDatagram: () => undefined }),
    Problem,
  );
});
