import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { datagrams, listener, send, type ToSend } from '../../test/support/batches.js';
import { type Datagram, FakeLibc, type Message } from '../../test/support/fake-libc.js';
import { Errno } from '../system/libc.js';
import { UdpSocket } from '../system/udp-socket.js';
import { BatchSender } from './batch-sender.js';

const ENETUNREACH = 101;
const IP_PMTUDISC_WANT = 1;
const IP_PMTUDISC_DO = 2;

const CAPACITY = 256;
const LARGEST = 9_000;

/** A sender with three destinations on a fake system; `refuse` applies from the probe on. */
function openFake(options: { segment?: boolean; refuse?: FakeLibc['refuse'] } = {}) {
  const libc = new FakeLibc();
  libc.refuse = options.refuse ?? libc.refuse;
  const { reports, callbacks } = listener();
  let pauses = 0;
  const sender = BatchSender.open(libc, {
    interfaceAddress: '10.0.0.1',
    ttl: 3,
    capacity: CAPACITY,
    buffer: Buffer.alloc(CAPACITY * LARGEST),
    segment: options.segment,
    pause: () => {
      pauses++;
    },
    ...callbacks,
  });
  assert.ok(sender);
  const probe = libc.taken.splice(0);
  for (const to of [0, 1, 2]) assert.equal(sender.addDestination(groupOf(to), portOf(to)), to);
  libc.calls.length = 0;
  return { libc, sender, reports, probe, pauses: () => pauses };
}

const groupOf = (to: number): string => `239.1.2.${to + 1}`;
const portOf = (to: number): number => 0xff01 + to;
const asSent = ({ to, bytes }: ToSend): Datagram => ({ group: groupOf(to), port: portOf(to), bytes });
const taken = (libc: FakeLibc): Datagram[] => libc.taken.flatMap((message) => message.datagrams);
const times = (count: number, length: number): number[] => new Array(count).fill(length);

/** Runs of datagrams of one length to one destination, up to a batch's capacity. */
const batches = fc
  .array(
    fc.record({
      to: fc.nat(2),
      length: fc.oneof(fc.constantFrom(1, 1_328, 1_412), fc.integer({ min: 1, max: LARGEST })),
      count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 130 })),
    }),
    { maxLength: 12 },
  )
  .map((runs) => runs.flatMap(({ to, length, count }) => datagrams(to, times(count, length))).slice(0, CAPACITY));

for (const segment of [true, false]) {
  test(`every batch is sent unchanged, in order (segment: ${segment})`, () => {
    const { libc, sender, reports } = openFake({ segment });
    fc.assert(
      fc.property(batches, (batch) => {
        libc.taken.length = 0;
        send(sender, batch);
        assert.deepEqual(taken(libc), batch.map(asSent));
      }),
      { numRuns: 60 },
    );
    assert.deepEqual(reports, { errors: [], notes: [], refused: {}, pressed: {} });
  });
}

test('datagrams that are not contiguous are sent unchanged', () => {
  const { libc, sender } = openFake();
  const { batch } = sender;
  batch.buffer.write('..three..one.two');
  batch.offsets.set([9, 13, 2]);
  batch.lengths.set([3, 3, 5]);
  batch.destinations.set([0, 0, 0]);
  batch.count = 3;
  sender.send();
  assert.deepEqual(
    taken(libc).map(({ bytes }) => `${bytes}`),
    ['one', 'two', 'three'],
  );
});

/** Datagram lengths of each message. */
const messages = (libc: FakeLibc): number[] => libc.taken.map((message) => message.datagrams.length);

test('consecutive datagrams for a destination are one message within the kernel’s limits; a batch is one call', () => {
  const expected: [ToSend[], number[]][] = [
    [datagrams(0, times(100, 1_328)), [49, 49, 2]], // 65,507 bytes
    [datagrams(0, times(130, 1_000)), [64, 64, 2]], // UDP_MAX_SEGMENTS
    [datagrams(0, [...times(5, 1_412), 700, ...times(2, 1_412), 90, 50, 60]), [6, 3, 1, 1]],
    [
      [...datagrams(0, times(9, 1_328)), ...datagrams(1, times(8, 1_328))],
      [9, 8],
    ],
  ];
  for (const [batch, lengths] of expected) {
    const { libc, sender } = openFake();
    send(sender, batch);
    assert.deepEqual(messages(libc), lengths);
    assert.deepEqual(libc.calls, [lengths.length]);
  }
});

test('an empty batch makes no call', () => {
  const { libc, sender } = openFake();
  send(sender, []);
  assert.deepEqual(libc.calls, []);
});

test('the probe stays on the machine and is not counted, and the batches after it have the requested time to live', () => {
  const { libc, sender, probe } = openFake();
  assert.deepEqual(
    probe.map(({ ttl, datagrams: sent }) => [ttl, sent.length]),
    [[0, 2]],
  );
  assert.deepEqual(sender.counters, { packets: 0, bytes: 0, refused: 0, backPressure: 0 });
  send(sender, datagrams(0, [10]));
  assert.deepEqual(
    libc.taken.map(({ ttl }) => ttl),
    [3],
  );
});

test('a probe refused for a transient reason changes nothing and is not reported', () => {
  for (const errno of [Errno.EAGAIN, Errno.ENOBUFS, ENETUNREACH]) {
    const { libc, sender, reports } = openFake({ refuse: () => errno });
    libc.refuse = () => 0;
    send(sender, datagrams(0, times(10, 100)));
    assert.deepEqual(messages(libc), [10]);
    assert.deepEqual(sender.counters, { packets: 10, bytes: 1_000, refused: 0, backPressure: 0 });
    assert.deepEqual(reports, { errors: [], notes: [], refused: {}, pressed: {} });
  }
});

test('where sendmmsg is forbidden there is no sender, and nothing stays open', () => {
  for (const errno of [Errno.ENOSYS, Errno.EPERM]) {
    const libc = new FakeLibc();
    libc.refuse = () => errno;
    const { reports, callbacks } = listener();
    const options = {
      interfaceAddress: '10.0.0.1',
      ttl: 1,
      capacity: 4,
      buffer: Buffer.alloc(4 * 1_472),
      ...callbacks,
    };
    assert.equal(BatchSender.open(libc, options), null);
    assert.equal(BatchSender.open(libc, { ...options, segment: false }), null);
    assert.equal(libc.open.size, 0);
    assert.deepEqual(reports, { errors: [], notes: [], refused: {}, pressed: {} });
  }
});

const isSegmented = (message: Message) => message.datagrams.length > 1;

for (const [name, errno] of Object.entries(Errno).filter(([name]) =>
  ['EIO', 'EINVAL', 'EMSGSIZE', 'EOPNOTSUPP'].includes(name),
)) {
  test(`${name} for the probe: a message per datagram from the beginning, fragments allowed, one note`, () => {
    const { libc, sender, reports } = openFake({ refuse: (message) => (isSegmented(message) ? errno : 0) });
    for (const _ of [1, 2]) send(sender, datagrams(0, times(10, 100)));
    assert.deepEqual(messages(libc), times(20, 1));
    assert.deepEqual(libc.calls, [10, 10]);
    assert.ok(libc.taken.every(({ mtuDiscover }) => mtuDiscover === IP_PMTUDISC_WANT));
    assert.equal(reports.notes.length, 1);
    assert.match(reports.notes[0]!, /10\.0\.0\.1 does not take several as one/);
    assert.deepEqual([reports.errors, reports.refused], [[], {}]);
  });

  test(`${name} in the middle of a batch: the rest is sent once, a message per datagram, and so are all later batches`, () => {
    const { libc, sender, reports } = openFake();
    const batch = [...datagrams(0, times(20, 100)), ...datagrams(1, times(10, 1_412)), ...datagrams(0, times(5, 100))];
    libc.refuse = (message) => (isSegmented(message) && message.datagrams[0]!.bytes.length === 1_412 ? errno : 0);
    send(sender, batch);
    send(sender, batch);
    assert.deepEqual(taken(libc), [...batch, ...batch].map(asSent));
    assert.deepEqual(messages(libc), [20, ...times(15 + 35, 1)]);
    assert.deepEqual(
      [...new Set(libc.taken.map(({ mtuDiscover }) => mtuDiscover))],
      [IP_PMTUDISC_DO, IP_PMTUDISC_WANT],
    );
    const bytes = 2 * (25 * 100 + 10 * 1_412);
    assert.deepEqual(sender.counters, { packets: 70, bytes, refused: 0, backPressure: 0 });
    assert.equal(reports.notes.length, 1);
    assert.deepEqual([reports.errors, reports.refused], [[], {}]);
  });
}

test('an interface that has lost its address is refused what it is sent, and is not taken for one that cannot segment', () => {
  const { libc, sender, reports } = openFake();
  const batch = [...datagrams(0, times(20, 100)), ...datagrams(1, times(20, 100))];
  libc.refuse = () => Errno.EINVAL;
  for (const _ of [1, 2]) send(sender, batch);
  assert.deepEqual(reports.notes, []);
  assert.deepEqual(reports.refused, { 0: 40, 1: 40 });
  assert.equal(reports.errors.length, 1);
  libc.refuse = () => 0;
  send(sender, batch);
  assert.deepEqual(messages(libc), [20, 20]);
  assert.ok(libc.taken.every(({ mtuDiscover }) => mtuDiscover === IP_PMTUDISC_DO));
});

test('opened again on another interface, it segments if that one can, and destinations stay', async () => {
  const { libc, sender, reports } = openFake({ refuse: (message) => (isSegmented(message) ? Errno.EINVAL : 0) });
  const [before] = libc.open;
  libc.refuse = () => 0;
  await sender.reopen('10.0.0.2');
  assert.equal(libc.open.size, 1);
  assert.ok(!libc.open.has(before!));
  libc.taken.length = 0;
  send(
    sender,
    [0, 1, 2].flatMap((to) => datagrams(to, times(5, 100))),
  );
  assert.deepEqual(messages(libc), [5, 5, 5]);
  assert.deepEqual(
    libc.taken.map(({ datagrams: [first], ttl }) => [first!.group, ttl]),
    [0, 1, 2].map((to) => [groupOf(to), 3]),
  );
  assert.equal(reports.notes.length, 1);
  await sender.close();
  await sender.reopen('10.0.0.3');
  assert.equal(libc.open.size, 0);
});

test('a sender that cannot be opened again keeps the socket that it has', async () => {
  const { libc, sender } = openFake();
  libc.refuse = () => Errno.EPERM;
  await assert.rejects(sender.reopen('10.0.0.2'), /10\.0\.0\.2/);
  libc.refuse = () => 0;
  send(sender, datagrams(0, times(5, 100)));
  assert.deepEqual([messages(libc), libc.open.size], [[5], 1]);
});

test('through an open socket, fragmentation stays as it is', () => {
  const libc = new FakeLibc();
  const socket = new UdpSocket(libc);
  const { callbacks } = listener();
  const options = { interfaceAddress: '10.0.0.1', ttl: 3, capacity: 4, buffer: Buffer.alloc(4_000), ...callbacks };
  const sender = BatchSender.over(libc, socket, options) ?? assert.fail('refused');
  libc.taken.length = 0;
  sender.addDestination('10.0.0.2', 5004);
  send(sender, datagrams(0, times(3, 100)));
  assert.deepEqual(
    libc.taken.map(({ datagrams, ttl, mtuDiscover }) => [datagrams.length, ttl, mtuDiscover]),
    [[3, 3, undefined]],
  );
});

for (const errno of [Errno.EAGAIN, Errno.ENOBUFS]) {
  test(`without room (${errno}) it pauses before it asks again, and then sends the rest`, () => {
    const { libc, sender, reports, pauses } = openFake();
    const room = [1, 1, 1, 2, 3]; // messages accepted after each number of pauses
    libc.refuse = () => (libc.taken.length < room[pauses()]! ? 0 : errno);
    const batch = [0, 1, 2].flatMap((to) => datagrams(to, times(10, 100)));
    send(sender, batch);
    assert.deepEqual(taken(libc), batch.map(asSent));
    assert.equal(pauses(), 4);
    assert.deepEqual(libc.calls, [3, 2, 2, 2, 2, 1, 1], 'one of three left, none of two three times, …');
    assert.deepEqual(sender.counters, { packets: 30, bytes: 3_000, refused: 0, backPressure: 4 });
    assert.deepEqual(reports, { errors: [], notes: [], refused: {}, pressed: { 1: 3, 2: 1 } });
  });

  test(`without room (${errno}) for eight pauses the rest is refused, and the next batch starts normally`, () => {
    const { libc, sender, reports, pauses } = openFake();
    const batch = [0, 1, 2].flatMap((to) => datagrams(to, times(10 + to, 100)));
    libc.refuse = ({ datagrams }) => (datagrams[0]?.group === groupOf(0) ? 0 : errno);
    send(sender, batch);
    assert.deepEqual(taken(libc), batch.slice(0, 10).map(asSent));
    assert.equal(pauses(), 8);
    assert.deepEqual(reports, { errors: [], notes: [], refused: { 1: 11, 2: 12 }, pressed: { 1: 8 } });
    assert.deepEqual(sender.counters, { packets: 10, bytes: 1_000, refused: 23, backPressure: 8 });
    assert.equal(sender.batch.count, 0);
    let left = 8;
    libc.refuse = () => (left-- > 0 ? errno : 0);
    send(sender, batch);
    assert.equal(pauses(), 16);
    assert.deepEqual(taken(libc).slice(10), batch.map(asSent));
  });
}

test('any other error loses that message only, and is reported once for each kind', () => {
  const { libc, sender, reports } = openFake();
  const batch = [0, 1, 2].flatMap((to) => datagrams(to, times(10 + to, 100)));
  const refuseSecond = (errno: number) => {
    libc.refuse = ({ datagrams }) => (datagrams[0]?.group === groupOf(1) ? errno : 0);
  };
  for (const errno of [Errno.EPERM, Errno.EPERM, ENETUNREACH, ENETUNREACH]) {
    refuseSecond(errno);
    libc.taken.length = 0;
    send(sender, batch);
    assert.deepEqual(taken(libc), batch.filter(({ to }) => to !== 1).map(asSent));
  }
  assert.deepEqual(reports.refused, { 1: 44 });
  assert.equal(reports.errors.length, 2);
  assert.equal(reports.errors[0], 'sendmmsg EPERM');
  assert.deepEqual(reports.notes, []);
  assert.deepEqual(sender.counters, { packets: 88, bytes: 8_800, refused: 44, backPressure: 0 });
});

test('an interrupted call is repeated at once', () => {
  const { libc, sender, reports, pauses } = openFake();
  const answers = [Errno.EINTR, Errno.EINTR];
  libc.refuse = () => answers.shift() ?? 0;
  send(sender, datagrams(0, times(10, 100)));
  assert.deepEqual(messages(libc), [10]);
  assert.equal(pauses(), 0);
  assert.deepEqual(reports, { errors: [], notes: [], refused: {}, pressed: {} });
});

test('for any answers of the kernel, each datagram is sent once or refused, and both are counted', () => {
  const errnos = [...Object.values(Errno), ENETUNREACH];
  const answers = fc.array(fc.oneof(fc.constant(0), fc.constantFrom(...errnos)), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(batches, answers), { minLength: 1, maxLength: 3 }), (rounds) => {
      const { libc, sender, reports } = openFake();
      let left = 0;
      let bytes = 0;
      for (const [batch, script] of rounds) {
        libc.refuse = () => script.shift() ?? 0;
        const refusedBefore = [0, 1, 2].map((to) => reports.refused[to] ?? 0);
        libc.taken.length = 0;
        send(sender, batch);
        const out = taken(libc);
        for (const to of [0, 1, 2]) {
          const expected = batch.filter((datagram) => datagram.to === to).length;
          const sent = out.filter(({ port }) => port === portOf(to)).length;
          assert.equal(sent + (reports.refused[to] ?? 0) - refusedBefore[to]!, expected);
        }
        // In order: the sent datagrams are the batch with gaps.
        let at = 0;
        for (const datagram of out) {
          while (at < batch.length && !isSame(datagram, asSent(batch[at]!))) at++;
          assert.ok(at++ < batch.length, 'sent twice, out of order, or never in the batch');
        }
        left += out.length;
        bytes += out.reduce((sum, datagram) => sum + datagram.bytes.length, 0);
      }
      assert.deepEqual([sender.counters.packets, sender.counters.bytes], [left, bytes]);
      assert.equal(
        sender.counters.refused,
        Object.values(reports.refused).reduce((sum, count) => sum + count, 0),
      );
      assert.ok(reports.notes.length <= 1);
    }),
    { numRuns: 40 },
  );
});

const isSame = (one: Datagram, other: Datagram): boolean => one.port === other.port && one.bytes.equals(other.bytes);
