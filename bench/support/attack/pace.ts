/** Sending at a rate. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadLibc } from '../../../src/system/libc.js';
import { SendMessages } from '../../../src/system/send-messages.js';
import { UdpSocket } from '../../../src/system/udp-socket.js';

/** Milliseconds between two looks at the clock. */
const PERIOD = 4;

/** Calls `send` with how many are due, until a time of `performance.now()`. Resolves with how many it was asked for. */
export async function paced(rate: number, until: number, send: (count: number) => unknown): Promise<number> {
  const began = performance.now();
  let sent = 0;
  for (let now = began; now < until; now = performance.now()) {
    const due = Math.round(((now - began) * rate) / 1000) - sent;
    if (due > 0) await send(due);
    sent += Math.max(0, due);
    await sleep(PERIOD);
  }
  return sent;
}

/** Calls `send` for each one that is due. */
export const pacedEach = (rate: number, until: number, send: () => unknown): Promise<number> =>
  paced(rate, until, (count) => {
    for (let i = 0; i < count; i++) send();
  });

export interface FloodOptions {
  datagrams: readonly Buffer[];
  /** The attacker's addresses: each socket has one of them. */
  from: readonly string[];
  sockets: number;
  to: { address: string; port: number };
  /** Datagrams a second; as many of them as one processor can. */
  rate: number;
}

/** Datagrams in one system call. */
const BATCH = 32;

/** Sends the same datagrams over and over, in batches. Returns what floods until a time, and says how many it sent. */
export async function flooder(options: FloodOptions): Promise<(until: number) => Promise<number>> {
  const { datagrams, from, sockets: count, to, rate } = options;
  const { libc } = await loadLibc();
  if (libc === null) throw new Error('64-bit Linux is needed');
  const sockets = Array.from({ length: count }, (_, i) => {
    const socket = new UdpSocket(libc);
    socket.bind(from[i % from.length]!, 0);
    socket.setMulticast({ interfaceAddress: from[i % from.length]!, ttl: 1 });
    return socket;
  });
  const table = new SendMessages(libc, { data: Buffer.concat(datagrams), capacity: datagrams.length, destinations: 1 });
  table.setDestination(0, to.address, to.port);
  let at = 0;
  for (const [i, { length }] of datagrams.entries()) {
    table.set(i, at, length, 0, 0);
    at += length;
  }
  let next = 0;
  let first = 0;
  return async (until) => {
    let sent = 0;
    await paced(rate, until, (due) => {
      // What could not be sent in time is not made up for: an attacker's processor has its limits.
      for (let left = due; left > 0 && performance.now() < until; ) {
        const done = table.send(sockets[next]!.fd, first, Math.min(left, BATCH, datagrams.length - first));
        next = (next + 1) % sockets.length;
        if (done <= 0) return; // Its buffer is full.
        first = (first + done) % datagrams.length;
        left -= done;
        sent += done;
      }
    });
    for (const socket of sockets) socket.close();
    return sent;
  };
}
