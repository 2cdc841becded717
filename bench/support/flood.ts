/**
 * Sends forged requests from many loopback addresses until it is ended: starts without a cookie; tunes, replays and
 * feedback with a forged cookie; and random bytes.
 */
import { randomBytes } from 'node:crypto';
import { PacketNumber } from '../../src/base/units.js';
import { loadLibc } from '../../src/system/libc.js';
import { SendMessages } from '../../src/system/send-messages.js';
import { UdpSocket } from '../../src/system/udp-socket.js';
import { encodeFeedback } from '../../src/wire/feedback.js';
import { COOKIE_LENGTH, encodeMessage, message } from '../../src/wire/message.js';
import { randomFrom } from '../../test/support/relay.js';
import { readTask } from './helper.js';

export interface FloodTask {
  controlPort: number;
  station: string;
  ssrc: number;
  /** Per second. */
  requests: number;
}

const SOURCES = 512;
/** Milliseconds. */
const PERIOD = 5;

const { controlPort, station, ssrc, requests }: FloodTask = readTask();
const { libc } = await loadLibc();
if (libc === null) throw new Error('64-bit Linux is needed');

const random = randomFrom(3);
const byte = () => 1 + Math.floor(random() * 254);
const sockets = Array.from({ length: SOURCES }, () => {
  const socket = new UdpSocket(libc);
  socket.bind(`127.${byte()}.${byte()}.${byte()}`, 0);
  return socket;
});

const forged = () => ({ cookie: randomBytes(COOKIE_LENGTH) });
const id = () => Math.floor(random() * 2 ** 32);
const nack = () =>
  encodeFeedback({
    sender: id(),
    media: ssrc,
    ...forged(),
    missing: [PacketNumber(1_000_000), PacketNumber(1_000_003)],
    copies: 4,
    flow: null,
    report: null,
  })[0]!;
const kinds: (() => Buffer)[] = [
  () => encodeMessage(message('start', id(), {}), { minLength: 300 }),
  () => encodeMessage(message('tune', id(), { station, burst: { flow: 1 } }, forged())),
  () => encodeMessage(message('replay', id(), { flow: 1, speed: 10, from: { kind: 'live' } }, forged())),
  nack,
  () => randomBytes(100),
];
const datagrams = Array.from({ length: 250 }, (_, i) => kinds[i % kinds.length]!());
const data = Buffer.concat(datagrams);
const table = new SendMessages(libc, { data, capacity: datagrams.length, destinations: 1 });
table.setDestination(0, '127.0.0.1', controlPort);
for (let i = 0, at = 0; i < datagrams.length; i++) {
  table.set(i, at, datagrams[i]!.length, 0, 0);
  at += datagrams[i]!.length;
}

console.log('ready');
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const began = performance.now();
let sent = 0;
let next = 0;
for (let tick = 1; ; tick++) {
  const wait = began + tick * PERIOD - performance.now();
  if (wait > 0) Atomics.wait(sleeper, 0, 0, wait);
  for (let left = Math.round((requests * tick * PERIOD) / 1_000) - sent; left > 0; ) {
    const first = sent % datagrams.length;
    // Few from each source, so that many sources are active at any time.
    const count = Math.min(left, 8, datagrams.length - first);
    const done = table.send(sockets[next]!.fd, first, count);
    if (done < 0) throw new Error(`sendmmsg: error ${-done}`);
    next = (next + 1) % SOURCES;
    left -= done;
    sent += done;
  }
}
