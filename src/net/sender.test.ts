import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { datagrams, listener, openReceiver, send, type ToSend } from '../../test/support/batches.js';
import { FakeLibc } from '../../test/support/fake-libc.js';
import { Problem } from '../base/problem.js';
import { Errno, loadLibc } from '../system/libc.js';
import { BatchSender } from './batch-sender.js';
import { openDatagramSender } from './datagram-sender.js';
import { openSender } from './open-sender.js';
import { DestinationNumbers, MOST_DESTINATIONS, type MulticastSender, type SenderOptions } from './sender.js';

const here = '127.0.0.1';
const { libc } = await loadLibc();
const noLibc = libc === null && 'needs 64-bit Linux';

interface Way {
  name: string;
  skip: string | false;
  open(options: SenderOptions): MulticastSender | null | Promise<MulticastSender>;
}

const ways: Way[] = [
  { name: 'cut by the kernel', skip: noLibc, open: (options) => BatchSender.open(libc!, options) },
  {
    name: 'a message a datagram',
    skip: noLibc,
    open: (options) => BatchSender.open(libc!, { ...options, segment: false }),
  },
  { name: 'a call a datagram', skip: false, open: openDatagramSender },
];

/** Tests every way to send. */
function fact(what: string, body: (context: TestContext, way: Way) => Promise<void>): void {
  for (const way of ways) {
    test(`${way.name}: ${what}`, { skip: way.skip, timeout: 30_000 }, (context) => body(context, way));
  }
}

const CAPACITY = 128;

/** A sender that is closed with the test, and its reports. */
async function openHere(context: Pick<TestContext, 'after'>, way: Way, options: Partial<SenderOptions> = {}) {
  const { reports, callbacks } = listener();
  const sender = await way.open({
    interfaceAddress: here,
    ttl: 1,
    capacity: CAPACITY,
    buffer: Buffer.alloc(CAPACITY * 1_472),
    ...callbacks,
    ...options,
  });
  assert.ok(sender);
  context.after(() => sender.close());
  return { sender, reports };
}

const times = (count: number, length: number): number[] => new Array(count).fill(length);

const batches: Record<string, ToSend[]> = {
  'MPEG-TS': datagrams(0, times(30, 1_328)),
  'JPEG frames': datagrams(0, [...times(5, 1_412), 700, ...times(3, 1_412), 90, 1_412, 1_412]),
  'single bytes': datagrams(0, times(20, 1)),
  'longer and longer ones': datagrams(1, [1, 2, 3, 100, 200, 200, 300]),
  'two destinations in turn': datagrams(0, times(20, 500)).map(({ bytes }, i) => ({ to: i % 2, bytes })),
  'a run for each of two destinations': [...datagrams(1, times(9, 1_328)), ...datagrams(0, times(9, 1_328))],
  'more than 64, and than 65,507 bytes, to one destination': datagrams(0, times(70, 1_000)),
  'as many as there is room for': datagrams(1, times(CAPACITY, 100)),
  'as large as an Ethernet packet holds': datagrams(0, times(3, 1_472)),
  nothing: [],
};

fact('a batch arrives datagram by datagram, each at its destination, in order', async (context, way) => {
  const { sender, reports } = await openHere(context, way);
  const receivers = [await openReceiver(context, here), await openReceiver(context, here)];
  const destinations = receivers.map(({ port }) => sender.addDestination(here, port));
  let packets = 0;
  let bytes = 0;
  for (const [name, batch] of Object.entries(batches)) {
    send(
      sender,
      batch.map(({ to, ...rest }) => ({ to: destinations[to]!, ...rest })),
    );
    assert.equal(sender.batch.count, 0);
    sender.batch.buffer.fill(0); // The batch is free at once.
    for (const [i, receiver] of receivers.entries()) {
      const expected = batch.filter(({ to }) => to === i).map((datagram) => datagram.bytes);
      assert.deepEqual(await receiver.all(sender, destinations[i]!), expected, `${name}, destination ${i}`);
    }
    packets += batch.length + receivers.length;
    bytes += batch.reduce((sum, datagram) => sum + datagram.bytes.length, 'the end'.length * receivers.length);
  }
  assert.deepEqual(reports, { errors: [], notes: [], refused: {}, pressed: {} });
  assert.deepEqual(sender.counters, { packets, bytes, refused: 0, backPressure: 0 });
});

fact('a datagram that the system refuses is counted and reported, and the others are sent', async (context, way) => {
  const { sender, reports } = await openHere(context, way, { capacity: 4, buffer: Buffer.alloc(4 * 65_508) });
  const receiver = await openReceiver(context, here);
  const [first, second] = [1, 2].map(() => sender.addDestination(here, receiver.port));
  const small = Buffer.from('small');
  const tooLarge = Buffer.alloc(65_508); // one more than UDP over IPv4 carries
  send(sender, [
    { to: second!, bytes: tooLarge },
    { to: first!, bytes: small },
    { to: second!, bytes: tooLarge },
    { to: first!, bytes: tooLarge },
  ]);
  assert.deepEqual(await receiver.all(sender, first!), [small]);
  assert.equal(sender.counters.refused, 3);
  assert.equal(sender.counters.packets, 2);
  assert.deepEqual(reports.refused, { [first!]: 1, [second!]: 2 });
  assert.equal(reports.errors.length, 1, `${reports.errors}`);
  assert.match(reports.errors[0]!, /EMSGSIZE/);
});

fact('the number of a removed destination is used for the next', async (context, way) => {
  const { sender } = await openHere(context, way);
  const [old, other, next] = await Promise.all([1, 2, 3].map(() => openReceiver(context, here)));
  const [removed, kept] = [old, other].map((receiver) => sender.addDestination(here, receiver!.port));
  send(sender, datagrams(removed!, [10]));
  assert.equal((await old!.all(sender, removed!)).length, 1);
  sender.removeDestination(removed!);
  const added = sender.addDestination(here, next!.port);
  assert.equal(added, removed);
  send(sender, [...datagrams(kept!, [20]), ...datagrams(added, [30])]);
  assert.deepEqual(
    (await other!.all(sender, kept!)).map(({ length }) => length),
    [20],
  );
  assert.deepEqual(
    (await next!.all(sender, added)).map(({ length }) => length),
    [30],
  );
});

fact('two senders do not affect each other', async (context, way) => {
  const receivers = [await openReceiver(context, here), await openReceiver(context, here)];
  const senders = await Promise.all(receivers.map(() => openHere(context, way)));
  const destinations = receivers.map(({ port }, i) => senders[i]!.sender.addDestination(here, port));
  for (const round of [1, 2]) {
    const batchOf = (i: number) => datagrams(destinations[i]!, times(20 * round, 100 + i));
    for (const [i, { sender }] of senders.entries()) send(sender, batchOf(i));
    for (const [i, { sender }] of senders.entries()) {
      assert.deepEqual(
        await receivers[i]!.all(sender, destinations[i]!),
        batchOf(i).map(({ bytes }) => bytes),
      );
    }
  }
});

/** Descriptors of this process, where the system lists them. */
const descriptors = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);

fact('a foreign address is a problem that names it, and leaves nothing open', async (_, way) => {
  const open = async () =>
    way.open({
      interfaceAddress: '192.0.2.250',
      ttl: 1,
      capacity: 4,
      buffer: Buffer.alloc(4 * 1_472),
      ...listener().callbacks,
    });
  const isProblem = (error: unknown) =>
    error instanceof Problem && error.code === 'network' && /192\.0\.2\.250.*EADDRNOTAVAIL/.test(error.message);
  await assert.rejects(open, isProblem);
  const before = descriptors();
  for (let i = 0; i < 10; i++) await assert.rejects(open, isProblem);
  assert.equal(descriptors(), before);
});

fact('a closed sender leaves nothing open', async (_, way) => {
  const before = descriptors();
  const { sender } = await openHere({ after: () => undefined }, way);
  if (process.platform === 'linux') assert.ok(descriptors() > before);
  await sender.close();
  assert.equal(descriptors(), before);
});

test('a process without sendmmsg sends one by one, with one note', async (context) => {
  for (const errno of [Errno.ENOSYS, Errno.EPERM]) {
    const fake = new FakeLibc();
    fake.refuse = () => errno;
    const open = (options: SenderOptions) => openSender(options, Promise.resolve({ libc: fake }));
    const { sender, reports } = await openHere(context, { name: '', skip: false, open });
    assert.equal(reports.notes.length, 1);
    assert.match(reports.notes[0]!, /may not call sendmmsg/);
    assert.equal(fake.open.size, 0);
    const receiver = await openReceiver(context, here);
    const destination = sender.addDestination(here, receiver.port);
    send(sender, datagrams(destination, [100, 100]));
    assert.equal((await receiver.all(sender, destination)).length, 2);
    assert.deepEqual([reports.errors, reports.refused], [[], {}]);
  }
});

test('a system without batch calls gets a note why it sends one by one', async (context) => {
  const open = (options: SenderOptions) =>
    openSender(options, Promise.resolve({ libc: null, reason: 'not made for it' }));
  const { reports } = await openHere(context, { name: '', skip: false, open });
  assert.equal(reports.notes.length, 1);
  assert.match(reports.notes[0]!, /not made for it/);
});

test('the number of destinations is limited', () => {
  const numbers = new DestinationNumbers();
  const taken = new Set(Array.from({ length: MOST_DESTINATIONS }, () => numbers.take()));
  assert.deepEqual([taken.size, Math.max(...taken)], [65_536, 65_535]);
  assert.throws(() => numbers.take(), RangeError);
  numbers.release(4_711);
  assert.equal(numbers.take(), 4_711);
});
