/**
 * A table of messages for recvmmsg(2). With UDP_GRO ("generic receive offload", udp(7)) one message may hold many
 * datagrams of one source, all of the length that a control message gives, except that the last may be shorter.
 *
 * The structures are those of send-messages.ts. The control messages that may come, in any order, each padded to 8 bytes:
 *
 *     cmsg_len 8 | SOL_UDP 4 | UDP_GRO 4           | length of a datagram 4
 *     cmsg_len 8 | SOL_SOCKET 4 | SO_TIMESTAMPNS 4 | seconds 8 | nanoseconds 8
 */
import type { SocketAddress } from '../base/socket-address.js';
import { Errno, type Libc } from './libc.js';
import { MESSAGE_LENGTH, VECTOR_LENGTH } from './send-messages.js';
import { StructTable } from './struct-table.js';
import { readSockaddr, SOCKADDR_LENGTH, SOL_UDP, UDP_GRO } from './udp-socket.js';

/** Room for a message: the largest that UDP over IPv4 can be. */
export const LARGEST_MESSAGE = 65_536;
const CONTROL_LENGTH = 64;
const SOL_SOCKET = 1;
const SO_TIMESTAMPNS = 35;

const MESSAGE_WORDS = MESSAGE_LENGTH / 4;
const VECTOR_WORDS = VECTOR_LENGTH / 4;
const CONTROL_WORDS = CONTROL_LENGTH / 4;
const SOCKADDR_WORDS = SOCKADDR_LENGTH / 4;

export class ReceiveMessages {
  readonly capacity: number;
  /** Message `i` begins at `i * LARGEST_MESSAGE`. Overwritten by the next `receive`. */
  readonly data: Buffer;
  readonly #libc: Libc;
  readonly #messages: StructTable;
  readonly #vectors: StructTable;
  readonly #controls: StructTable;
  readonly #names: StructTable;
  /** Number of messages whose lengths the kernel has overwritten. */
  #used: number;
  /** The last decoded source and its first words: most messages have the same source as the one before. */
  #source: SocketAddress | null = null;
  #sourceWords: [familyAndPort: number, address: number] = [0, 0];

  /** At most `capacity` messages at once. */
  constructor(libc: Libc, capacity: number) {
    this.#libc = libc;
    this.capacity = capacity;
    this.data = Buffer.alloc(capacity * LARGEST_MESSAGE);
    this.#messages = new StructTable(libc, capacity * MESSAGE_LENGTH);
    this.#vectors = new StructTable(libc, capacity * VECTOR_LENGTH);
    this.#controls = new StructTable(libc, capacity * CONTROL_LENGTH);
    this.#names = new StructTable(libc, capacity * SOCKADDR_LENGTH);
    const dataAt = libc.address(this.data);
    for (let i = 0; i < capacity; i++) {
      const message = i * MESSAGE_WORDS;
      this.#messages.setLong(message, this.#names.address + i * SOCKADDR_LENGTH); // msg_name
      this.#messages.setLong(message + 4, this.#vectors.address + i * VECTOR_LENGTH); // msg_iov
      this.#messages.setLong(message + 6, 1); // msg_iovlen
      this.#messages.setLong(message + 8, this.#controls.address + i * CONTROL_LENGTH); // msg_control
      this.#vectors.setLong(i * VECTOR_WORDS, dataAt + i * LARGEST_MESSAGE); // iov_base
      this.#vectors.setLong(i * VECTOR_WORDS + 2, LARGEST_MESSAGE); // iov_len
    }
    this.#used = capacity;
  }

  /** Receives at most `capacity` messages without waiting. Returns their number, or −errno. */
  receive(fd: number): number {
    const { words } = this.#messages;
    for (let i = 0; i < this.#used; i++) {
      words[i * MESSAGE_WORDS + 2] = SOCKADDR_LENGTH; // msg_namelen
      words[i * MESSAGE_WORDS + 10] = CONTROL_LENGTH; // msg_controllen
    }
    const count = this.#libc.recvmmsg(fd, this.#messages.address, this.capacity, 0, null);
    this.#used = Math.max(0, count);
    if (count >= 0) return count;
    const errno = this.#libc.errno();
    return errno === Errno.EAGAIN || errno === Errno.EINTR ? 0 : -errno;
  }

  /** Bytes of message `i`. */
  length(i: number): number {
    return this.#messages.words[i * MESSAGE_WORDS + 14]!; // msg_len
  }

  /** Bytes of each datagram in message `i`, except that the last may be shorter. 0 for an empty one. */
  segment(i: number): number {
    const at = this.#control(i, SOL_UDP, UDP_GRO);
    return at < 0 ? this.length(i) : this.#controls.words[at]!;
  }

  /** Source of message `i`; the same object for consecutive messages of one source. */
  source(i: number): SocketAddress {
    const at = i * SOCKADDR_WORDS;
    const { words, bytes } = this.#names;
    const last = this.#sourceWords;
    if (this.#source === null || words[at] !== last[0] || words[at + 1] !== last[1]) {
      this.#source = readSockaddr(bytes, at * 4);
      this.#sourceWords = [words[at]!, words[at + 1]!];
    }
    return this.#source;
  }

  /** Arrival of message `i` in milliseconds since the Unix epoch; null where the socket has no time stamps. */
  arrival(i: number): number | null {
    const at = this.#control(i, SOL_SOCKET, SO_TIMESTAMPNS);
    if (at < 0) return null;
    const { words } = this.#controls;
    const seconds = words[at]! + words[at + 1]! * 0x1_0000_0000;
    return seconds * 1000 + words[at + 2]! / 1e6;
  }

  /** Index of the word at which the data of a control message of message `i` begins, or −1. */
  #control(i: number, level: number, type: number): number {
    const { words } = this.#controls;
    let at = i * CONTROL_WORDS;
    const end = at + this.#messages.words[i * MESSAGE_WORDS + 10]! / 4; // msg_controllen
    while (at + 4 <= end) {
      const length = words[at]!; // cmsg_len
      if (length < 16) return -1;
      if (words[at + 2] === level && words[at + 3] === type) return at + 4;
      at += Math.ceil(length / 8) * 2;
    }
    return -1;
  }
}
