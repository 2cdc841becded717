/**
 * A table of messages for sendmmsg(2), each of which may be many datagrams of one length to one destination (UDP_SEGMENT,
 * "generic segmentation offload", udp(7)): the kernel takes them through its network stack as one and cuts them at the
 * end, which costs little more than one datagram does.
 *
 *     struct mmsghdr, 64 bytes                        struct cmsghdr with its data, 24 bytes
 *      0 msg_name 8          32 msg_control 8          0 cmsg_len 8, 18
 *      8 msg_namelen 4       40 msg_controllen 8       8 cmsg_level 4, SOL_UDP
 *     16 msg_iov 8           48 msg_flags 4           12 cmsg_type 4, UDP_SEGMENT
 *     24 msg_iovlen 8        56 msg_len 4             16 length of a datagram 2
 *
 *     struct iovec, 16 bytes: iov_base 8, iov_len 8
 */
import type { Libc } from './libc.js';
import { StructTable } from './struct-table.js';
import { SOCKADDR_LENGTH, SOL_UDP, UDP_SEGMENT, writeSockaddr } from './udp-socket.js';

export const MESSAGE_LENGTH = 64;
export const VECTOR_LENGTH = 16;
const CONTROL_LENGTH = 24;

const MESSAGE_WORDS = MESSAGE_LENGTH / 4;
const VECTOR_WORDS = VECTOR_LENGTH / 4;
const CONTROL_WORDS = CONTROL_LENGTH / 4;

/** Datagrams in one message at most (UDP_MAX_SEGMENTS of older kernels), and their bytes: an IPv4 packet less its headers. */
export const MOST_SEGMENTS = 64;
export const MOST_SEGMENTED_BYTES = 65_535 - 20 - 8;

export class SendMessages {
  readonly #libc: Libc;
  readonly #messages: StructTable;
  readonly #vectors: StructTable;
  readonly #controls: StructTable;
  readonly #names: StructTable;
  readonly #dataAt: number;
  /** Referenced here, because the kernel reads from its address. */
  readonly data: Buffer;

  /** Datagrams lie in `data`; at most `capacity` messages at once, to at most `destinations` addresses. */
  constructor(libc: Libc, options: { data: Buffer; capacity: number; destinations: number }) {
    const { data, capacity, destinations } = options;
    this.#libc = libc;
    this.data = data;
    this.#messages = new StructTable(libc, capacity * MESSAGE_LENGTH);
    this.#vectors = new StructTable(libc, capacity * VECTOR_LENGTH);
    this.#controls = new StructTable(libc, capacity * CONTROL_LENGTH);
    this.#names = new StructTable(libc, destinations * SOCKADDR_LENGTH);
    this.#dataAt = libc.address(data);
    for (let i = 0; i < capacity; i++) {
      const message = i * MESSAGE_WORDS;
      this.#messages.words[message + 2] = SOCKADDR_LENGTH; // msg_namelen
      this.#messages.setLong(message + 4, this.#vectors.address + i * VECTOR_LENGTH); // msg_iov
      this.#messages.setLong(message + 6, 1); // msg_iovlen
      this.#messages.setLong(message + 8, this.#controls.address + i * CONTROL_LENGTH); // msg_control
      const control = i * CONTROL_WORDS;
      this.#controls.setLong(control, 18); // cmsg_len
      this.#controls.words[control + 2] = SOL_UDP; // cmsg_level
      this.#controls.words[control + 3] = UDP_SEGMENT; // cmsg_type
    }
  }

  /** Destination `index`. Throws a RangeError when there are too many. */
  setDestination(index: number, address: string, port: number): void {
    writeSockaddr(this.#names.bytes, index * SOCKADDR_LENGTH, address, port);
  }

  /**
   * Message `index`: `length` bytes at `offset` of the data, to a destination, cut into datagrams of `segment` bytes, the
   * last of which may be shorter; 0: one datagram.
   */
  set(index: number, offset: number, length: number, destination: number, segment: number): void {
    const message = index * MESSAGE_WORDS;
    this.#messages.setLong(message, this.#names.address + destination * SOCKADDR_LENGTH); // msg_name
    this.#messages.words[message + 10] = segment === 0 ? 0 : CONTROL_LENGTH; // msg_controllen
    this.#vectors.setLong(index * VECTOR_WORDS, this.#dataAt + offset); // iov_base
    this.#vectors.words[index * VECTOR_WORDS + 2] = length; // iov_len
    this.#controls.words[index * CONTROL_WORDS + 4] = segment;
  }

  /** Sends `count` messages from `first` on. Returns how many were sent, or −errno if not even the first was. */
  send(fd: number, first: number, count: number): number {
    const sent = this.#libc.sendmmsg(fd, this.#messages.address + first * MESSAGE_LENGTH, count, 0);
    return sent < 0 ? -this.#libc.errno() : sent;
  }
}
