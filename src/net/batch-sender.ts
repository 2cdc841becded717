/**
 * Sends many datagrams with one system call, on Linux. Consecutive datagrams to one destination become one message,
 * which the kernel cuts into datagrams (UDP_SEGMENT); where it cannot, each is a message.
 */
import { Errno, errnoName, type Libc } from '../system/libc.js';
import { MOST_SEGMENTED_BYTES, MOST_SEGMENTS, SendMessages } from '../system/send-messages.js';
import { SystemCallError, UdpSocket } from '../system/udp-socket.js';
import {
  DestinationNumbers,
  emptyBatch,
  MOST_DESTINATIONS,
  type MulticastSender,
  type SendBatch,
  type SendCounters,
  type SenderOptions,
} from './sender.js';
import { sendProblem } from './socket-problem.js';

/** Requested bytes; the kernel may grant fewer. */
const SEND_BUFFER = 4 * 1024 * 1024;
/** Destination of the probe: the discard service, in a group that no station has. */
const PROBE = { group: '239.255.255.241', port: 9 } as const;

/** Pause after which a kernel without room is asked again, and the number of pauses: within one tick. */
const PAUSE = 0.5;
const MOST_PAUSES = 8;

/** Errors of a kernel, an interface or a path that cannot cut messages into datagrams. */
const CANNOT_SEGMENT: readonly number[] = [Errno.EIO, Errno.EINVAL, Errno.EMSGSIZE, Errno.EOPNOTSUPP];
/** Errors of a sandbox that forbids the system call, or does not know it. */
const NOT_PERMITTED: readonly number[] = [Errno.EPERM, Errno.ENOSYS];

export interface BatchSenderOptions extends SenderOptions {
  /** false: never uses segmentation. */
  segment?: boolean;
  /** Pauses. */
  pause?: () => void;
}

/**
 * Responsible for:
 * - as few system calls, and as few messages, as the batch allows
 * - falling back to a message per datagram, for good, where the kernel does not segment
 * - pausing briefly, never busily, when the kernel has no room; dropping what it does not take within a tick
 */
export class BatchSender implements MulticastSender {
  readonly counters: SendCounters = { packets: 0, bytes: 0, refused: 0, backPressure: 0 };
  readonly usesEventLoop = false;
  readonly batch: SendBatch;
  readonly #libc: Libc;
  #socket: UdpSocket;
  #interfaceAddress: string;
  readonly #messages: SendMessages;
  /** The number in the batch of each message's first datagram, and the batch's count behind the last. */
  readonly #firsts: Uint32Array;
  readonly #numbers = new DestinationNumbers();
  readonly #options: BatchSenderOptions;
  readonly #pause: () => void;
  #isSegmenting = false;
  /** Whether a socket that segments may also send fragments: only one that others use as well. */
  #isFragmenting = true;
  #lastErrno = 0;
  #isClosed = false;

  /** Null where this process may not send that way. Throws a Problem when the interface cannot be used. */
  static open(libc: Libc, options: BatchSenderOptions): BatchSender | null {
    const { interfaceAddress } = options;
    const socket = new UdpSocket(libc);
    try {
      socket.bind(interfaceAddress, 0);
      const sender = new BatchSender(libc, socket, options);
      sender.#isFragmenting = options.segment === false;
      socket.setFragmenting(sender.#isFragmenting);
      if (sender.use(socket, interfaceAddress)) return sender;
      socket.close();
      return null;
    } catch (error) {
      socket.close();
      throw sendProblem(error, interfaceAddress);
    }
  }

  /**
   * The same through a bound socket, whose datagrams may be fragmented as before. Throws SystemCallError; the socket
   * then stays open.
   */
  static over(libc: Libc, socket: UdpSocket, options: BatchSenderOptions): BatchSender | null {
    const sender = new BatchSender(libc, socket, options);
    return sender.use(socket, options.interfaceAddress) ? sender : null;
  }

  private constructor(libc: Libc, socket: UdpSocket, options: BatchSenderOptions) {
    const { capacity } = options;
    this.batch = emptyBatch(options);
    this.#socket = socket;
    this.#interfaceAddress = options.interfaceAddress;
    this.#options = options;
    this.#libc = libc;
    this.#pause = options.pause ?? pauser();
    // One more for the probe.
    const destinations = MOST_DESTINATIONS + 1;
    this.#messages = new SendMessages(libc, { data: this.batch.buffer, capacity, destinations });
    this.#messages.setDestination(MOST_DESTINATIONS, PROBE.group, PROBE.port);
    this.#firsts = new Uint32Array(capacity + 1);
  }

  async reopen(interfaceAddress: string): Promise<void> {
    if (this.#isClosed) return;
    const before = this.#socket;
    let socket: UdpSocket | null = null;
    try {
      socket = new UdpSocket(this.#libc);
      socket.bind(interfaceAddress, 0);
      socket.setFragmenting(this.#isFragmenting);
      if (!this.use(socket, interfaceAddress)) throw new SystemCallError('sendmmsg', Errno.EPERM);
    } catch (error) {
      socket?.close();
      this.#socket = before;
      throw sendProblem(error, interfaceAddress);
    }
    before.close();
  }

  /**
   * Sends by this bound socket from now on; the one before stays open. False where this process may not send in batches.
   * Throws SystemCallError.
   */
  use(socket: UdpSocket, interfaceAddress: string): boolean {
    this.#socket = socket;
    this.#interfaceAddress = interfaceAddress;
    // Another interface may be able to.
    this.#isSegmenting = this.#options.segment ?? true;
    this.#lastErrno = 0;
    socket.setMulticast({ interfaceAddress, ttl: 0 });
    socket.setSendBuffer(SEND_BUFFER);
    if (!this.#probe()) return false;
    socket.setMulticastTtl(this.#options.ttl);
    return true;
  }

  addDestination(group: string, port: number): number {
    const number = this.#numbers.take();
    this.#messages.setDestination(number, group, port);
    return number;
  }

  removeDestination(destination: number): void {
    this.#numbers.release(destination);
  }

  send(): void {
    const { batch } = this;
    if (this.#socket.fd < 0) {
      // Its owner could not open it again yet.
      this.#refuse(0, batch.count);
      batch.count = 0;
      return;
    }
    let count = this.#arrange(0);
    let sent = 0;
    let pauses = MOST_PAUSES;
    while (sent < count) {
      const result = this.#messages.send(this.#socket.fd, sent, count - sent);
      if (result > 0) {
        this.#count(this.#firsts[sent]!, this.#firsts[sent + result]!);
        sent += result;
      } else if (result === -Errno.EAGAIN || result === -Errno.ENOBUFS) {
        if (pauses === 0) {
          this.#refuse(this.#firsts[sent]!, batch.count);
          break;
        }
        pauses--;
        this.counters.backPressure++;
        this.#options.onPressure(batch.destinations[this.#firsts[sent]!]!);
        this.#pause();
      } else if (this.#isSegmenting && CANNOT_SEGMENT.includes(-result) && this.#sendsAlone(sent)) {
        const first = this.#firsts[sent]!;
        this.#count(first, first + 1);
        this.#stopSegmenting(-result);
        count = this.#arrange(first + 1);
        sent = 0;
      } else if (result !== -Errno.EINTR) {
        this.#refuse(this.#firsts[sent]!, this.#firsts[sent + 1]!);
        this.#report(-result);
        sent++;
      }
    }
    batch.count = 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#socket.close();
  }

  /**
   * Whether the first datagram of a message leaves without segmentation. An address that the interface has lost, or a
   * destination that does not exist, gives the same errors as an interface that cannot segment.
   */
  #sendsAlone(message: number): boolean {
    const { offsets, lengths, destinations } = this.batch;
    const first = this.#firsts[message]!;
    this.#socket.setFragmenting(true); // It may be too large for the path.
    this.#messages.set(message, offsets[first]!, lengths[first]!, destinations[first]!, 0);
    if (this.#messages.send(this.#socket.fd, message, 1) > 0) return true;
    this.#socket.setFragmenting(this.#isFragmenting);
    return false;
  }

  /** Arranges the datagrams from `first` on in messages; returns their number. */
  #arrange(first: number): number {
    const { offsets, lengths, destinations, count } = this.batch;
    let messages = 0;
    let i = first;
    while (i < count) {
      const begin = i;
      const segment = lengths[i]!;
      let bytes = segment;
      i++;
      if (this.#isSegmenting) {
        // Only the last datagram of a message may be shorter than the others.
        while (
          i < count &&
          lengths[i - 1] === segment &&
          lengths[i]! <= segment &&
          destinations[i] === destinations[begin] &&
          offsets[i] === offsets[begin]! + bytes &&
          i - begin < MOST_SEGMENTS &&
          bytes + lengths[i]! <= MOST_SEGMENTED_BYTES
        ) {
          bytes += lengths[i]!;
          i++;
        }
      }
      this.#firsts[messages] = begin;
      this.#messages.set(messages, offsets[begin]!, bytes, destinations[begin]!, i - begin > 1 ? segment : 0);
      messages++;
    }
    this.#firsts[messages] = count;
    return messages;
  }

  /**
   * Probes the kernel with one message of two datagrams; a time to live of 0 keeps them on this machine. False where
   * sending is not permitted at all.
   */
  #probe(): boolean {
    this.#messages.set(0, 0, 2, MOST_DESTINATIONS, this.#isSegmenting ? 1 : 0);
    const errno = -this.#messages.send(this.#socket.fd, 0, 1);
    if (this.#isSegmenting && CANNOT_SEGMENT.includes(errno)) this.#stopSegmenting(errno);
    return !NOT_PERMITTED.includes(errno);
  }

  #stopSegmenting(errno: number): void {
    this.#isSegmenting = false;
    this.#socket.setFragmenting(true); // Datagrams too large for the path then leave in fragments.
    this.#options.onNote(
      `One message for each packet, which takes more of the processor: ${this.#interfaceAddress} does not take several as one (${errnoName(errno)}).`,
    );
  }

  #count(first: number, end: number): void {
    const { lengths } = this.batch;
    for (let i = first; i < end; i++) this.counters.bytes += lengths[i]!;
    this.counters.packets += end - first;
  }

  #refuse(first: number, end: number): void {
    this.counters.refused += end - first;
    for (let i = first; i < end; i++) this.#options.onRefused(this.batch.destinations[i]!, 1);
  }

  #report(errno: number): void {
    if (errno === this.#lastErrno) return;
    this.#lastErrno = errno;
    this.#options.onError(new SystemCallError('sendmmsg', errno));
  }
}

/** Sleeps, and leaves the processor to others. */
function pauser(): () => void {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  return () => {
    Atomics.wait(nobody, 0, 0, PAUSE);
  };
}
