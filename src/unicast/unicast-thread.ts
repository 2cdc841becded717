/** The thread for single viewers: the control protocol, repairs, bursts and replay. */
import { parentPort, workerData } from 'node:worker_threads';
import { closeInOrder } from '../base/closing.js';
import { stackOf } from '../base/problem.js';
import { Millis } from '../base/units.js';
import { Clock } from '../clock/clock.js';
import type { Flows } from '../control/flows.js';
import { ControlServer, type SocketOpener } from '../control/server.js';
import { Reopening } from '../net/reopening.js';
import { type LoopEndpoint, SocketLoop } from '../net/socket-loop.js';
import { MemoryReader, WaitingReader } from '../reel/payload-reader.js';
import { Station } from '../station/station.js';
import { willNeed } from '../system/file.js';
import { type Libc, loadLibc } from '../system/libc.js';
import { SystemCallError } from '../system/udp-socket.js';
import type { ThreadReport } from '../threads/messages.js';
import { openThread } from '../threads/open-thread.js';
import { Directory } from './directory.js';
import { EndpointSender } from './endpoint-sender.js';
import type { ServedChange, ServedStation, UnicastCommand, UnicastReport, UnicastThreadData } from './messages.js';
import { retransmissionMemory, type UnicastSender } from './packet-writer.js';
import { Unicast } from './unicast.js';

const port = parentPort!;
const data = workerData as UnicastThreadData;

/** Retransmissions in a batch. */
const BATCH = 256;
/** Longest time between two visits to the event loop, which has the timers, if there is no message. */
const LONGEST_TURN = Millis(100);
const STATS_PERIOD = Millis(1_000);

const post = (message: ThreadReport | UnicastReport) => port.postMessage(message);
const postDescriptors = ({ bell, descriptors }: SocketLoop) => post({ is: 'looping', bell, descriptors });
const note = (line: string) => post({ is: 'note', line });
const sendError = (line: string) => post({ is: 'send-error', line });

/** The loop that takes all datagrams at once; null where the system has none. */
function openLoop(libc: Libc | null): SocketLoop | null {
  if (libc === null) return null;
  try {
    return new SocketLoop(libc);
  } catch (error) {
    if (!(error instanceof SystemCallError)) throw error;
    note(`More of the processor is taken by requests than needed: ${error.message}.`);
    return null;
  }
}

function openSender(control: ControlServer, isLooping: boolean, memory: Buffer): UnicastSender {
  const endpoint = control.endpoints[0]!;
  if (isLooping) {
    const sender = (endpoint as LoopEndpoint).openSender({
      ttl: data.ttl,
      capacity: BATCH,
      buffer: memory,
      onError: (error) => sendError(`Repairs cannot be sent from ${data.at.address}: ${error.message}`),
      onRefused: () => undefined, // The client takes it for lost on the way, and requests it again.
      onPressure: () => undefined,
      onNote: () => undefined, // Playout has met and logged the same.
    });
    if (sender !== null) return sender;
  }
  return new EndpointSender(endpoint, { buffer: memory, capacity: BATCH });
}

async function open() {
  const clock = new Clock(data.clock);
  const now = () => clock.now();
  const { libc } = await loadLibc();
  const loop = openLoop(libc);
  const unicast: { current: Unicast | null } = { current: null };
  const onFault = (id: string, error: unknown) => {
    directory.remove(id);
    unicast.current?.remove(id);
    post({ is: 'fault', id, message: stackOf(error) });
  };
  const directory = new Directory(now, onFault);
  const flows: Flows = {
    begin: (...request) => unicast.current?.begin(...request) ?? 'off-air',
    end: (client) => unicast.current?.end(client),
  };
  const control = await ControlServer.open({
    server: data.server,
    port: data.controlPort,
    query: data.query,
    interfaces: [data.at],
    directory,
    flows,
    ttl: data.ttl,
    now,
    secret: Buffer.from(data.secret),
    key: data.messageKey,
    log: sendError,
    onFeedback: (datagram, from) => unicast.current?.feedback(datagram, 0, datagram.length, from, now()),
    sockets: (loop as SocketOpener | null) ?? undefined,
  });
  const memory = retransmissionMemory(BATCH);
  unicast.current = new Unicast({
    sender: openSender(control, loop !== null, memory),
    reader: libc === null ? new WaitingReader() : new MemoryReader(libc, memory),
    bring: libc === null ? () => undefined : (...part) => willNeed(libc, ...part),
    budget: data.budget,
    history: data.history,
    accepts: (from, cookie, time) => control.acceptsFeedback(from, cookie, time),
    countWork: (from, packets) => control.countWork(from, packets),
    members: (station) => control.members(station),
    onReadError: (id, error) => post({ is: 'read-error', id, ...error }),
    onFault,
    now: now(),
  });
  if (loop) postDescriptors(loop);
  post({ is: 'port', port: control.port });
  return { now, loop, directory, control, unicast: unicast.current, onFault };
}

type Opened = Awaited<ReturnType<typeof open>>;

function serve({ now, loop, directory, control, unicast, onFault }: Opened): void {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const stations = new Map<string, Station>();
  const reopening = new Reopening({
    reopen: async () => {
      try {
        await control.reopen([data.at]);
      } finally {
        if (loop) postDescriptors(loop);
      }
    },
    onError: (error) => sendError(`control: ${error.message}`),
  });
  const forget = (id: string) => {
    stations.delete(id);
    directory.remove(id);
    unicast.remove(id);
  };
  const add = (served: ServedStation) => {
    const { id, info } = served;
    const { group, port, bitrate } = info;
    const station = Station.of(served.station);
    forget(id); // It may be here already: this thread took over from one that had given it up.
    stations.set(id, station);
    directory.add(served, station);
    unicast.add({ id, station, group, port, bitrate, now: now() });
  };
  const change = (served: ServedChange['station']) => {
    stations.get(served.id)?.update(served.delta);
    directory.change(served);
  };
  /** A message about a station that cannot be carried out ends the service of that station only. */
  const attempt = <S extends { id: string }>(work: (served: S) => void, served: S) => {
    try {
      work(served);
    } catch (error) {
      stations.delete(served.id);
      onFault(served.id, error);
    }
  };
  port.on('message', (message: UnicastCommand) => {
    if (message.do === 'add') {
      attempt(add, message.station);
    } else if (message.do === 'change') {
      attempt(change, message.station);
    } else if (message.do === 'reopen') {
      data.at = message.at;
      reopening.to(message.at.address);
    } else if (message.do === 'remove') {
      forget(message.id);
      post({ is: 'removed', id: message.id });
    } else {
      isStopped = true;
      if (loop === null) void stop();
    }
  });
  const stats = setInterval(() => {
    post({ is: 'stats', sessions: control.sessions(), stats: unicast.stats(now()) });
  }, STATS_PERIOD);
  const stop = () => {
    reopening.close();
    clearInterval(stats);
    clearTimeout(timer);
    return closeInOrder([
      () => control.close(),
      () => loop?.close(),
      () => (loop ? postDescriptors(loop) : undefined),
      () => port.close(),
    ]);
  };

  const turn = () => {
    if (isStopped) {
      void stop();
      return;
    }
    const end = now() + LONGEST_TURN;
    let isRung = false;
    while (!isRung && now() < end) {
      const next = Math.min(end, unicast.tick(now()));
      isRung = loop!.turn(Millis(Math.max(0, next - now())));
    }
    // Messages and timers come before the next turn.
    setImmediate(turn);
  };
  const tick = () => {
    const next = unicast.tick(now());
    timer = setTimeout(tick, Math.min(LONGEST_TURN, Math.max(1, next - now())));
  };
  if (loop) setImmediate(turn);
  else tick();
}

const opened = await openThread(port, open);
if (opened) serve(opened);
