/**
 * The receiver of a benchmark, a process of its own. Its argument is a JSON array of `{group, port}`. It prints a line
 * when it has joined them. `begin` on standard input begins the time that counts; `end`, or `end clocked` where RTP
 * timestamps are due times, ends it: then it prints what it saw.
 *
 * It looks for packets now and then rather than waiting for them: the kernel notes when each arrived, and waking a
 * receiver would be work for the sender.
 */
import { createInterface } from 'node:readline';
import { loadLibc } from '../../src/system/libc.js';
import { LARGEST_MESSAGE, ReceiveMessages } from '../../src/system/receive-messages.js';
import { UdpSocket } from '../../src/system/udp-socket.js';
import { Arrivals, type Lateness, lateness, lost, type Spacing, spacing } from './arrivals.js';

export interface Received {
  /** A station, on average: UDP payload bytes in a packet, and bit/s of transport stream. */
  packetLength: number;
  bitrate: number;
  /** Of the station that sent least. */
  leastBitrate: number;
  stations: number;
  seconds: number;
  packets: number;
  lost: number | null;
  lateness: Lateness | null;
  spacing: Spacing;
}

const LOOK = 20;
const MESSAGES = 64;
/** The kernel grants less where its limit is lower. */
const BUFFER = 8 << 20;
/** Without kernel time stamps there is nothing to measure. */
const noTimestamps = (): never => {
  throw new Error('the kernel does not note arrival times');
};

const loaded = await loadLibc();
if (loaded.libc === null) throw new Error(`no way to receive: ${loaded.reason}`);
const { libc } = loaded;
const messages = new ReceiveMessages(libc, MESSAGES);
const stations = (JSON.parse(process.argv[2]!) as { group: string; port: number }[]).map(({ group, port }) => {
  const socket = new UdpSocket(libc);
  socket.setReuseAddress();
  socket.setReceiveBuffer(BUFFER);
  socket.setTimestamps();
  socket.bind(group, port);
  socket.joinGroup(group, '127.0.0.1');
  return { socket, arrivals: new Arrivals() };
});

/** Milliseconds since the Unix epoch; packets from before do not count. */
let from = Number.POSITIVE_INFINITY;

function look(): void {
  for (const { socket, arrivals } of stations) {
    for (;;) {
      const count = messages.receive(socket.fd);
      if (count < 0) throw new Error(`recvmmsg: error ${-count}`);
      for (let i = 0; i < count; i++) {
        const time = messages.arrival(i) ?? noTimestamps();
        const start = i * LARGEST_MESSAGE;
        if (time >= from) arrivals.add(messages.data.subarray(start, start + messages.length(i)), time);
      }
      if (count < MESSAGES) break;
    }
  }
}

function result(clocked: boolean): Received {
  const seconds = (Date.now() - from) / 1000;
  const seen = stations.map(({ arrivals }) => arrivals);
  const bitrates = seen.map(({ tsBytes }) => (tsBytes * 8) / seconds);
  const packets = seen.reduce((sum, { times }) => sum + times.length, 0);
  return {
    packetLength: seen.reduce((sum, { bytes }) => sum + bytes, 0) / packets,
    bitrate: bitrates.reduce((sum, rate) => sum + rate, 0) / bitrates.length,
    leastBitrate: Math.min(...bitrates),
    stations: stations.length,
    seconds,
    packets,
    lost: lost(seen),
    lateness: clocked ? lateness(seen) : null,
    spacing: spacing(seen),
  };
}

const timer = setInterval(look, LOOK);
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'begin') {
    from = Date.now();
    continue;
  }
  clearInterval(timer);
  look();
  process.stdout.write(`${JSON.stringify(result(line === 'end clocked'))}\n`);
  break;
}
for (const { socket } of stations) socket.close();
process.stdin.destroy();
