import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Problem } from '../problem/problem.js';
import { openDatagramSender } from './sender.js';

const noError = (error: Error) => assert.fail(error.message);

test('a batch arrives datagram by datagram, each at its destination, also when the batch is used again at once', async (context) => {
  const receivers = await Promise.all(
    [0, 1].map(async () => {
      const socket = createSocket('udp4');
      context.after(() => socket.close());
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      return socket;
    }),
  );
  const sender = await openDatagramSender({ interfaceAddress: '127.0.0.1', ttl: 1, onError: noError });
  context.after(() => sender.close());
  const destinations = receivers.map((socket) => sender.addDestination('127.0.0.1', socket.address().port));
  const batch = {
    buffer: Buffer.from('onetwothree'),
    offsets: Uint32Array.of(0, 3, 6),
    lengths: Uint16Array.of(3, 3, 5),
    destinations: Uint16Array.of(destinations[0], destinations[1], destinations[0]),
    count: 3,
  };
  const arrived = receivers.map(() => [] as string[]);
  const all = new Promise<void>((resolve) => {
    receivers.forEach((socket, i) => {
      socket.on('message', (datagram) => {
        arrived[i].push(datagram.toString());
        if (arrived.flat().length === 3) resolve();
      });
    });
  });
  sender.send(batch);
  batch.buffer.fill(0);
  await all;
  assert.deepEqual(arrived, [['one', 'three'], ['two']]);
  assert.deepEqual(sender.counters, { packets: 3, bytes: 11, errors: 0 });
});

test('what the system refuses is counted, and told once', async () => {
  const told: string[] = [];
  const sender = await openDatagramSender({
    interfaceAddress: '127.0.0.1',
    ttl: 1,
    onError: ({ message }) => told.push(message),
  });
  const destination = sender.addDestination('127.0.0.1', 9);
  const length = 65_508; // one more than UDP over IPv4 carries
  const batch = {
    buffer: Buffer.alloc(2 * length),
    offsets: Uint32Array.of(0, length),
    lengths: Uint16Array.of(length, length),
    destinations: Uint16Array.of(destination, destination),
    count: 2,
  };
  sender.send(batch);
  while (sender.counters.errors < 2) await setImmediate();
  await sender.close();
  assert.equal(told.length, 1);
});

test('an address that is not this machine’s is a problem with its name', async () => {
  await assert.rejects(
    openDatagramSender({ interfaceAddress: '192.0.2.250', ttl: 1, onError: noError }),
    (error) => error instanceof Problem && error.code === 'network' && /192\.0\.2\.250/.test(error.message),
  );
});
