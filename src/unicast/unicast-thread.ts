/** The thread for single viewers: the control protocol, repair, bursts and replay. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, Problem } from '../base/problem.js';
import { type Millis, millisToTicks } from '../base/units.js';
import { Clock } from '../clock/clock.js';
import type { UnicastStats } from '../contract/server-view.js';
import type { Flows } from '../control/flows.js';
import { ControlServer, type SocketOpener } from '../control/server.js';
import { type LoopEndpoint, SocketLoop } from '../net/socket-loop.js';
import { MemoryReader, WaitingReader } from '../reel/payload-reader.js';
import { NowOnAir } from '../station/guide.js';
import { Station } from '../station/station.js';
import { willNeed } from '../system/file.js';
import { type Libc, loadLibc } from '../system/libc.js';
import { SystemCallError } from '../system/udp-socket.js';
import type { ThreadReport } from '../threads/messages.js';
import { StationCounters } from '../threads/station-counters.js';
import type { StationInfo } from '../wire/station-info.js';
import { EndpointSender } from './endpoint-sender.js';
import type { ServedStation, UnicastCommand, UnicastReport, UnicastThreadData } from './messages.js';
import { retransmissionMemory, type UnicastSender } from './packet-writer.js';
import { Unicast } from './unicast.js';

const port = parentPort!;
const data = workerData as UnicastThreadData;

/** Retransmissions in a batch. */
const BATCH = 256;
/** Without a message the event loop, which has the timers, is looked at only so often. */
const LONGEST_TURN: Millis = 100;
const FIGURES_PERIOD: Millis = 1_000;
/** How old what is told of the stations may be: what is playing now changes seldom. */
const LIST_LIFETIME: Millis = 500;

const say = (message: ThreadReport | UnicastReport) => port.postMessage(message);
const tellOpen = ({ bell, descriptors }: SocketLoop) => say({ is: 'looping', bell, descriptors });
const note = (line: string) => say({ is: 'note', line });

/** The stations, as the control protocol asks for them. */
class Directory {
  readonly #served = new Map<
    string,
    { info: StationInfo; station: Station; onAir: NowOnAir; progress: StationCounters }
  >();
  #list: StationInfo[] = [];
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock) {}

  add({ id, info, progress }: ServedStation, station: Station): void {
    this.#served.set(id, { info, station, onAir: new NowOnAir(station), progress: new StationCounters(progress) });
    this.#listedAt = Number.NEGATIVE_INFINITY;
  }

  change({ id, info, station }: ServedStation): void {
    const served = this.#served.get(id);
    if (served === undefined) return;
    served.info = info;
    served.station.take(station);
    this.#listedAt = Number.NEGATIVE_INFINITY;
  }

  remove(id: string): void {
    this.#served.delete(id);
    this.#listedAt = Number.NEGATIVE_INFINITY;
  }

  ids(): string[] {
    return [...this.#served.keys()];
  }

  stations(): readonly StationInfo[] {
    const now = this.clock.now();
    if (now - this.#listedAt < LIST_LIFETIME) return this.#list;
    const time = millisToTicks(now);
    this.#list = [...this.#served.values()]
      .map(({ info, onAir }) => ({ ...info, ...onAir.at(time) }))
      .sort((a, b) => a.number - b.number);
    this.#listedAt = now;
    return this.#list;
  }

  position(id: string): { next: number; time: Millis } | undefined {
    const served = this.#served.get(id);
    if (served === undefined) return undefined;
    const time = this.clock.now();
    // Until its first packet has left: the one that comes next in any case.
    return { next: served.progress.next || served.station.at(millisToTicks(time)) + 1, time };
  }
}

/** The loop that takes all datagrams at once, where the system has it. */
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
  const [endpoint] = control.endpoints;
  if (isLooping) {
    const sender = (endpoint as LoopEndpoint).openSender({
      ttl: data.ttl,
      capacity: BATCH,
      buffer: memory,
      onError: (error) => note(`Repairs cannot be sent from ${data.at.address}: ${error.message}`),
      onRefused: () => undefined, // Lost on the way, for the client: it asks again.
      onPressure: () => undefined,
      onNote: () => undefined, // Playout has found the same, and says it.
    });
    if (sender !== null) return sender;
  }
  return new EndpointSender(endpoint, { buffer: memory, capacity: BATCH });
}

async function open() {
  const clock = new Clock(data.clock);
  const { libc } = await loadLibc();
  const loop = openLoop(libc);
  const directory = new Directory(clock);
  const unicast: { current: Unicast | null } = { current: null };
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
    now: () => clock.now(),
    secret: Buffer.from(data.secret),
    log: note,
    onFeedback: (datagram, from) => unicast.current?.feedback(datagram, 0, datagram.length, from, clock.now()),
    sockets: (loop as SocketOpener | null) ?? undefined,
  });
  const memory = retransmissionMemory(BATCH);
  unicast.current = new Unicast({
    sender: openSender(control, loop !== null, memory),
    reader: libc === null ? new WaitingReader() : new MemoryReader(libc, memory),
    bring: libc === null ? () => undefined : (...part) => willNeed(libc, ...part),
    budget: data.budget,
    history: data.history,
    accepts: (from, cookie, now) => control.acceptsFeedback(from, cookie, now),
    members: (station) => control.members(station),
    onReadError: (id, error) => say({ is: 'read-error', id, ...error }),
    now: clock.now(),
  });
  return { clock, loop, directory, control, unicast: unicast.current };
}

type Opened = Awaited<ReturnType<typeof open>>;

function serve({ clock, loop, directory, control, unicast }: Opened): void {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  port.on('message', (message: UnicastCommand) => {
    if (message.do === 'add') {
      const { id, info } = message.station;
      const { group, port, bitrate } = info;
      const station = Station.of(message.station.station);
      directory.add(message.station, station);
      unicast.add({ id, station, group, port, bitrate, now: clock.now() });
    } else if (message.do === 'change') {
      directory.change(message.station); // The station of `unicast` is the same.
    } else if (message.do === 'remove') {
      directory.remove(message.id);
      unicast.remove(message.id);
      say({ is: 'removed', id: message.id });
    } else {
      isStopped = true;
      if (loop === null) void stop();
    }
  });
  const stats = setInterval(() => {
    const told: Record<string, UnicastStats> = {};
    for (const id of directory.ids()) {
      const of = unicast.stats(id, clock.now());
      if (of && (of.requested > 0 || of.flowPackets > 0 || of.reports.receivers > 0)) told[id] = of;
    }
    say({ is: 'stats', sessions: control.sessions(), stats: told });
  }, FIGURES_PERIOD);
  const stop = async () => {
    clearInterval(stats);
    clearTimeout(timer);
    await control.close();
    loop?.close();
    if (loop) tellOpen(loop);
    port.close();
  };

  const turn = () => {
    if (isStopped) {
      void stop();
      return;
    }
    const end = clock.now() + LONGEST_TURN;
    let isRung = false;
    while (!isRung && clock.now() < end) {
      const next = Math.min(end, unicast.tick(clock.now()));
      isRung = loop!.turn(Math.max(0, next - clock.now()));
    }
    // Messages and timers come before the next turn.
    setImmediate(turn);
  };
  const tick = () => {
    const next = unicast.tick(clock.now());
    timer = setTimeout(tick, Math.min(LONGEST_TURN, Math.max(1, next - clock.now())));
  };
  if (loop) setImmediate(turn);
  else tick();
}

try {
  const opened = await open();
  const { loop } = opened;
  if (loop) tellOpen(loop);
  say({ is: 'port', port: opened.control.port });
  say({ is: 'ready' });
  serve(opened);
} catch (error) {
  const { code, message, next } =
    error instanceof Problem ? error : { code: 'network' as const, message: messageOf(error), next: '' };
  say({ is: 'unable', code, message, next });
  port.close();
}
