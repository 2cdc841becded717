import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, writeSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { send } from '../../test/support/batches.js';
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import { Errno, type Libc, loadLibc } from '../system/libc.js';
import { RING } from '../system/poll.js';
import { SocketLoop } from './socket-loop.js';

const { libc } = await loadLibc();
const skip = libc === null ? 'needs 64-bit Linux' : false;
const GROUP = '239.255.253.250';

function openLoop(context: TestContext): SocketLoop {
  const loop = new SocketLoop(libc!);
  context.after(() => {
    loop.close();
    closeSync(loop.bell);
  });
  return loop;
}

/** A socket of Node.js: sends, and collects what arrives. */
async function openOther(context: TestContext) {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.setMulticastInterface('127.0.0.1');
  context.after(() => socket.close());
  const received: string[] = [];
  let onHeard: () => void = () => undefined;
  socket.on('message', (datagram) => {
    received.push(datagram.toString());
    onHeard();
  });
  return {
    send: (text: string, port: number, address = '127.0.0.1') =>
      new Promise<void>((sent) => socket.send(text, port, address, () => sent())),
    /** Resolves when that number of datagrams has arrived. */
    receives: (count: number) =>
      new Promise<string[]>((resolve) => {
        onHeard = () => {
          if (received.length >= count) resolve(received);
        };
        onHeard();
      }),
  };
}

const fail = (error: Error) => assert.fail(error);

test('datagrams are handed over with their source, and answered at the end of the turn', { skip }, async (context) => {
  const loop = openLoop(context);
  const other = await openOther(context);
  const endpoint = loop.openEndpoint({
    address: '127.0.0.1',
    onError: fail,
    onDatagram: (datagram, from) => {
      for (let copy = 0; copy < 2; copy++) endpoint.send(Buffer.from(`${datagram}, ${copy}`), from);
    },
  });
  // More than a call takes and a batch holds, and less than the other socket's buffer.
  const texts = Array.from({ length: 65 }, (_, i) => `datagram ${i}`);
  for (const text of texts) await other.send(text, endpoint.port);
  loop.turn(Millis(1_000));
  assert.deepEqual(
    await other.receives(130),
    texts.flatMap((text) => [`${text}, 0`, `${text}, 1`]),
  );
  await endpoint.close();
  await other.send('too late', endpoint.port);
  loop.turn(Millis(0));
});

test('a group is joined beside other members on its port', { skip }, async (context) => {
  const [one, two] = [openLoop(context), openLoop(context)];
  const other = await openOther(context);
  const received: string[] = [];
  const taken = createSocket('udp4');
  taken.bind(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address();
  taken.close();
  for (const [i, loop] of [one, two].entries()) {
    const onDatagram = (datagram: Buffer) => received.push(`${i}: ${datagram}`);
    const group = loop.openGroup({ group: GROUP, port, localAddress: '127.0.0.1', onDatagram, onError: fail });
    assert.ok(group.receiveBuffer > 0);
  }
  await other.send('hello', port, GROUP);
  for (const loop of [one, two]) loop.turn(Millis(1_000));
  assert.deepEqual(received.sort(), ['0: hello', '1: hello']);
});

test('the bell ends a wait once', { skip }, (context) => {
  const loop = openLoop(context);
  assert.equal(loop.turn(Millis(0)), false);
  writeSync(loop.bell, RING);
  writeSync(loop.bell, RING);
  assert.equal(loop.turn(Millis(60_000)), true);
  assert.equal(loop.turn(Millis(0)), false);
});

test('packets are sent in batches from the endpoint’s port', { skip }, async (context) => {
  const loop = openLoop(context);
  const other = await openOther(context);
  let to = { address: '', port: 0 };
  const endpoint = loop.openEndpoint({
    address: '127.0.0.1',
    onError: fail,
    onDatagram: (_, from) => {
      to = from;
    },
  });
  await other.send('I am here', endpoint.port);
  loop.turn(Millis(1_000));
  const buffer = Buffer.from('one two three');
  const unexpected = () => assert.fail();
  const callbacks = { onError: fail, onRefused: unexpected, onPressure: unexpected, onNote: unexpected };
  const sender = endpoint.openSender({ ttl: 1, capacity: 3, buffer, ...callbacks });
  assert.ok(sender);
  const destination = sender.addDestination(to.address, to.port);
  const { batch } = sender;
  batch.offsets.set([0, 4, 8]);
  batch.lengths.set([4, 4, 5]);
  batch.destinations.fill(destination);
  batch.count = 3;
  sender.send();
  assert.deepEqual(await other.receives(3), ['one ', 'two ', 'three']);
});

test('a port in use and a foreign address are problems', { skip }, (context) => {
  const loop = openLoop(context);
  const { port } = loop.openEndpoint({ address: '127.0.0.1', onError: fail });
  assert.throws(() => loop.openEndpoint({ address: '127.0.0.1', port, onError: fail }), Problem);
  assert.throws(() => loop.openEndpoint({ address: '192.0.2.1', onError: fail }), Problem);
  const group = { group: GROUP, port, localAddress: '192.0.2.1', onDatagram: assert.fail, onError: fail };
  assert.throws(() => loop.openGroup(group), Problem);
});

for (const forbidden of ['recvmmsg', 'sendmmsg', 'ppoll'] as const) {
  test(`where ${forbidden} is forbidden there is no loop, and nothing is left open`, { skip }, () => {
    const open = new Set<number>();
    let errno: number | null = null;
    const sandbox: Libc = {
      ...libc!,
      [forbidden]: () => {
        errno = Errno.EPERM;
        return -1;
      },
      errno: () => errno ?? libc!.errno(),
      eventfd: (...words) => {
        const fd = libc!.eventfd(...words);
        open.add(fd);
        return fd;
      },
      close: (fd) => {
        open.delete(fd);
        return libc!.close(fd);
      },
    };
    assert.throws(() => new SocketLoop(sandbox), { code: 'EPERM', message: new RegExp(forbidden) });
    assert.equal(open.size, 0);
  });
}

test('an endpoint opened again at another address keeps its port, its senders and its group', {
  skip,
}, async (context) => {
  const loop = openLoop(context);
  const other = await openOther(context);
  const seen: string[] = [];
  const onDatagram = (datagram: Buffer) => seen.push(datagram.toString());
  const endpoint = loop.openEndpoint({ address: '127.0.0.1', onError: fail, onDatagram });
  const group = loop.openGroup({ group: GROUP, port: 5999, localAddress: '127.0.0.1', onDatagram, onError: fail });
  const buffer = Buffer.alloc(100);
  const callbacks = { onError: fail, onRefused: () => undefined, onPressure: () => undefined, onNote: () => undefined };
  const sender = endpoint.openSender({ ttl: 1, capacity: 1, buffer, ...callbacks }) ?? assert.fail('refused');
  const { port } = endpoint;
  await assert.rejects(endpoint.reopen('192.0.2.1'), Problem);
  endpoint.send(Buffer.from('lost'), { address: '127.0.0.1', port: 9 });
  loop.turn(Millis(0));
  await endpoint.reopen('127.0.0.2');
  await group.reopen('127.0.0.1');
  assert.deepEqual([endpoint.address, endpoint.port, loop.descriptors.length], ['127.0.0.2', port, 3]);
  await other.send('request', port, '127.0.0.2');
  await other.send('query', 5999, GROUP);
  send(sender, [{ to: sender.addDestination('127.0.0.2', port), bytes: Buffer.from('repair') }]);
  while (seen.length < 3) loop.turn(Millis(1_000));
  assert.deepEqual(seen.sort(), ['query', 'repair', 'request']);
});
