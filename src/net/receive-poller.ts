/**
 * Receives with few system calls, on Linux. Node.js cannot wait for foreign sockets, so all of them are polled. That is
 * an advantage: a waiting socket wakes the process for nearly every datagram, and waking up costs many times what a
 * datagram does.
 */

import type { SocketAddress } from '../base/socket-address.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import type { Libc } from '../system/libc.js';
import { LARGEST_MESSAGE, ReceiveMessages } from '../system/receive-messages.js';
import { SystemCallError, UdpSocket } from '../system/udp-socket.js';
import { Memberships } from './memberships.js';
import { addressesOf, changeSources, RECEIVE_BUFFER, type SourceSocket } from './receive.js';
import type { BatchedGroupOptions } from './receive-batched.js';
import { socketProblem } from './socket-problem.js';

/** Messages per call: 4 MiB of addresses, of which only the pages written to take memory. */
const MESSAGES = 64;
/** Most datagrams of a batch. */
const BATCH = 1024;
/** Most datagrams per turn, so that other work of the process gets its time. Some milliseconds. */
const TURN = 8 * BATCH;

/** Bytes that the kernel counts for a datagram of at most 1,500 bytes; half of that with some network cards. */
const KERNEL_BYTES = 4096;
/** Share of a socket's buffer that may be full when it is polled; the rest is for when the process is suspended. */
const FILL = 1 / 4;
/** First polling interval, before the rate is known. */
const FIRST_INTERVAL = Millis(10);
const LEAST_INTERVAL = Millis(1);
/** Growth of the interval after a poll that found little. */
const RELAX = 1.25;
/** Sockets that are due within this time are polled as well: timers may be early, and it saves waking up again. */
const JITTER = Millis(2);

interface Joined {
  readonly socket: UdpSocket;
  readonly memberships: Memberships;
  readonly receiveBuffer: number;
}

interface PolledSocket {
  socket: UdpSocket;
  memberships: Memberships;
  receiveBuffer: number;
  readonly latency: Millis;
  /** With the addresses and sources that are joined now. */
  options: BatchedGroupOptions;
  /** Polling interval. */
  interval: Millis;
  lookedAt: Millis;
  due: Millis;
  /** The last reported error. */
  errno: number;
}

/**
 * Responsible for:
 * - one timer and one table of messages, shared by all sockets
 * - splitting messages into the datagrams they were sent as
 * - polling each socket before its buffer is full; none delays the others, or the process
 */
export class ReceivePoller {
  readonly #libc: Libc;
  readonly #timers: Timers;
  readonly #messages: ReceiveMessages;
  readonly #batch: {
    buffer: Buffer;
    offsets: Uint32Array;
    lengths: Uint16Array;
    sources: SocketAddress[];
    count: number;
  };
  #sockets: readonly PolledSocket[] = [];
  /** Socket that a turn begins with: the first one that the turn before did not reach. */
  #begin = 0;
  #cancel: (() => void) | null = null;

  constructor(libc: Libc, timers: Timers = systemTimers) {
    this.#libc = libc;
    this.#timers = timers;
    this.#messages = new ReceiveMessages(libc, MESSAGES);
    this.#batch = {
      buffer: this.#messages.data,
      offsets: new Uint32Array(BATCH),
      lengths: new Uint16Array(BATCH),
      sources: new Array<SocketAddress>(BATCH),
      count: 0,
    };
  }

  /** Throws a SystemCallError. */
  open(options: BatchedGroupOptions & { latency: Millis }): SourceSocket {
    const { latency } = options;
    const polled: PolledSocket = {
      ...this.#join(options),
      latency,
      options,
      interval: Millis(Math.min(latency, FIRST_INTERVAL)),
      lookedAt: this.#timers.now(),
      due: this.#timers.now(),
      errno: 0,
    };
    this.#sockets = [...this.#sockets, polled];
    this.#arm();
    let closed: Promise<void> | undefined;
    return {
      get receiveBuffer() {
        return polled.receiveBuffer;
      },
      leave: () => {
        if (closed === undefined) polled.memberships.leave();
      },
      setSources: (sources) => {
        if (closed !== undefined) return;
        polled.options = { ...polled.options, sources };
        changeSources(polled.memberships, polled.options, sources);
      },
      reopen: async (localAddress) => {
        if (closed === undefined) await this.#reopen(polled, localAddress);
      },
      close: () => {
        closed ??= this.#close(polled);
        return closed;
      },
    };
  }

  /** A socket that has joined the group. Throws a SystemCallError. */
  #join(options: BatchedGroupOptions): Joined {
    const { group, port, sources = null } = options;
    const socket = new UdpSocket(this.#libc);
    const memberships = new Memberships({
      join: (address) => socket.joinGroup(group, address),
      leave: (address) => socket.leaveGroup(group, address),
      joinSource: (address, source) => socket.joinSource(group, address, source),
      leaveSource: (address, source) => socket.leaveSource(group, address, source),
    });
    try {
      // Nothing can have arrived yet: this only shows whether the call is allowed.
      const probed = this.#messages.receive(socket.fd);
      if (probed < 0) throw new SystemCallError('recvmmsg', -probed);
      const receiveBuffer = socket.setReceiveBuffer(RECEIVE_BUFFER);
      offload(socket);
      socket.setReuseAddress();
      socket.bind(group, port);
      for (const address of addressesOf(options)) memberships.set(address, sources);
      return { socket, memberships, receiveBuffer };
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Throws a Problem. */
  async #reopen(polled: PolledSocket, localAddress: string | readonly string[]): Promise<void> {
    // Not while a batch is handed over: all sockets share its memory.
    await Promise.resolve();
    if (!this.#sockets.includes(polled)) return;
    const options = { ...polled.options, localAddress };
    const joined = this.#rejoin(options);
    const before = polled.socket;
    this.#look(polled, this.#timers.now(), TURN);
    Object.assign(polled, joined, { options, errno: 0 });
    before.close();
  }

  /** Throws a Problem. */
  #rejoin(options: BatchedGroupOptions): Joined {
    try {
      return this.#join(options);
    } catch (error) {
      throw socketProblem(error, { address: addressesOf(options)[0] ?? options.group, port: options.port });
    }
  }

  async #close(polled: PolledSocket): Promise<void> {
    // Not while a batch is handed over, perhaps to the code that closes: all sockets share its memory.
    await Promise.resolve();
    this.#look(polled, this.#timers.now(), TURN);
    this.#sockets = this.#sockets.filter((each) => each !== polled);
    this.#arm();
    polled.socket.close();
  }

  /** Sets the timer for the socket that is due first. */
  #arm(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#sockets.length === 0) return;
    let first = Number.POSITIVE_INFINITY;
    for (const { due } of this.#sockets) first = Math.min(first, due);
    this.#cancel = this.#timers.after(Millis(Math.max(0, first - this.#timers.now())), this.#turn);
  }

  readonly #turn = (): void => {
    const now = this.#timers.now();
    // The callee of datagrams may open sockets.
    const sockets = this.#sockets;
    let left = TURN;
    try {
      for (let i = 0; i < sockets.length && left > 0; i++) {
        const at = (this.#begin + i) % sockets.length;
        const polled = sockets[at]!;
        if (polled.due > now + JITTER) continue;
        left -= this.#look(polled, now, left);
        if (left <= 0) this.#begin = at + 1;
      }
    } finally {
      this.#arm();
    }
  };

  /** Hands over the datagrams of a socket, up to about `most`; returns their number. */
  #look(polled: PolledSocket, now: Millis, most: number): number {
    let datagrams = 0;
    let count: number;
    do {
      count = this.#messages.receive(polled.socket.fd);
      if (count < 0) this.#report(polled, -count);
      datagrams += this.#hand(polled, Math.max(0, count));
    } while (count === MESSAGES && datagrams < most);
    this.#schedule(polled, now, datagrams);
    if (count === MESSAGES) polled.due = now;
    return datagrams;
  }

  /** Schedules the next poll, after one that brought that number of datagrams. */
  #schedule(polled: PolledSocket, now: Millis, datagrams: number): void {
    const { latency, receiveBuffer } = polled;
    const fill = (datagrams * KERNEL_BYTES) / receiveBuffer;
    const interval = fill > FILL ? ((now - polled.lookedAt) * FILL) / fill : polled.interval * RELAX;
    polled.interval = Millis(Math.max(LEAST_INTERVAL, Math.min(latency, interval)));
    polled.lookedAt = now;
    // At multiples of the latency, so that sockets with the same latency are due together.
    const multiple = (Math.floor((now + JITTER) / latency) + 1) * latency;
    polled.due = Millis(polled.interval === latency ? multiple : now + polled.interval);
  }

  /** Reports an error unless it was the last one reported. */
  #report(polled: PolledSocket, errno: number): void {
    if (polled.errno === errno) return;
    polled.errno = errno;
    const { group, port, onError } = polled.options;
    onError(socketProblem(new SystemCallError('recvmmsg', errno), { address: group, port }));
  }

  /** Splits `count` messages into datagrams. */
  #hand(polled: PolledSocket, count: number): number {
    const messages = this.#messages;
    const batch = this.#batch;
    let datagrams = 0;
    batch.count = 0;
    for (let i = 0; i < count; i++) {
      const source = messages.source(i);
      const segment = messages.segment(i);
      let at = i * LARGEST_MESSAGE;
      const end = at + messages.length(i);
      do {
        if (batch.count === BATCH) {
          polled.options.onDatagrams(batch);
          batch.count = 0;
        }
        batch.offsets[batch.count] = at;
        batch.lengths[batch.count] = Math.min(segment, end - at);
        batch.sources[batch.count] = source;
        batch.count++;
        datagrams++;
        at += segment;
      } while (at < end);
    }
    polled.options.onDatagrams(batch);
    return datagrams;
  }
}

/** Enables receive offload, where the kernel has it (5.0). */
function offload(socket: UdpSocket): void {
  try {
    socket.setReceiveOffload();
  } catch (error) {
    if (!(error instanceof SystemCallError) || error.code !== 'ENOPROTOOPT') throw error;
  }
}
