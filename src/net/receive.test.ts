import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { FakeArrivals } from '../../test/support/fake-arrivals.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { Problem } from '../base/problem.js';
import type { SocketAddress } from '../base/socket-address.js';
import { Errno, loadLibc } from '../system/libc.js';
import { SendMessages } from '../system/send-messages.js';
import { UdpSocket } from '../system/udp-socket.js';
import { openEndpoint } from './endpoint.js';
import { type GroupAddress, type GroupSocket, openGroup } from './receive.js';
import { openGroupBatched, openGroupPlain, type ReceivedBatch } from './receive-batched.js';
import { ReceivePoller } from './receive-poller.js';

const here = '127.0.0.1';
const onError = (error: Error): void => assert.fail(error);

type Open = (
  options: GroupAddress & {
    onDatagram: (datagram: Buffer, from: SocketAddress) => void;
    onError: (error: Error) => void;
  },
) => Promise<GroupSocket>;

/** Hands over copies of a batch's datagrams one by one. */
function each(batch: ReceivedBatch, onDatagram: (datagram: Buffer, from: SocketAddress) => void): void {
  for (let i = 0; i < batch.count; i++) {
    const at = batch.offsets[i]!;
    onDatagram(Buffer.from(batch.buffer.subarray(at, at + batch.lengths[i]!)), batch.sources[i]!);
  }
}

const { libc } = await loadLibc();
const skipBatched = libc === null && 'needs 64-bit Linux';

/** Every way of receiving a group. */
const ways: { way: string; open: Open; skip: string | false }[] = [
  { way: 'each as it comes', open: openGroup, skip: false },
  {
    way: 'one by one',
    open: ({ onDatagram, ...rest }) => openGroupPlain({ ...rest, onDatagrams: (batch) => each(batch, onDatagram) }),
    skip: false,
  },
  {
    way: 'in batches',
    open: ({ onDatagram, ...rest }) => openGroupBatched({ ...rest, onDatagrams: (batch) => each(batch, onDatagram) }),
    skip: skipBatched,
  },
];

/** A promise and its resolver. */
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

for (const { way, open, skip } of ways) {
  test(`${way}: a datagram sent to the group arrives at every member, with its source`, {
    skip,
    timeout: 10_000,
  }, async () => {
    const port = await freePort();
    const first = expected<[string, number]>();
    const second = expected<[string, number]>();
    const sockets = await Promise.all(
      [first, second].map(({ arrive }) =>
        open({
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
    assert.ok(sockets[0]!.receiveBuffer >= 64 * 1024);
    await Promise.all([...sockets, sender].map((each) => each.close()));
    await sockets[0]!.close(); // may be called again
  });

  test(`${way}: datagrams of any length arrive in order`, { skip, timeout: 10_000 }, async () => {
    const port = await freePort();
    const lengths = [0, 1, 1328, 1328, 7, 0, 1328, 9000, 65_507, 3]; // 65,535 − 20 (IPv4) − 8 (UDP) is the most
    const seen: Buffer[] = [];
    const all = expected<void>();
    const socket = await open({
      group: '239.255.254.1',
      port,
      localAddress: here,
      onError,
      onDatagram: (datagram) => {
        seen.push(datagram);
        if (seen.length === lengths.length) all.arrive();
      },
    });
    const sender = await openEndpoint({ address: here, multicastTtl: 1, onError });
    const sent = lengths.map((length, i) => Buffer.alloc(length, i));
    for (const datagram of sent) sender.send(datagram, { address: '239.255.254.1', port });
    await all.arrived;
    assert.deepEqual(seen, sent);
    await Promise.all([socket, sender].map((each) => each.close()));
  });

  test(`${way}: datagrams that were sent as one message arrive one by one`, {
    skip: skipBatched,
    timeout: 10_000,
  }, async () => {
    const port = await freePort();
    const [group, sent] = ['239.255.254.1', [1328, 1328, 1328, 9].map((length, i) => Buffer.alloc(length, i))];
    const seen: [Buffer, number][] = [];
    const all = expected<void>();
    const socket = await open({
      group,
      port,
      localAddress: here,
      onError,
      onDatagram: (datagram, from) => {
        seen.push([datagram, from.port]);
        if (seen.length === sent.length) all.arrive();
      },
    });
    const sender = new UdpSocket(libc!);
    sender.bind(here, 0);
    sender.setMulticast({ interfaceAddress: here, ttl: 1 });
    const data = Buffer.concat(sent);
    const messages = new SendMessages(libc!, { data, capacity: 1, destinations: 1 });
    messages.setDestination(0, group, port);
    messages.set(0, 0, data.length, 0, 1328);
    assert.equal(messages.send(sender.fd, 0, 1), 1);
    await all.arrived;
    assert.deepEqual(
      seen,
      sent.map((datagram) => [datagram, sender.address().port]),
    );
    sender.close();
    await socket.close();
  });

  test(`${way}: another group on the same port does not arrive`, {
    skip: skip || (process.platform === 'win32' && 'Windows binds to no group'),
    timeout: 10_000,
  }, async () => {
    const port = await freePort();
    const seen: string[] = [];
    const both = expected<void>();
    const see = (line: string): void => {
      seen.push(line);
      if (seen.length === 2) both.arrive();
    };
    const joined = { port, localAddress: here, onError };
    const one = await open({
      ...joined,
      group: '239.255.254.2',
      onDatagram: (datagram) => see(`one ${datagram}`),
    });
    const other = await open({
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

  test(`${way}: a port that another program does not share is a problem that names it`, { skip }, async () => {
    const keeper = createSocket('udp4');
    keeper.bind({ port: 0, address: '0.0.0.0', exclusive: true });
    await once(keeper, 'listening');
    const { port } = keeper.address();
    const isProblem = (error: unknown): boolean =>
      error instanceof Problem && error.code === 'network' && error.message.includes(`Port ${port}`);
    await assert.rejects(
      open({ group: '239.255.254.4', port, localAddress: here, onError, onDatagram: () => undefined }),
      isProblem,
    );
    await assert.rejects(openEndpoint({ address: here, port, onError }), isProblem);
    keeper.close();
  });

  test(`${way}: a foreign address is a problem that names it`, { skip }, async () => {
    const isProblem = (error: unknown): boolean => error instanceof Problem && error.message.includes('192.0.2.1');
    const port = await freePort();
    for (const localAddress of ['192.0.2.1', [here, '192.0.2.1']]) {
      await assert.rejects(
        open({ group: '239.255.254.5', port, localAddress, onError, onDatagram: () => undefined }),
        isProblem,
      );
    }
    await assert.rejects(openEndpoint({ address: '192.0.2.1', onError }), isProblem);
  });

  test(`${way}: an address that is no group is refused before a socket is opened`, { skip }, async () => {
    await assert.rejects(
      open({ group: '10.0.0.1', port: 5004, localAddress: here, onError, onDatagram: () => undefined }),
      Problem,
    );
  });
}

test('where the system forbids batches a group is received one by one', { timeout: 10_000 }, async () => {
  const forbidding = new FakeArrivals();
  forbidding.failing.set(0, Errno.EPERM);
  const port = await freePort();
  const { arrived, arrive } = expected<string>();
  const socket = await openGroupBatched(
    {
      group: '239.255.254.7',
      port,
      localAddress: here,
      onError,
      onDatagrams: (batch) => each(batch, (datagram) => arrive(`${datagram}`)),
    },
    Promise.resolve(new ReceivePoller(forbidding)),
  );
  const sender = await openEndpoint({ address: here, multicastTtl: 1, onError });
  sender.send(Buffer.from('hello'), { address: '239.255.254.7', port });
  assert.equal(await arrived, 'hello');
  await Promise.all([socket, sender].map((one) => one.close()));
});

test('one by one, empty batches are delivered as well', async () => {
  const timers = new HandTimers();
  const counts: number[] = [];
  const socket = await openGroupPlain(
    {
      group: '239.255.254.6',
      port: await freePort(),
      localAddress: here,
      onError,
      onDatagrams: ({ count }) => counts.push(count),
    },
    timers,
  );
  timers.advance(100);
  assert.deepEqual(counts, [0, 0, 0, 0, 0]);
  await socket.close();
  assert.equal(timers.pending, 0);
});
