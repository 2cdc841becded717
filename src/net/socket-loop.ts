/**
 * Sockets of a thread without an event loop, on Linux: it wakes as soon as a datagram arrives and takes all pending
 * ones, so a flood costs a fraction of what Node.js's sockets take for it.
 */

import type { SocketAddress } from '../base/socket-address.js';
import type { Millis } from '../base/units.js';
import { Errno, type Libc } from '../system/libc.js';
import { EventDescriptor, Poller } from '../system/poll.js';
import { LARGEST_MESSAGE, ReceiveMessages } from '../system/receive-messages.js';
import { SystemCallError, UdpSocket } from '../system/udp-socket.js';
import { MAX_MESSAGE_LENGTH } from '../wire/message.js';
import { BatchSender, type BatchSenderOptions } from './batch-sender.js';
import type { Endpoint, EndpointOptions } from './endpoint.js';
import { checkGroup } from './interfaces.js';
import { addressesOf, type GroupOptions, type GroupSocket, RECEIVE_BUFFER } from './receive.js';
import { socketProblem } from './socket-problem.js';

/** Datagrams per call. */
const MESSAGES = 64;
/** Datagrams of one socket per turn, so that due work gets its time. */
const TURN = 16 * MESSAGES;
/** Replies that leave together, from one endpoint. */
const REPLIES = 128;

interface Watched {
  /** Closed while it cannot be opened again. */
  socket: UdpSocket;
  readonly onDatagram: (datagram: Buffer, from: SocketAddress) => void;
  readonly onError: (error: Error) => void;
  where: SocketAddress;
  errno: number;
}

/** An endpoint that can also send packets in batches. */
export interface LoopEndpoint extends Endpoint {
  /** Null where this process may not send in batches. */
  openSender(options: Omit<BatchSenderOptions, 'interfaceAddress'>): BatchSender | null;
}

/**
 * Responsible for:
 * - sockets opened like those of `openEndpoint` and `openGroup`, but their datagrams are lent until `onDatagram`
 *   returns
 * - waiting for them, and for the bell of other threads
 * - sending the replies of a turn at its end, in few calls
 */
export class SocketLoop {
  readonly #libc: Libc;
  readonly #bell: EventDescriptor;
  readonly #messages: ReceiveMessages;
  #watched: readonly Watched[] = [];
  #poller: Poller;
  #flushes: readonly (() => void)[] = [];

  /** Throws a SystemCallError where this process may not use these calls. */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#bell = new EventDescriptor(libc);
    this.#messages = new ReceiveMessages(libc, MESSAGES);
    this.#poller = new Poller(libc, [this.#bell.fd]);
    try {
      this.#poller.wait(0);
      this.#probe();
    } catch (error) {
      this.#bell.close();
      throw error;
    }
  }

  /** The kernel should object to the invalid descriptor only; a sandbox objects to the call itself. */
  #probe(): void {
    const received = this.#messages.receive(-1);
    if (received !== -Errno.EBADF) throw new SystemCallError('recvmmsg', -received);
    this.#libc.sendmmsg(-1, 0, 0, 0);
    const errno = this.#libc.errno();
    if (errno !== Errno.EBADF) throw new SystemCallError('sendmmsg', errno);
  }

  /**
   * Another thread ends the wait by writing RING to this descriptor. That thread closes it, because only it knows when
   * it writes no more: the number may be reused by then.
   */
  get bell(): number {
    return this.#bell.fd;
  }

  /** All open sockets: the system does not close them with the thread. */
  get descriptors(): number[] {
    return [this.#bell.fd, ...this.#watched.map(({ socket }) => socket.fd)];
  }

  /** A socket whose port is not shared. Throws a Problem. */
  openEndpoint(options: EndpointOptions): LoopEndpoint {
    const { address, port = 0, multicastTtl = 1, onDatagram = () => undefined, onError } = options;
    const socket = this.#bind({ address, port });
    try {
      const bound = socket.address().port;
      const watched: Watched = { socket, onDatagram, onError, where: { address, port: bound }, errno: 0 };
      const senders: BatchSender[] = [];
      const open = (sender: Omit<BatchSenderOptions, 'interfaceAddress'>): BatchSender | null => {
        const { address } = watched.where;
        const opened = BatchSender.over(this.#libc, watched.socket, { ...sender, interfaceAddress: address });
        if (opened !== null) senders.push(opened);
        return opened;
      };
      const replies = open({
        ttl: multicastTtl,
        capacity: REPLIES,
        buffer: Buffer.alloc(REPLIES * MAX_MESSAGE_LENGTH),
        segment: false, // Replies differ in length, and a burst that follows must not be affected.
        onError: (error) => onError(socketProblem(error, watched.where)),
        onRefused: () => undefined, // Counts as lost on the way.
        onPressure: () => undefined,
        onNote: () => undefined,
      });
      if (replies === null) throw new SystemCallError('sendmmsg', Errno.EPERM);
      const flush = (): void => {
        const { batch } = replies;
        const { count } = batch;
        if (count === 0) return;
        replies.send();
        for (let i = 0; i < count; i++) replies.removeDestination(batch.destinations[i]!);
      };
      this.#watch(watched);
      this.#flushes = [...this.#flushes, flush];
      return {
        get address() {
          return watched.where.address;
        },
        port: bound,
        openSender: open,
        send: (datagram, to) => {
          const { batch } = replies;
          if (batch.count === REPLIES) flush();
          const i = batch.count++;
          batch.offsets[i] = i * MAX_MESSAGE_LENGTH;
          batch.lengths[i] = datagram.copy(batch.buffer, batch.offsets[i]);
          batch.destinations[i] = replies.addDestination(to.address, to.port);
        },
        reopen: async (address) => {
          if (this.#watched.includes(watched)) this.#rebind(watched, address, senders);
        },
        close: async () => {
          if (!this.#watched.includes(watched)) return;
          flush();
          this.#flushes = this.#flushes.filter((each) => each !== flush);
          this.#unwatch(watched);
        },
      };
    } catch (error) {
      socket.close();
      throw socketProblem(error, { address, port });
    }
  }

  /** Joins a group on a port that others may share. Throws a Problem. */
  openGroup(options: GroupOptions): GroupSocket {
    const { group, port, onDatagram, onError } = options;
    checkGroup(group);
    const joined = this.#join(options);
    const { socket } = joined;
    let { receiveBuffer } = joined;
    const watched: Watched = { socket, onDatagram, onError, where: { address: group, port }, errno: 0 };
    this.#watch(watched);
    return {
      get receiveBuffer() {
        return receiveBuffer;
      },
      reopen: async (localAddress) => {
        if (!this.#watched.includes(watched)) return;
        const rejoined = this.#join({ ...options, localAddress });
        receiveBuffer = rejoined.receiveBuffer;
        this.#replace(watched, rejoined.socket);
      },
      close: async () => {
        if (this.#watched.includes(watched)) this.#unwatch(watched);
      },
    };
  }

  /** Throws a Problem. */
  #bind(where: SocketAddress): UdpSocket {
    let socket: UdpSocket | null = null;
    try {
      socket = new UdpSocket(this.#libc);
      socket.bind(where.address, where.port);
      socket.setReceiveBuffer(RECEIVE_BUFFER);
      return socket;
    } catch (error) {
      socket?.close();
      throw socketProblem(error, where);
    }
  }

  /** Binds an endpoint to the same port of another address. Throws a Problem: the endpoint is then without a socket. */
  #rebind(watched: Watched, address: string, senders: readonly BatchSender[]): void {
    watched.where = { address, port: watched.where.port };
    watched.socket.close(); // It may hold the port that is needed.
    this.#rewatch(this.#watched);
    const socket = this.#bind(watched.where);
    try {
      for (const sender of senders) {
        if (!sender.use(socket, address)) throw new SystemCallError('sendmmsg', Errno.EPERM);
      }
    } catch (error) {
      socket.close();
      throw socketProblem(error, watched.where);
    }
    this.#replace(watched, socket);
  }

  /** Throws a Problem. */
  #join(options: GroupOptions): { socket: UdpSocket; receiveBuffer: number } {
    const { group, port } = options;
    let where = { address: group, port };
    let socket: UdpSocket | null = null;
    try {
      socket = new UdpSocket(this.#libc);
      socket.setReuseAddress();
      socket.bind(group, port);
      for (const address of addressesOf(options)) {
        where = { address, port };
        socket.joinGroup(group, address);
      }
      return { socket, receiveBuffer: socket.setReceiveBuffer(RECEIVE_BUFFER) };
    } catch (error) {
      socket?.close();
      throw socketProblem(error, where);
    }
  }

  /** Waits for at most `timeout` and hands over the received datagrams. Returns whether the bell rang. */
  turn(timeout: Millis): boolean {
    this.#poller.wait(timeout);
    const watched = this.#watched;
    const ready = watched.filter((_, i) => this.#poller.isReady(i + 1));
    const isRung = this.#poller.isReady(0);
    if (isRung) this.#bell.clear();
    for (const each of ready) this.#receive(each);
    this.flush();
    return isRung;
  }

  /** Sends the pending replies. */
  flush(): void {
    for (const flush of this.#flushes) flush();
  }

  /** Closes everything but the bell. */
  close(): void {
    for (const watched of this.#watched) this.#unwatch(watched);
  }

  #receive(watched: Watched): void {
    const messages = this.#messages;
    let count: number;
    let taken = 0;
    do {
      count = messages.receive(watched.socket.fd);
      if (count < 0) {
        this.#report(watched, -count);
        return;
      }
      for (let i = 0; i < count; i++) {
        const at = i * LARGEST_MESSAGE;
        watched.onDatagram(messages.data.subarray(at, at + messages.length(i)), messages.source(i));
      }
      taken += count;
    } while (count === MESSAGES && taken < TURN && watched.socket.fd >= 0);
  }

  /** Reports an error unless it was the last one reported. */
  #report(watched: Watched, errno: number): void {
    if (watched.errno === errno) return;
    watched.errno = errno;
    watched.onError(socketProblem(new SystemCallError('recvmmsg', errno), watched.where));
  }

  #watch(watched: Watched): void {
    this.#rewatch([...this.#watched, watched]);
  }

  #unwatch(watched: Watched): void {
    this.#rewatch(this.#watched.filter((each) => each !== watched));
    watched.socket.close();
  }

  #replace(watched: Watched, socket: UdpSocket): void {
    watched.socket.close();
    watched.socket = socket;
    watched.errno = 0;
    this.#rewatch(this.#watched);
  }

  #rewatch(watched: readonly Watched[]): void {
    this.#watched = watched;
    this.#poller = new Poller(this.#libc, [this.#bell.fd, ...watched.map(({ socket }) => socket.fd)]);
  }
}
