import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Errno, type Libc, loadLibc } from './libc.js';
import { EventDescriptor, Poller, RING } from './poll.js';
import { SendMessages } from './send-messages.js';
import { SystemCallError, UdpSocket } from './udp-socket.js';

const { libc } = await loadLibc();
const skip = libc === null && 'needs 64-bit Linux';

function openBell(context: TestContext): EventDescriptor {
  const bell = new EventDescriptor(libc!);
  context.after(() => bell.close());
  return bell;
}

/**
 * A fake system in which every wait ends with `errno` (0 for none), and the timeouts it was given: seconds,
 * nanoseconds.
 */
function waiting(errno: number) {
  const waits: [seconds: bigint, nanoseconds: bigint][] = [];
  const fake: Partial<Libc> = {
    address: () => 4096,
    errno: () => errno,
    ppoll: (_descriptors, _count, timeout) => {
      waits.push([timeout.readBigUInt64LE(0), timeout.readBigUInt64LE(8)]);
      return errno === 0 ? 0 : -1;
    },
  };
  return { poller: new Poller(fake as Libc, [3]), waits };
}

test('a timeout is passed in seconds and nanoseconds', () => {
  const cases = [
    [0, 0n, 0n],
    [0.25, 0n, 250_000n],
    [999.5, 0n, 999_500_000n],
    [1_000, 1n, 0n],
    [90_061_001.5, 90_061n, 1_500_000n],
  ] as const;
  const { poller, waits } = waiting(0);
  for (const [timeout] of cases) poller.wait(timeout);
  assert.deepEqual(
    waits,
    cases.map(([, seconds, nanoseconds]) => [seconds, nanoseconds]),
  );
});

test('an interrupted wait finds nothing ready; any other failure is thrown', () => {
  const { poller } = waiting(Errno.EINTR);
  poller.wait(1);
  assert.equal(poller.isReady(0), false);
  assert.throws(() => waiting(Errno.EINVAL).poller.wait(1), SystemCallError);
});

test('readable descriptors are ready until they have been read', { skip }, (context) => {
  const bells = [0, 1, 2].map(() => openBell(context));
  const poller = new Poller(
    libc!,
    bells.map(({ fd }) => fd),
  );
  const ready = () => {
    poller.wait(0);
    return bells.map((_, i) => poller.isReady(i));
  };
  assert.deepEqual(ready(), [false, false, false]);
  writeSync(bells[2]!.fd, RING);
  assert.deepEqual(ready(), [false, false, true]);
  for (let rings = 0; rings < 3; rings++) writeSync(bells[0]!.fd, RING);
  assert.deepEqual(ready(), [true, false, true]);
  bells[0]!.clear(); // all rings at once
  assert.deepEqual(ready(), [false, false, true]);
});

test('a datagram ends a wait that would be long', { skip }, (context) => {
  const [socket, other] = [0, 1].map(() => {
    const socket = new UdpSocket(libc!);
    context.after(() => socket.close());
    socket.bind('127.0.0.1', 0);
    return socket;
  });
  const poller = new Poller(libc!, [other!.fd, socket!.fd]);
  sendTo(socket!);
  poller.wait(3_600_000);
  assert.deepEqual([poller.isReady(0), poller.isReady(1)], [false, true]);
});

/** Sends a datagram of two bytes. */
function sendTo(to: UdpSocket): void {
  const from = new UdpSocket(libc!);
  const { address, port } = to.address();
  const table = new SendMessages(libc!, { data: Buffer.from('hi'), capacity: 1, destinations: 1 });
  table.setDestination(0, address, port);
  table.set(0, 0, 2, 0, 0);
  assert.equal(table.send(from.fd, 0, 1), 1);
  from.close();
}
