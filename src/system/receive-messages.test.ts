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

/** Sends each message, cut into datagrams of `segment` bytes unless that is 0. */
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

/** Receives until that number of bytes has arrived. */
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

test('datagrams sent as one message arrive as one, with their length and source', {
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

test('without receive offload they arrive one by one', { skip, timeout: 10_000 }, async (context) => {
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

test('an empty datagram is received, and the largest arrives whole', { skip, timeout: 10_000 }, async (context) => {
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

test('messages beyond the table’s capacity are received by the next calls, each with its source', {
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

test('the kernel notes the arrival of a message, also of several datagrams', {
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

test('an empty socket gives 0 messages, an invalid descriptor EBADF', { skip }, (context) => {
  const socket = openSocket(context);
  const messages = new ReceiveMessages(libc!, 2);
  assert.equal(messages.receive(socket.fd), 0);
  socket.close();
  assert.equal(messages.receive(socket.fd), -9);
});
