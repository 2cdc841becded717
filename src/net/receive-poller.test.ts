import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Arrival, FakeArrivals } from '../../test/support/fake-arrivals.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import { Errno } from '../system/libc.js';
import { SystemCallError } from '../system/udp-socket.js';
import type { ReceivedBatch } from './receive-batched.js';
import { ReceivePoller } from './receive-poller.js';

/** Copies of a batch's datagrams. */
const datagramsOf = ({ buffer, offsets, lengths, sources, count }: ReceivedBatch) =>
  Array.from({ length: count }, (_, i) => ({
    bytes: Buffer.from(buffer.subarray(offsets[i], offsets[i]! + lengths[i]!)),
    from: `${sources[i]!.address}:${sources[i]!.port}`,
  }));

function polling(timers = new HandTimers()) {
  const libc = new FakeArrivals();
  const poller = new ReceivePoller(libc, timers);
  /** A socket, its received datagrams, and the number of polls. */
  const open = (latency = 20, onBatch: (batch: ReceivedBatch) => void = () => undefined) => {
    const seen: ReturnType<typeof datagramsOf> = [];
    const errors: Error[] = [];
    const looks: number[] = [];
    const socket = poller.open({
      group: '239.255.254.1',
      port: 5004,
      localAddress: '127.0.0.1',
      latency: Millis(latency),
      onDatagrams: (batch) => {
        looks.push(timers.now());
        seen.push(...datagramsOf(batch));
        onBatch(batch);
      },
      onError: (error) => errors.push(error),
    });
    const fd = [...libc.open.keys()].at(-1)!;
    return { socket, fd, seen, errors, looks, arrive: (...all: Arrival[]) => libc.open.get(fd)!.push(...all) };
  };
  return { libc, timers, poller, open };
}

test('messages are split into the datagrams that they were sent as', () => {
  const message = fc.record({
    length: fc.integer({ min: 0, max: 3000 }),
    segment: fc.option(fc.integer({ min: 1, max: 1500 }), { nil: undefined }),
    address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.1.0.1'),
    port: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 150 }), (messages) => {
      const { timers, open } = polling();
      const { arrive, seen } = open();
      const expected: { bytes: Buffer; from: string }[] = [];
      messages.forEach(({ length, segment, address, port }, i) => {
        const bytes = Buffer.alloc(length, i);
        arrive({ bytes, segment, address, port });
        const step = segment ?? length;
        let at = 0;
        do {
          expected.push({ bytes: bytes.subarray(at, at + step), from: `${address}:${port}` });
          at += step;
        } while (at < length); // An empty message is a datagram, too.
      });
      timers.advance(0);
      assert.deepEqual(seen, expected);
    }),
    { numRuns: 30, examples: [[[{ length: 0, segment: undefined, address: '10.0.0.1', port: 1 }]]] },
  );
});

test('many small datagrams in one message are handed over in several batches', () => {
  const { timers, open } = polling();
  const counts: number[] = [];
  const { arrive, seen } = open(20, ({ count }) => counts.push(count));
  arrive({ bytes: Buffer.from(Array.from({ length: 2500 }, (_, i) => i & 0xff)), segment: 1 });
  timers.advance(0);
  assert.deepEqual(counts, [1024, 1024, 452]);
  assert.ok(seen.every(({ bytes }, i) => bytes.length === 1 && bytes[0] === (i & 0xff)));
});

test('a socket is polled at its latency, and a poll without datagrams is reported as an empty batch', () => {
  const { timers, open } = polling();
  const { looks, seen } = open(20);
  timers.advance(1000);
  assert.deepEqual(seen, []);
  assert.deepEqual(looks.slice(-4), [940, 960, 980, 1000]);
});

test('a timer that is a little early does not cause a second wake-up', () => {
  class EarlyTimers extends HandTimers {
    override after(delay: number, run: () => void): () => void {
      return super.after(Millis(Math.max(0, delay - 0.7)), run);
    }
  }
  const { timers, open } = polling(new EarlyTimers());
  const { looks } = open(20);
  timers.advance(2000);
  assert.equal(looks.filter((time) => time >= 1000 && time < 2000).length, 50);
});

test('datagrams beyond one call are received without waiting', () => {
  class CountingTimers extends HandTimers {
    set = 0;
    override after(delay: number, run: () => void): () => void {
      this.set++;
      return super.after(Millis(delay), run);
    }
  }
  const timers = new CountingTimers();
  const { arrive, seen } = polling(timers).open();
  for (let i = 0; i < 1000; i++) arrive({ bytes: Buffer.from([i & 0xff]) });
  const before = timers.set;
  timers.advance(0);
  assert.equal(seen.length, 1000);
  assert.equal(timers.set - before, 1);
});

test('sockets with the same latency are due together, and all share one timer', () => {
  const { timers, open } = polling();
  const all = [open(20)];
  for (const wait of [3, 8]) {
    timers.advance(wait);
    all.push(open(20));
  }
  all.push(open(1000));
  timers.advance(20_000);
  assert.equal(timers.pending, 1);
  const turns = new Set(all.flatMap(({ looks }) => looks.filter((time) => time > 19_000)));
  assert.equal(turns.size, 50);
});

test('a small buffer is polled before it is full, and less often when less arrives', () => {
  const { libc, timers, open } = polling();
  libc.receiveBuffer = 100 * 4096; // of a hundred datagrams, as the kernel counts
  const { fd, arrive, looks } = open(1000);
  timers.advance(10_000);
  assert.ok(looks.filter((time) => time > 9_000).length <= 2);
  let most = 0;
  for (let ms = 0; ms < 3000; ms++) {
    arrive({ bytes: Buffer.alloc(1328) });
    timers.advance(1);
    if (ms > 2000) most = Math.max(most, libc.open.get(fd)!.length);
  }
  assert.ok(most > 10 && most < 50, `${most} datagrams waited`);
  timers.advance(10_000);
  assert.ok(looks.filter((time) => time > 22_000).length <= 2);
});

test('a flood at one socket does not delay the others', () => {
  const { timers, open } = polling();
  const order: string[] = [];
  const note = (name: string) => (batch: ReceivedBatch) => {
    for (let i = 0; i < batch.count; i++) order.push(name);
  };
  const flooded = open(20, note('flood'));
  const others = [open(20, note('calm')), open(20, note('calm'))];
  for (let i = 0; i < 1000; i++) flooded.arrive({ bytes: Buffer.alloc(50), segment: 1 });
  for (const { arrive } of others) arrive({ bytes: Buffer.from('x') });
  timers.advance(0);
  assert.equal(order.length, 50_002);
  assert.ok(order.lastIndexOf('calm') < 12_000, `the last came behind ${order.lastIndexOf('calm')} others`);
});

test('two floods take turns', () => {
  const { timers, open } = polling();
  const order: number[] = [];
  const sockets = [0, 1].map((number) => open(20, () => order.push(number)));
  for (const { arrive } of sockets) {
    for (let i = 0; i < 1000; i++) arrive({ bytes: Buffer.alloc(50), segment: 1 });
  }
  timers.advance(0);
  const turns = order.filter((number, i) => number !== order[i - 1]);
  assert.ok(turns.length >= 8, `${turns}`);
});

test('an error is reported once, as a problem that names the group; all sockets go on', () => {
  const { libc, timers, open } = polling();
  const broken = open();
  const other = open();
  libc.failing.set(broken.fd, Errno.EIO);
  other.arrive({ bytes: Buffer.from('x') });
  timers.advance(100);
  assert.equal(broken.errors.length, 1);
  assert.ok(broken.errors[0] instanceof Problem && broken.errors[0].message.includes('239.255.254.1:5004'));
  assert.equal(other.seen.length, 1);
  libc.failing.delete(broken.fd);
  broken.arrive({ bytes: Buffer.from('y') });
  timers.advance(100);
  assert.equal(broken.seen.length, 1);
  assert.equal(broken.errors.length, 1);
});

test('an interrupted call is no error', () => {
  const { libc, timers, open } = polling();
  const { fd, errors } = open();
  libc.failing.set(fd, Errno.EINTR);
  timers.advance(100);
  assert.deepEqual(errors, []);
});

test('pending datagrams are handed over before a socket is closed, and nothing is left of it', async () => {
  const { libc, timers, open } = polling();
  const { socket, arrive, seen } = open();
  timers.advance(0);
  arrive({ bytes: Buffer.from('the last') });
  await Promise.all([socket.close(), socket.close()]);
  assert.equal(String(seen[0]!.bytes), 'the last');
  assert.equal(libc.open.size, 0);
  assert.equal(timers.pending, 0);
});

test('sockets may be closed while a batch is handed over: the batch stays intact', async () => {
  const { libc, timers, open } = polling();
  const other = open();
  const closing: Promise<void>[] = [];
  const { socket, arrive, seen } = open(20, (batch) => {
    const before = datagramsOf(batch);
    closing.push(other.socket.close(), socket.close());
    assert.deepEqual(datagramsOf(batch), before);
  });
  timers.advance(10);
  arrive({ bytes: Buffer.from('one') });
  other.arrive({ bytes: Buffer.from('two') });
  timers.advance(20);
  await Promise.all(closing);
  assert.deepEqual(
    [seen, other.seen].map((all) => all.map(({ bytes }) => String(bytes))),
    [['one'], ['two']],
  );
  assert.equal(libc.open.size, 0);
});

test('where recvmmsg is forbidden a socket cannot be opened, and none stays open', () => {
  const { libc, timers, open } = polling();
  libc.failing.set(0, Errno.EPERM);
  assert.throws(
    () => open(),
    (error) => error instanceof SystemCallError && error.code === 'EPERM',
  );
  assert.equal(libc.open.size, 0);
  assert.equal(timers.pending, 0);
});

test('a kernel without UDP_GRO is supported', () => {
  const { libc, timers, open } = polling();
  libc.knowsOffload = false;
  const { arrive, seen } = open();
  arrive({ bytes: Buffer.from('x') });
  timers.advance(0);
  assert.equal(seen.length, 1);
});

test('a socket opened again hands over what waits in the one before, which is then closed', async () => {
  const { libc, timers, open } = polling();
  const { socket, fd, seen, arrive } = open();
  arrive({ bytes: Buffer.from('before'), address: '10.0.0.1', port: 1 });
  await socket.reopen('127.0.0.1');
  assert.deepEqual(
    seen.map(({ bytes }) => bytes.toString()),
    ['before'],
  );
  assert.ok(!libc.open.has(fd));
  const [again] = libc.open.keys();
  libc.open.get(again!)!.push({ bytes: Buffer.from('after'), address: '10.0.0.1', port: 1 });
  timers.advance(100);
  assert.deepEqual(
    seen.map(({ bytes }) => bytes.toString()),
    ['before', 'after'],
  );
  await socket.close();
  await socket.reopen('127.0.0.1');
  assert.equal(libc.open.size, 0);
});
