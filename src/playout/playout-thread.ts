/** A thread that plays stations: sleeps until the next packets are due, sends them, and handles messages in between. */
import { parentPort, workerData } from 'node:worker_threads';
import { Millis } from '../base/units.js';
import { Clock } from '../clock/clock.js';
import { openSender } from '../net/open-sender.js';
import { Reopening } from '../net/reopening.js';
import type { MulticastSender } from '../net/sender.js';
import { MemoryReader, WaitingReader } from '../reel/payload-reader.js';
import { Station } from '../station/station.js';
import { loadLibc } from '../system/libc.js';
import type { ThreadReport } from '../threads/messages.js';
import { openThread } from '../threads/open-thread.js';
import { StationCounters } from '../threads/station-counters.js';
import { MOST_STATIONS, type PlayoutCommand, type PlayoutThreadData } from './messages.js';
import { WindowMemory } from './packet-window.js';
import { ParityOnAir } from './parity-on-air.js';
import { Playout } from './playout.js';

const port = parentPort!;
const { clock: sharedClock, bell, ttl, ...given } = workerData as PlayoutThreadData;
let { interfaceAddress } = given;
/** Packets in a batch. */
const BATCH = 512;

/** Longest time between two visits to the event loop, if there is no message: a visit costs as much as some packets. */
const LONGEST_TURN = Millis(100);

const post = (message: ThreadReport) => port.postMessage(message);
const sendError = (error: Error) =>
  post({ is: 'send-error', line: `Packets cannot be sent from ${interfaceAddress}: ${error.message}` });

async function open(): Promise<{ playout: Playout; parity: ParityOnAir; sender: MulticastSender }> {
  const clock = new Clock(sharedClock);
  const memory = new WindowMemory(MOST_STATIONS + 1); // One is the parity's.
  const { buffer } = memory.slots;
  const sender = await openSender({
    interfaceAddress,
    ttl,
    capacity: BATCH,
    buffer,
    onError: sendError,
    onRefused: (destination, packets) => playout.onRefused(destination, packets),
    onPressure: (destination) => playout.onPressure(destination),
    onNote: (line) => post({ is: 'note', line }),
  });
  const { libc } = await loadLibc();
  const playout = new Playout({
    sender,
    memory,
    reader: libc === null ? new WaitingReader() : new MemoryReader(libc, buffer),
    now: () => clock.now(),
    onReadError: (id, error) => post({ is: 'read-error', id, ...error }),
  });
  return { playout, parity: new ParityOnAir(playout, memory.scratch()), sender };
}

function play({ playout, parity, sender }: Awaited<ReturnType<typeof open>>): void {
  const rings = new Int32Array(bell);
  const clock = new Clock(sharedClock);
  const stations = new Map<string, Station>();
  const reopening = new Reopening({
    reopen: (address) => sender.reopen(address),
    onError: sendError,
  });
  let isStopped = false;
  // The thread dies of an error in a turn or a message, and the system closes no descriptor with it.
  process.once('uncaughtExceptionMonitor', () => void sender.close());
  port.on('message', (message: PlayoutCommand) => {
    if (message.do === 'add') {
      const { station: data, progress, fec, ...rest } = message.station;
      const station = Station.of(data);
      stations.set(rest.id, station);
      playout.add({ ...rest, source: station, progress: new StationCounters(progress) });
      if (fec) parity.add({ ...rest, station, fec });
    } else if (message.do === 'fec') {
      parity.set(message.id, message.mode);
    } else if (message.do === 'change') {
      const { id, delta } = message.station;
      stations.get(id)?.update(delta);
      playout.readAgain(id);
      parity.change(id);
    } else if (message.do === 'reopen') {
      interfaceAddress = message.at.address;
      reopening.to(interfaceAddress);
    } else if (message.do === 'remove') {
      stations.delete(message.id);
      parity.remove(message.id);
      playout.remove(message.id);
      post({ is: 'removed', id: message.id });
    } else {
      isStopped = true;
    }
  });
  const turn = (rung: number) => {
    if (isStopped) {
      reopening.close();
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
  // Messages, and the work of Node.js's sockets, come before the next turn. The bell is read before them: a later
  // message rings it again.
  const rest = () => setImmediate(turn, Atomics.load(rings, 0));
  rest();
}

const opened = await openThread(port, open);
if (opened) play(opened);
