import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Millis } from '../src/base/units.js';
import { openGroupBatched, openGroupPlain, type ReceivedBatch } from '../src/net/receive-batched.js';
import { ReceivePoller } from '../src/net/receive-poller.js';
import { loadLibc } from '../src/system/libc.js';
import { SendMessages } from '../src/system/send-messages.js';
import { UdpSocket } from '../src/system/udp-socket.js';
import { HandTimers } from './support/hand-timers.js';
import { type CableEnd, cable, withoutNetwork } from './support/network.js';

const GROUP = '239.255.77.9';
const PORT = 5_004;
const { libc } = await loadLibc();

/** Two receivers of one group at one end of a cable, and their datagrams. */
async function receivers(context: TestContext, end: CableEnd) {
  const timers = new HandTimers();
  const poller = new ReceivePoller(libc!, timers);
  const all = await end.inside(() =>
    [0, 1].map(() => {
      const seen: { bytes: Buffer; from: string }[] = [];
      const socket = poller.open({
        group: GROUP,
        port: PORT,
        localAddress: end.address,
        latency: Millis(20),
        onError: (error) => assert.fail(error),
        onDatagrams: ({ buffer, offsets, lengths, sources, count }) => {
          for (let i = 0; i < count; i++) {
            const bytes = Buffer.from(buffer.subarray(offsets[i], offsets[i]! + lengths[i]!));
            seen.push({ bytes, from: sources[i]!.address });
          }
        },
      });
      context.after(() => socket.close());
      return seen;
    }),
  );
  return {
    all,
    /** Waits until each has that number. */
    async until(count: number): Promise<void> {
      while (all.some((seen) => seen.length < count)) {
        timers.advance(Millis(20));
        await setImmediate();
      }
    },
  };
}

for (const segment of [1_328, 0]) {
  const way = segment === 0 ? 'one by one' : 'as one message';
  test(`datagrams sent ${way} over a cable are received in batches by every member, as they were sent`, {
    skip: libc === null ? 'needs 64-bit Linux' : withoutNetwork(),
    timeout: 30_000,
  }, async (context) => {
    const [near, far] = await cable(context, [1_500, 1_500]);
    const { all, until } = await receivers(context, far);
    const sender = await near.inside(() => {
      const socket = new UdpSocket(libc!);
      socket.bind(near.address, 0);
      socket.setMulticast({ interfaceAddress: near.address, ttl: 1 });
      return socket;
    });
    context.after(() => sender.close());
    const datagrams = [...new Array(40).fill(1_328), 100].map((length, i) => Buffer.alloc(length, i));
    const data = Buffer.concat(datagrams);
    const messages = new SendMessages(libc!, { data, capacity: datagrams.length, destinations: 1 });
    messages.setDestination(0, GROUP, PORT);
    const count = segment === 0 ? datagrams.length : 1;
    for (let i = 0, at = 0; i < count; i++) {
      const length = segment === 0 ? datagrams[i]!.length : data.length;
      messages.set(i, at, length, 0, segment);
      at += length;
    }
    assert.equal(messages.send(sender.fd, 0, count), count);
    await until(datagrams.length);
    for (const seen of all) {
      assert.deepEqual(
        seen,
        datagrams.map((bytes) => ({ bytes, from: near.address })),
      );
    }
  });
}

for (const way of ['by the poller', 'by the plain path']) {
  test(`the kernel drops the datagrams of other sources than those that are wanted, ${way}`, {
    skip: libc === null ? 'needs 64-bit Linux' : withoutNetwork(),
    timeout: 30_000,
  }, async (context) => {
    const [near, far] = await cable(context, [1_500, 1_500]);
    const other = '10.0.0.3';
    const senders = await near.inside(() => {
      const { status, stderr } = spawnSync('ip', ['address', 'add', `${other}/24`, 'dev', 'cable'], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, stderr);
      return [near.address, other].map((address) => {
        const socket = new UdpSocket(libc!);
        socket.bind(address, 0);
        socket.setMulticast({ interfaceAddress: address, ttl: 1 });
        return socket;
      });
    });
    for (const sender of senders) context.after(() => sender.close());
    let seen: string[] = [];
    const arrived = new EventEmitter();
    const options = {
      group: GROUP,
      port: PORT,
      localAddress: far.address,
      sources: [near.address],
      onError: (error: Error) => assert.fail(error),
      onDatagrams: ({ buffer, offsets, lengths, sources, count }: ReceivedBatch) => {
        for (let i = 0; i < count; i++) {
          seen.push(`${buffer.toString('utf8', offsets[i], offsets[i]! + lengths[i]!)} of ${sources[i]!.address}`);
        }
        arrived.emit('some');
      },
    };
    const receiver = await far.inside(() =>
      way === 'by the poller' ? openGroupBatched(options) : openGroupPlain(options),
    );
    context.after(() => receiver.close());
    const messages = new SendMessages(libc!, { data: Buffer.from('word'), capacity: 1, destinations: 1 });
    messages.setDestination(0, GROUP, PORT);
    messages.set(0, 0, 4, 0, 0);
    /** What arrives when both send, the one that is wanted last. */
    const arrives = async (order: number[], count: number): Promise<string[]> => {
      seen = [];
      for (const i of order) assert.equal(messages.send(senders[i]!.fd, 0, 1), 1);
      while (seen.length < count) await once(arrived, 'some');
      return seen;
    };
    assert.deepEqual(await arrives([1, 0], 1), [`word of ${near.address}`]);
    receiver.setSources([other]);
    assert.deepEqual(await arrives([0, 1], 1), [`word of ${other}`]);
    receiver.setSources(null);
    assert.deepEqual(await arrives([0, 1], 2), [`word of ${near.address}`, `word of ${other}`]);
    receiver.setSources([near.address, other]);
    assert.deepEqual(await arrives([0, 1], 2), [`word of ${near.address}`, `word of ${other}`]);
  });
}
