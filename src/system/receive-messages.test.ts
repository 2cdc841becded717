import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { loadLibc } from './libc.js';
import { LARGEST_MESSAGE, ReceiveMessages } from './receive-messages.js';
import { SendMessages } from './send-messages.js';
import { UdpSocket } from './udp-socket.js';

const { libc } = await loadLibc();
const skip = libc === null && 'needs 64-bit Linux';

function openSocket(context: TestContext): UdpSocket {
  const socket = new UdpSocket(libc!);
  context.after(() => socket.close());
  socket.setReceiveBuffer(1 << 20);
  socket.bind('127.0.0.1', 0);
  return socket;
}

/** Sends each of the messages, cut into datagrams of `segment` bytes unless that is 0. */
function send(from: UdpSocket, to: UdpSocket, messages: readonly { bytes: Buffer; segment: number }[]): void {
  const data = Buffer.concat(messages.map(({ bytes }) => bytes));
  const table = new SendMessages(libc!, { data, capacity: messages.length, destinations: 1 });
  const { address, port } = to.address();
  table.setDestination(0, address, port);
  let at = 0;
  messages.forEach(({ bytes, segment }, i) => {
    table.set(i, at, bytes.length, 0, segment);
    at += bytes.length;
  });
  assert.equal(table.send(from.fd, 0, messages.length), messages.length);
}

interface Received {
  bytes: Buffer;
  segment: number;
  sender: string;
  arrival: number | null;
}

/** Receives until there are so many bytes. */
async function receive(socket: UdpSocket, messages: ReceiveMessages, bytes: number): Promise<Received[]> {
  const received: Received[] = [];
  for (let left = bytes; ; await setImmediate()) {
    const count = messages.receive(socket.fd);
    assert.ok(count >= 0, `error ${-count}`);
    for (let i = 0; i < count; i++) {
      const start = i * LARGEST_MESSAGE;
      const { address, port } = messages.source(i);
      received.push({
        bytes: Buffer.from(messages.data.subarray(start, start + messages.length(i))),
        segment: messages.segment(i),
        sender: `${address}:${port}`,
        arrival: messages.arrival(i),
      });
      left -= messages.length(i);
    }
    if (left <= 0) return received;
  }
}

const filled = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 7) & 0xff));

test('datagrams that were sent as one message come as one, with their length and sender', {
  skip,
  timeout: 10_000,
}, async (context) => {
  const [from, to] = [openSocket(context), openSocket(context)];
  to.setReceiveOffload();
  const bytes = filled(3 * 1328 + 100);
  send(from, to, [{ bytes, segment: 1328 }]);
  const { port } = from.address();
  assert.deepEqual(await receive(to, new ReceiveMessages(libc!, 4), bytes.length), [
    { bytes, segment: 1328, sender: `127.0.0.1:${port}`, arrival: null },
  ]);
});

test('without asking for it they come one by one', { skip, timeout: 10_000 }, async (context) => {
  const [from, to] = [openSocket(context), openSocket(context)];
  const bytes = filled(2 * 500 + 7);
  send(from, to, [{ bytes, segment: 500 }]);
  const received = await receive(to, new ReceiveMessages(libc!, 4), bytes.length);
  assert.deepEqual(
    received.map(({ segment }) => segment),
    [500, 500, 7],
  );
  assert.ok(Buffer.concat(received.map((each) => each.bytes)).equals(bytes));
});

test('an empty datagram is one, and the largest comes whole', { skip, timeout: 10_000 }, async (context) => {
  const [from, to] = [openSocket(context), openSocket(context)];
  to.setReceiveOffload();
  const largest = filled(65_507); // 65,535 − 20 (IPv4) − 8 (UDP)
  send(from, to, [
    { bytes: Buffer.alloc(0), segment: 0 },
    { bytes: largest, segment: 0 },
  ]);
  const received = await receive(to, new ReceiveMessages(libc!, 4), largest.length);
  assert.deepEqual(
    received.map(({ bytes, segment }) => [bytes.length, segment]),
    [
      [0, 0],
      [65_507, 65_507],
    ],
  );
  assert.ok(received[1]!.bytes.equals(largest));
});

test('more than the table holds is taken by the next calls, each sender told', {
  skip,
  timeout: 10_000,
}, async (context) => {
  const [one, other, to] = [openSocket(context), openSocket(context), openSocket(context)];
  const senders = [one, other, other, one, one, other, one];
  senders.forEach((from, i) => {
    send(from, to, [{ bytes: Buffer.from([i]), segment: 0 }]);
  });
  const received = await receive(to, new ReceiveMessages(libc!, 2), senders.length);
  assert.deepEqual(
    received.map(({ bytes, sender }) => [bytes[0], sender]),
    senders.map((from, i) => [i, `127.0.0.1:${from.address().port}`]),
  );
});

test('the kernel notes when a message arrived, also of several datagrams', {
  skip,
  timeout: 10_000,
}, async (context) => {
  const [from, to] = [openSocket(context), openSocket(context)];
  to.setReceiveOffload();
  to.setTimestamps();
  const before = Date.now();
  send(from, to, [{ bytes: filled(900), segment: 300 }]);
  const [received] = await receive(to, new ReceiveMessages(libc!, 2), 900);
  const { segment, arrival } = received!;
  assert.equal(segment, 300);
  assert.ok(arrival !== null && Math.abs(arrival - before) < 60_000, `${arrival} instead of ${before}`);
});

test('nothing there is 0 messages, and a descriptor that is none is EBADF', { skip }, (context) => {
  const socket = openSocket(context);
  const messages = new ReceiveMessages(libc!, 2);
  assert.equal(messages.receive(socket.fd), 0);
  socket.close();
  assert.equal(messages.receive(socket.fd), -9);
});
