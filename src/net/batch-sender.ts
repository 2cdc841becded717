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
  readonly #socket: UdpSocket;
  readonly #messages: SendMessages;
  /** The number in the batch of each message's first datagram, and the batch's count behind the last. */
  readonly #firsts: Uint32Array;
  readonly #numbers = new DestinationNumbers();
  readonly #options: SenderOptions;
  readonly #pause: () => void;
  #isSegmenting: boolean;
  #lastErrno = 0;

  /** Null where this process may not send that way. Throws a Problem when the interface cannot be used. */
  static open(libc: Libc, options: BatchSenderOptions): BatchSender | null {
    const { interfaceAddress } = options;
    const socket = new UdpSocket(libc);
    try {
      socket.bind(interfaceAddress, 0);
      socket.setFragmenting(options.segment === false);
      const sender = BatchSender.over(libc, socket, options);
      if (sender === null) socket.close();
      return sender;
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
    const { interfaceAddress, ttl } = options;
    socket.setMulticast({ interfaceAddress, ttl: 0 });
    socket.setSendBuffer(SEND_BUFFER);
    const sender = new BatchSender(libc, socket, options);
    if (!sender.#probe()) return null;
    socket.setMulticastTtl(ttl);
    return sender;
  }

  private constructor(libc: Libc, socket: UdpSocket, options: BatchSenderOptions) {
    const { capacity } = options;
    this.batch = emptyBatch(options);
    this.#socket = socket;
    this.#options = options;
    this.#isSegmenting = options.segment ?? true;
    this.#pause = options.pause ?? pauser();
    this.#messages = new SendMessages(libc, { data: this.batch.buffer, capacity, destinations: MOST_DESTINATIONS });
    this.#firsts = new Uint32Array(capacity + 1);
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
      } else if (this.#isSegmenting && CANNOT_SEGMENT.includes(-result)) {
        this.#stopSegmenting(-result);
        count = this.#arrange(this.#firsts[sent]!);
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
    this.#socket.close();
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
    this.#messages.setDestination(0, PROBE.group, PROBE.port);
    this.#messages.set(0, 0, 2, 0, this.#isSegmenting ? 1 : 0);
    const errno = -this.#messages.send(this.#socket.fd, 0, 1);
    if (this.#isSegmenting && CANNOT_SEGMENT.includes(errno)) this.#stopSegmenting(errno);
    return !NOT_PERMITTED.includes(errno);
  }

  #stopSegmenting(errno: number): void {
    this.#isSegmenting = false;
    this.#socket.setFragmenting(true); // Datagrams too large for the path then leave in fragments.
    this.#options.onNote(
      `One message for each packet, which takes more of the processor: ${this.#options.interfaceAddress} does not take several as one (${errnoName(errno)}).`,
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
