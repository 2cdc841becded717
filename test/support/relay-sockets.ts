/**
 * A server behind a bad network, on loopback: its groups at other addresses, and its control socket at the relay's
 * address, both ways. Viewers take the relay for the server, and the server takes it for its viewers.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { Millis } from '../../src/base/units.js';
import { isRtcp } from '../../src/wire/feedback.js';
import { type AnyMessage, decodeMessage, encodeMessage } from '../../src/wire/message.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { type Hazards, Path, type PathCounts } from './relay.js';

const LOOPBACK = '127.0.0.1';
/** A station's packets, FEC by columns and by rows, repair for all: its port and the next even ones. */
const PORTS = [0, 2, 4, 6];

/** Group at which viewers receive the server's `group`. */
const behindRelay = (group: string): string => group.replace(/^239\.255\./, '239.254.');

const relayed = (station: StationInfo): StationInfo => ({ ...station, group: behindRelay(station.group) });

export interface RelayOptions {
  /** Control port of the server. */
  controlPort: number;
  stations: readonly StationInfo[];
  /** Hazards of each direction. */
  there?: Hazards;
  back?: Hazards;
  /** Decides which of the stations' packets are lost in addition. */
  loses?: (packet: Buffer) => boolean;
  /** Only control messages of viewers pass, no feedback. */
  isDeaf?: boolean;
}

export interface Relay {
  /** The server's address, as viewers see it. */
  readonly address: string;
  readonly controlPort: number;
  /** The stations as viewers see them. */
  readonly stations: StationInfo[];
  readonly there: Readonly<PathCounts>;
  readonly back: Readonly<PathCounts>;
}

/** One direction: a datagram is forwarded when it comes out. */
class Way {
  readonly path: Path<() => void>;
  #timer: NodeJS.Timeout | undefined;

  constructor(hazards: Hazards = {}) {
    this.path = new Path(hazards);
  }

  enter(deliver: () => void): void {
    this.path.enter(deliver, Millis(performance.now()));
    this.#serve();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #serve(): void {
    for (const deliver of this.path.leave(Millis(performance.now()))) deliver();
    clearTimeout(this.#timer);
    const { next } = this.path;
    if (next !== null) this.#timer = setTimeout(() => this.#serve(), next - performance.now());
  }
}

/** Opens a relay that is closed with the test. */
export async function openRelay(context: TestContext, options: RelayOptions): Promise<Relay> {
  const { controlPort, stations, loses = () => false, isDeaf = false } = options;
  const there = new Way(options.there);
  const back = new Way(options.back);
  const sockets: Socket[] = [];
  let isOpen = true;
  context.after(() => {
    isOpen = false;
    for (const way of [there, back]) way.close();
    for (const socket of sockets) socket.close();
  });
  const open = async (port: number, address: string, take: (datagram: Buffer, from: RemoteInfo) => void) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: address !== LOOPBACK, recvBufferSize: 4 << 20 });
    sockets.push(socket);
    socket.on('message', take);
    socket.bind(port, address);
    await once(socket, 'listening');
    return socket;
  };
  const send = (socket: Socket, datagram: Buffer, port: number, address: string) => {
    if (isOpen) socket.send(datagram, port, address);
  };

  /** Towards the server each viewer has a socket of its own. */
  const viewers = new Map<string, Promise<Socket>>();
  const front = await open(0, LOOPBACK, (datagram, from) => {
    if (isDeaf && isRtcp(datagram, 0, datagram.length)) return;
    const key = `${from.address}:${from.port}`;
    let socket = viewers.get(key);
    if (socket === undefined) {
      socket = open(0, LOOPBACK, (answer) => {
        there.enter(() => send(front, translated(answer, front.address().port), from.port, from.address));
      });
      viewers.set(key, socket);
    }
    void socket.then((opened) => back.enter(() => send(opened, datagram, controlPort, LOOPBACK)));
  });

  const toGroups = await open(0, LOOPBACK, () => undefined);
  toGroups.setMulticastInterface(LOOPBACK);
  for (const { group, port } of stations) {
    for (const each of PORTS.map((more) => port + more)) {
      // Windows binds to own addresses only.
      const at = process.platform === 'win32' ? '0.0.0.0' : group;
      const socket = await open(each, at, (datagram) => {
        if (each === port && loses(datagram)) return;
        there.enter(() => send(toGroups, datagram, each, behindRelay(group)));
      });
      socket.addMembership(group, LOOPBACK);
    }
  }
  return {
    address: LOOPBACK,
    controlPort: front.address().port,
    stations: stations.map(relayed),
    there: there.path.counts,
    back: back.path.counts,
  };
}

/** A message of the server, with the relay's groups and port. */
function translated(datagram: Buffer, controlPort: number): Buffer {
  const message = decodeMessage(datagram);
  const changed = message === null ? null : translatedMessage(message, controlPort);
  return changed === null ? datagram : encodeMessage(changed);
}

function translatedMessage(message: AnyMessage, controlPort: number): AnyMessage | null {
  if (message.type === 'challenge') return { ...message, body: { ...message.body, controlPort } };
  if (message.type === 'tuned')
    return { ...message, body: { ...message.body, station: relayed(message.body.station) } };
  if (message.type === 'stations') return { ...message, body: (message.body as StationInfo[]).map(relayed) };
  return null;
}
