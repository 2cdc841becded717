/** A thread that plays stations: sleeps until the next packets are due, sends them, and looks for messages in between. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, Problem } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import { Clock } from '../clock/clock.js';
import { openSender } from '../net/open-sender.js';
import type { MulticastSender } from '../net/sender.js';
import { MemoryReader, WaitingReader } from '../reel/payload-reader.js';
import { Station } from '../station/station.js';
import { loadLibc } from '../system/libc.js';
import { StationCounters } from '../threads/station-counters.js';
import { type FromThread, MOST_STATIONS, type PlayoutThreadData, type ToThread } from './messages.js';
import { WindowMemory } from './packet-window.js';
import { ParityOnAir } from './parity-on-air.js';
import { Playout } from './playout.js';

const port = parentPort!;
const { clock: sharedClock, bell, interfaceAddress, ttl } = workerData as PlayoutThreadData;
/** Packets in a batch. */
const BATCH = 512;

/** Without a message, the event loop is looked at only so often: it takes as long as sending some packets. */
const LONGEST_TURN: Millis = 100;

const say = (message: FromThread) => port.postMessage(message);

async function open(): Promise<{ playout: Playout; parity: ParityOnAir; sender: MulticastSender }> {
  const clock = new Clock(sharedClock);
  const memory = new WindowMemory(MOST_STATIONS + 1); // One is the parity's.
  const sender = await openSender({
    interfaceAddress,
    ttl,
    capacity: BATCH,
    buffer: memory.places.buffer,
    onError: (error) => say({ is: 'note', line: `Packets cannot be sent from ${interfaceAddress}: ${error.message}` }),
    onRefused: (destination, packets) => playout.refused(destination, packets),
    onPressure: (destination) => playout.pressed(destination),
    onNote: (line) => say({ is: 'note', line }),
  });
  const { libc } = await loadLibc();
  const reader = libc === null ? new WaitingReader() : new MemoryReader(libc, memory.places.buffer);
  const playout = new Playout({ sender, memory, reader, now: () => clock.now() });
  return { playout, parity: new ParityOnAir(playout, memory.scratch()), sender };
}

function play({ playout, parity, sender }: Awaited<ReturnType<typeof open>>): void {
  const rings = new Int32Array(bell);
  const clock = new Clock(sharedClock);
  const stations = new Map<string, Station>();
  let isStopped = false;
  port.on('message', (message: ToThread) => {
    if (message.do === 'add') {
      const { station: data, progress, fec, ...rest } = message.station;
      const station = Station.of(data);
      stations.set(rest.id, station);
      playout.add({ ...rest, source: station, progress: new StationCounters(progress) });
      if (fec) parity.add({ ...rest, station, fec });
    } else if (message.do === 'fec') {
      parity.set(message.id, message.mode);
    } else if (message.do === 'change') {
      const { id, station } = message.station;
      stations.get(id)?.take(station);
      playout.readAgain(id);
      parity.change(id);
    } else if (message.do === 'remove') {
      stations.delete(message.id);
      parity.remove(message.id);
      playout.remove(message.id);
      say({ is: 'removed', id: message.id });
    } else {
      isStopped = true;
    }
  });
  const turn = (rung: number) => {
    if (isStopped) {
      void sender.close().then(() => port.close());
      return;
    }
    const end = sender.usesEventLoop ? 0 : clock.now() + LONGEST_TURN;
    do {
      const sleep = playout.tick() - clock.now();
      // Timers have whole milliseconds; this wakes to a tenth of one, or at the bell.
      if (sleep > 0) Atomics.wait(rings, 0, rung, sleep);
    } while (clock.now() < end && Atomics.load(rings, 0) === rung);
    rest();
  };
  // Messages, and what sockets of Node.js have to do, come before the next turn. The bell is read before them: what
  // comes later rings it again.
  const rest = () => setImmediate(turn, Atomics.load(rings, 0));
  rest();
}

try {
  const opened = await open();
  say({ is: 'ready' });
  play(opened);
} catch (error) {
  const { code, message, next } =
    error instanceof Problem ? error : { code: 'network' as const, message: messageOf(error), next: '' };
  say({ is: 'unable', code, message, next });
  port.close();
}
