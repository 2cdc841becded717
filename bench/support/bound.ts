/** The cost of sending alone: a loop that gives the kernel prepared batches at a given pace, until it is ended. */
import { loadLibc } from '../../src/system/libc.js';
import { SendMessages } from '../../src/system/send-messages.js';
import { UdpSocket } from '../../src/system/udp-socket.js';
import { readTask } from './helper.js';

export interface BoundTask {
  destinations: { group: string; port: number }[];
  /** Bytes of a datagram. */
  length: number;
  /** Per second. */
  packets: number;
  messages: number;
  wakeUps: number;
}

/** Limit of sendmmsg (UIO_MAXIOV). */
const MOST_MESSAGES = 1_024;

const { destinations, length, packets, messages, wakeUps }: BoundTask = readTask();
const loaded = await loadLibc();
if (loaded.libc === null) throw new Error(`sending is not possible: ${loaded.reason}`);
const socket = new UdpSocket(loaded.libc);
socket.bind('127.0.0.1', 0);
socket.setMulticast({ interfaceAddress: '127.0.0.1', ttl: 1 });
socket.setFragmenting(false);

// A message has a whole number of datagrams: `fewer`, or one more.
const fewer = Math.max(1, Math.floor(packets / messages));
const slot = (fewer + 1) * length;
const data = Buffer.alloc(destinations.length * slot, 0x47);
const tables = [fewer, fewer + 1].map((datagrams) => {
  const table = new SendMessages(loaded.libc, {
    data,
    capacity: destinations.length,
    destinations: destinations.length,
  });
  destinations.forEach(({ group, port }, i) => {
    table.setDestination(i, group, port);
    table.set(i, i * slot, datagrams * length, i, datagrams === 1 ? 0 : length);
  });
  return table;
});

console.log('ready');
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const period = 1000 / wakeUps;
const began = performance.now();
let sentMessages = 0;
let sentPackets = 0;
let next = 0;
for (let tick = 1; ; tick++) {
  const wait = began + tick * period - performance.now();
  if (wait > 0) Atomics.wait(sleeper, 0, 0, wait);
  const seconds = (tick * period) / 1000;
  const due = Math.round(messages * seconds) - sentMessages;
  const more = Math.round(packets * seconds) - sentPackets > due * (fewer + 0.5);
  const table = tables[more ? 1 : 0];
  for (let left = due; left > 0; ) {
    const count = Math.min(left, destinations.length - next, MOST_MESSAGES);
    const sent = table!.send(socket.fd, next, count);
    if (sent < 0) throw new Error(`sendmmsg: error ${-sent}`);
    next = (next + sent) % destinations.length;
    left -= sent;
  }
  sentMessages += due;
  sentPackets += due * (fewer + (more ? 1 : 0));
}
