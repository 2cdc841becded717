/** Receives a multicast group, each datagram as it arrives: one socket, joined on one or several interfaces. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SocketAddress } from '../base/socket-address.js';
import { checkGroup } from './interfaces.js';
import { Memberships } from './memberships.js';
import { socketProblem } from './socket-problem.js';

/** Requested bytes: a quarter of a second at 100 Mbit/s, with the kernel's bookkeeping. */
export const RECEIVE_BUFFER = 4 * 1024 * 1024;
const LEAST_RECEIVE_BUFFER = 64 * 1024;

export interface GroupAddress {
  group: string;
  port: number;
  /** IPv4 address (or addresses) of the interface to join on. */
  localAddress: string | readonly string[];
  /** IPv4 addresses whose datagrams are wanted; undefined or null: any. Where the system cannot choose, others come too. */
  sources?: readonly string[] | null;
}

export interface GroupOptions extends GroupAddress {
  /** Called for each datagram; its memory is the caller's to keep. */
  onDatagram: (datagram: Buffer, from: SocketAddress) => void;
  /** Called with a Problem for an error that comes after opening. */
  onError: (error: Error) => void;
}

export interface GroupSocket {
  /** Granted receive buffer in bytes, as the kernel counts them. */
  readonly receiveBuffer: number;
  /**
   * Joins on this address (or these) from now on, by another socket; pending datagrams are handed over before. Rejects with
   * a Problem where that fails; the socket before then stays.
   */
  reopen(localAddress: string | readonly string[]): Promise<void>;
  /** Leaves the group; in batches, pending datagrams are handed over before. Further calls do nothing. */
  close(): Promise<void>;
}

/** A socket whose membership can be changed. */
export interface SourceSocket extends GroupSocket {
  /** Leaves the group until `setSources` joins it again. */
  leave(): void;
  /** As `sources` of GroupAddress. Errors go to `onError`. */
  setSources(sources: readonly string[] | null): void;
}

/** Requests a receive buffer, and half of it while the system refuses; returns the granted bytes. */
export function enlargeReceiveBuffer(socket: Socket, bytes = RECEIVE_BUFFER): number {
  for (let size = bytes; size >= LEAST_RECEIVE_BUFFER; size /= 2) {
    try {
      socket.setRecvBufferSize(size); // Linux grants less silently, others refuse
      break;
    } catch (error) {
      if (size / 2 < LEAST_RECEIVE_BUFFER) throw error;
    }
  }
  return socket.getRecvBufferSize();
}

/** The addresses to join on. */
export const addressesOf = ({ localAddress }: GroupAddress): readonly string[] =>
  typeof localAddress === 'string' ? [localAddress] : localAddress;

/** Changes the sources of a group's memberships; an error goes to `onError`, and the other interfaces are changed. */
export function changeSources(
  memberships: Memberships,
  options: GroupAddress & { onError: (error: Error) => void },
  sources: readonly string[] | null,
): void {
  for (const address of addressesOf(options)) {
    try {
      memberships.set(address, sources);
    } catch (error) {
      options.onError(socketProblem(error, { address, port: options.port }));
    }
  }
}

/**
 * Joins `group` and delivers the datagrams sent to it on `port`. Any number of programs may do so at once. For
 * infrequent datagrams: it costs nothing while none arrive. A stream takes much less of the processor with
 * `openGroupBatched`. Rejects with a Problem: port not shared by another program, no such address, not a multicast
 * group.
 */
export async function openGroup(options: GroupOptions): Promise<SourceSocket> {
  checkGroup(options.group);
  let current = options;
  let joined = await join(current);
  let closed: Promise<void> | undefined;
  return {
    get receiveBuffer() {
      return joined.receiveBuffer;
    },
    leave: () => {
      if (closed === undefined) joined.memberships.leave();
    },
    setSources: (sources) => {
      if (closed !== undefined) return;
      current = { ...current, sources };
      changeSources(joined.memberships, current, sources);
    },
    reopen: async (localAddress) => {
      if (closed !== undefined) return;
      current = { ...current, localAddress };
      const opened = await join(current);
      changeSources(opened.memberships, current, current.sources ?? null); // They may have changed meanwhile.
      const before = closed === undefined ? joined : opened;
      if (closed === undefined) joined = opened;
      await closing(before.socket);
    },
    close: () => {
      closed ??= closing(joined.socket);
      return closed;
    },
  };
}

interface Joined {
  readonly socket: Socket;
  readonly memberships: Memberships;
  readonly receiveBuffer: number;
}

const closing = (socket: Socket): Promise<void> => new Promise((resolve) => socket.close(() => resolve()));

async function join(options: GroupOptions): Promise<Joined> {
  const { group, port, sources = null, onDatagram, onError } = options;
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const memberships = new Memberships({
    join: (address) => socket.addMembership(group, address),
    leave: (address) => socket.dropMembership(group, address),
    joinSource: (address, source) => socket.addSourceSpecificMembership(source, group, address),
    leaveSource: (address, source) => socket.dropSourceSpecificMembership(source, group, address),
  });
  let receiveBuffer = 0;
  let where = { address: group, port };
  try {
    // Bound to the group, the socket receives nothing else sent to this port. Windows binds to local addresses only.
    socket.bind({ port, address: process.platform === 'win32' ? '0.0.0.0' : group, exclusive: true });
    await once(socket, 'listening');
    for (const address of addressesOf(options)) {
      where = { address, port };
      memberships.set(address, sources);
    }
    receiveBuffer = enlargeReceiveBuffer(socket);
  } catch (error) {
    socket.close();
    throw socketProblem(error, where);
  }
  socket.on('error', (error) => onError(socketProblem(error, { address: group, port })));
  socket.on('message', (datagram, { address, port }) => onDatagram(datagram, { address, port }));
  return { socket, memberships, receiveBuffer };
}
