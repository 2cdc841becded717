/**
 * The receiver of a benchmark. Its task is an array of `{group, port}`, and `address` where the groups are joined on another
 * interface than loopback. Commands: `begin` starts the measurement; `end`,
 * or `end clocked` when RTP timestamps are due times, prints a Received.
 *
 * It polls the sockets: the kernel notes arrival times, and a wake-up of the receiver would be work for the sender.
 */
import { loadLibc } from '../../src/system/libc.js';
import { LARGEST_MESSAGE, ReceiveMessages } from '../../src/system/receive-messages.js';
import { UdpSocket } from '../../src/system/udp-socket.js';
import { Arrivals, type Lateness, lateness, lost, type Spacing, spacing } from './arrivals.js';
import { commands, readTask } from './helper.js';
import { sum } from './stats.js';

export interface Received {
  /** Means of a station: bytes of UDP payload in a packet, and bit/s of transport stream. */
  packetLength: number;
  bitrate: number;
  stations: number;
  seconds: number;
  packets: number;
  lost: number | null;
  lateness: Lateness | null;
  spacing: Spacing;
}

/** Time between two polls, ms. */
const LOOK = 20;
const MESSAGES = 64;
/** The kernel can limit it. */
const BUFFER = 8 << 20;
const noTimestamps = (): never => {
  throw new Error('the kernel does not timestamp arrivals');
};

const loaded = await loadLibc();
if (loaded.libc === null) throw new Error(`receiving is not possible: ${loaded.reason}`);
const { libc } = loaded;
const messages = new ReceiveMessages(libc, MESSAGES);
const stations = readTask<{ group: string; port: number; address?: string }[]>().map(({ group, port, address }) => {
  const socket = new UdpSocket(libc);
  socket.setReuseAddress();
  socket.setReceiveBuffer(BUFFER);
  socket.setTimestamps();
  socket.bind(group, port);
  socket.joinGroup(group, address ?? '127.0.0.1');
  return { socket, arrivals: new Arrivals() };
});

/** Start of the measurement, Unix epoch, ms. */
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

function result(isClocked: boolean): Received {
  const seconds = (Date.now() - from) / 1000;
  const seen = stations.map(({ arrivals }) => arrivals);
  const bitrates = seen.map(({ tsBytes }) => (tsBytes * 8) / seconds);
  const packets = sum(seen.map(({ times }) => times.length));
  return {
    packetLength: sum(seen.map(({ bytes }) => bytes)) / packets,
    bitrate: sum(bitrates) / bitrates.length,
    stations: stations.length,
    seconds,
    packets,
    lost: lost(seen),
    lateness: isClocked ? lateness(seen) : null,
    spacing: spacing(seen),
  };
}

const timer = setInterval(look, LOOK);
for await (const [word, kind] of commands()) {
  if (word === 'begin') {
    from = Date.now();
    continue;
  }
  clearInterval(timer);
  look();
  console.log(JSON.stringify(result(kind === 'clocked')));
}
process.exit();
