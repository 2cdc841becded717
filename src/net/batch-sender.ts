/**
 * Sending many datagrams with one system call, on Linux. Neighbours in the batch that go to one destination become one
 * message, which the kernel cuts into datagrams (UDP_SEGMENT); where it will not, each is a message of its own.
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

/** Bytes asked for; the kernel may grant less. */
const SEND_BUFFER = 4 * 1024 * 1024;
/** Where nobody listens: the discard service, in a group that no station has. */
const PROBE = { group: '239.255.255.241', port: 9 } as const;

/** With no room in the kernel, it is asked again after half a millisecond, and eight times at most: within one tick. */
const PAUSE = 0.5;
const MOST_PAUSES = 8;

/** What the kernel says when the interface, the path or the kernel itself cannot cut messages into datagrams. */
const CANNOT_SEGMENT: readonly number[] = [Errno.EIO, Errno.EINVAL, Errno.EMSGSIZE, Errno.EOPNOTSUPP];
/** What a sandbox says that does not know the system call, or forbids it. */
const NOT_PERMITTED: readonly number[] = [Errno.EPERM, Errno.ENOSYS];

export interface BatchSenderOptions extends SenderOptions {
  /** false: never tries to have messages cut. */
  segment?: boolean;
  /** Lets a little time pass. */
  pause?: () => void;
}

/**
 * It is in charge of:
 * - as few system calls, and as few messages, as the batch allows
 * - going back to a message a datagram, for good, where the kernel will not cut them
 * - waiting a little, never busily, when the kernel has no room; giving up what it does not take within a tick
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
   * The same through a socket that is bound already, whose datagrams may be cut into fragments as they might before. Throws
   * SystemCallError; the socket then stays open.
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
        this.#tell(-result);
        sent++;
      }
    }
    batch.count = 0;
  }

  async close(): Promise<void> {
    this.#socket.close();
  }

  /** Makes messages of the datagrams from `first` on; returns how many. */
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
        // A datagram shorter than the others ends the message: only the last may be.
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
   * Finds out what the kernel permits, with one message of two datagrams to ourselves: a time to live of 0 does not leave
   * the machine. False where it permits nothing.
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
    this.#socket.setFragmenting(true); // Datagrams that are too large for the path then leave in fragments.
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

  #tell(errno: number): void {
    if (errno === this.#lastErrno) return;
    this.#lastErrno = errno;
    this.#options.onError(new SystemCallError('sendmmsg', errno));
  }
}

/** A sleep that leaves the processor to others. */
function pauser(): () => void {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  return () => {
    Atomics.wait(nobody, 0, 0, PAUSE);
  };
}
