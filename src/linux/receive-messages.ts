/**
 * A table of messages for recvmmsg(2). With UDP_GRO ("generic receive offload", udp(7)) one message may hold many
 * datagrams of one sender, all of the length that a control message tells, the last of which may be shorter.
 *
 * The structures are those of send-messages.ts. The control messages that may come, in any order, each padded to 8 bytes:
 *
 *     cmsg_len 8 | SOL_UDP 4 | UDP_GRO 4           | length of a datagram 4
 *     cmsg_len 8 | SOL_SOCKET 4 | SO_TIMESTAMPNS 4 | seconds 8 | nanoseconds 8
 */
import { Errno, type Libc } from './libc.js';
import { MESSAGE_LENGTH, VECTOR_LENGTH, writeUInt64 } from './send-messages.js';
import { readSockaddr, SOCKADDR_LENGTH, SOL_UDP, UDP_GRO } from './udp-socket.js';

/** Room for a message: the largest that UDP over IPv4 can be. */
export const LARGEST_MESSAGE = 65_536;
const CONTROL_LENGTH = 64;
const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;

export class ReceiveMessages {
  readonly capacity: number;
  /** Message `i` begins at `i * LARGEST_MESSAGE`. Overwritten by the next `receive`. */
  readonly data: Buffer;
  readonly #libc: Libc;
  readonly #messages: Buffer;
  readonly #vectors: Buffer;
  readonly #controls: Buffer;
  readonly #names: Buffer;
  readonly #messagesAt: number;

  /** At most `capacity` messages at once. */
  constructor(libc: Libc, capacity: number) {
    this.#libc = libc;
    this.capacity = capacity;
    this.data = Buffer.alloc(capacity * LARGEST_MESSAGE);
    this.#messages = Buffer.alloc(capacity * MESSAGE_LENGTH);
    this.#vectors = Buffer.alloc(capacity * VECTOR_LENGTH);
    this.#controls = Buffer.alloc(capacity * CONTROL_LENGTH);
    this.#names = Buffer.alloc(capacity * SOCKADDR_LENGTH);
    this.#messagesAt = libc.address(this.#messages);
    const dataAt = libc.address(this.data);
    const vectorsAt = libc.address(this.#vectors);
    const controlsAt = libc.address(this.#controls);
    const namesAt = libc.address(this.#names);
    for (let i = 0; i < capacity; i++) {
      const message = i * MESSAGE_LENGTH;
      writeUInt64(this.#messages, message, namesAt + i * SOCKADDR_LENGTH); // msg_name
      writeUInt64(this.#messages, message + 16, vectorsAt + i * VECTOR_LENGTH); // msg_iov
      writeUInt64(this.#messages, message + 24, 1); // msg_iovlen
      writeUInt64(this.#messages, message + 32, controlsAt + i * CONTROL_LENGTH); // msg_control
      writeUInt64(this.#vectors, i * VECTOR_LENGTH, dataAt + i * LARGEST_MESSAGE); // iov_base
      writeUInt64(this.#vectors, i * VECTOR_LENGTH + 8, LARGEST_MESSAGE); // iov_len
    }
  }

  /** Takes what has come, at most `capacity` messages, without waiting. Returns how many, or −errno. */
  receive(fd: number): number {
    for (let i = 0; i < this.capacity; i++) {
      this.#messages.writeUInt32LE(SOCKADDR_LENGTH, i * MESSAGE_LENGTH + 8); // msg_namelen
      this.#messages.writeUInt32LE(CONTROL_LENGTH, i * MESSAGE_LENGTH + 40); // msg_controllen
    }
    const count = this.#libc.recvmmsg(fd, this.#messagesAt, this.capacity, 0, null);
    if (count >= 0) return count;
    const errno = this.#libc.errno();
    return errno === Errno.EAGAIN ? 0 : -errno;
  }

  /** Bytes of message `i`. */
  length(i: number): number {
    return this.#messages.readUInt32LE(i * MESSAGE_LENGTH + 56); // msg_len
  }

  /** Bytes of each datagram in message `i`, except that the last may be shorter. */
  segment(i: number): number {
    const at = this.#control(i, SOL_UDP, UDP_GRO);
    return at < 0 ? this.length(i) : this.#controls.readInt32LE(at);
  }

  sender(i: number): { address: string; port: number } {
    return readSockaddr(this.#names, i * SOCKADDR_LENGTH);
  }

  /** When message `i` arrived, milliseconds since the Unix epoch; null where the socket does not note it. */
  arrival(i: number): number | null {
    const at = this.#control(i, SOL_SOCKET, SO_TIMESTAMPNS);
    if (at < 0) return null;
    const seconds = this.#controls.readUInt32LE(at) + this.#controls.readUInt32LE(at + 4) * 0x1_0000_0000;
    return seconds * 1000 + this.#controls.readUInt32LE(at + 8) / 1e6;
  }

  /** Where the data of a control message of message `i` begins, or −1. */
  #control(i: number, level: number, type: number): number {
    const start = i * CONTROL_LENGTH;
    const end = start + this.#messages.readUInt32LE(i * MESSAGE_LENGTH + 40); // msg_controllen
    let at = start;
    while (at + 16 <= end) {
      const length = this.#controls.readUInt32LE(at); // cmsg_len
      if (length < 16) return -1;
      if (this.#controls.readInt32LE(at + 8) === level && this.#controls.readInt32LE(at + 12) === type) return at + 16;
      at += Math.ceil(length / 8) * 8;
    }
    return -1;
  }
}
