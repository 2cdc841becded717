/**
 * A fake Libc. It decodes the structures that are laid out for the kernel independently, after the kernel's headers,
 * and throws where no kernel would accept them.
 */
import assert from 'node:assert/strict';
import type { Libc } from '../../src/system/libc.js';

export interface Datagram {
  group: string;
  port: number;
  bytes: Buffer;
}

/** A decoded entry of sendmmsg's table. */
export interface Message {
  datagrams: Datagram[];
  /** IP_MULTICAST_TTL and IP_MTU_DISCOVER of the socket, as last set. */
  ttl: number;
  mtuDiscover: number;
}

const IPPROTO_IP = 0;
const IP_MTU_DISCOVER = 10;
const IP_MULTICAST_TTL = 33;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;

export class FakeLibc implements Libc {
  /** Accepted messages, in order. */
  readonly taken: Message[] = [];
  /** Messages in each call of sendmmsg. */
  readonly calls: number[] = [];
  /** Open descriptors. */
  readonly open = new Set<number>();
  /** Errno of a message, 0 to accept it. */
  refuse: (message: Message) => number = () => 0;
  /** Content of every file, the part of it in memory, and an errno to fail with. */
  file = { bytes: Buffer.alloc(0), inMemory: 0, errno: 0 };
  readonly #memory: { address: number; bytes: Buffer }[] = [];
  readonly #options = new Map<string, number>();
  #errno = 0;
  #lastFd = 100;

  /** Each buffer crosses a multiple of 2^32, where a 32-bit sum would be wrong. */
  address(buffer: Buffer): number {
    const address = 0x7f00_0000_0000 + this.#memory.length * 0x1_0000_0000 - 24;
    this.#memory.push({ address, bytes: buffer });
    return address;
  }

  errno(): number {
    return this.#errno;
  }

  socket(): number {
    this.open.add(++this.#lastFd);
    return this.#lastFd;
  }

  prlimit(): number {
    throw new Error('not used');
  }

  close(fd: number): number {
    assert.ok(this.open.delete(fd), `descriptor ${fd} is not open`);
    return 0;
  }

  if_nametoindex(): number {
    return 0;
  }

  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number {
    assert.ok(this.open.has(fd));
    assert.equal(length, value.length);
    if (length === 4) this.#options.set(`${fd} ${level} ${name}`, value.readInt32LE());
    return 0;
  }

  getsockopt(): number {
    return 0;
  }

  bind(): number {
    return 0;
  }

  getsockname(): number {
    return 0;
  }

  posix_fadvise(): number {
    return 0;
  }

  ppoll(): number {
    return assert.fail('nobody waits');
  }

  eventfd(): number {
    return assert.fail('nobody rings');
  }

  recvmmsg(): number {
    return this.#fail(11);
  }

  /** Like the kernel: the messages one by one up to a refused one, whose errno is returned when it is the first. */
  sendmmsg(fd: number, messages: number, count: number, flags: number): number {
    assert.ok(this.open.has(fd), `descriptor ${fd} is not open`);
    assert.equal(flags, 0);
    this.calls.push(count);
    for (let i = 0; i < count; i++) {
      const message = this.#message(fd, messages + i * 64);
      const errno = this.refuse(message);
      if (errno !== 0) return i > 0 ? i : this.#fail(errno);
      this.taken.push(message);
    }
    return count;
  }

  /** Like the kernel with RWF_NOWAIT. */
  preadv2(_fd: number, vectors: number, count: number, position: number, flags: number): number {
    assert.equal(flags, 8);
    const { bytes, inMemory, errno } = this.file;
    if (errno !== 0) return this.#fail(errno);
    if (position >= bytes.length) return 0;
    if (position >= inMemory) return this.#fail(11);
    let at = position;
    for (let i = 0; i < count; i++) at += bytes.copy(this.#vector(vectors + i * 16), 0, at, inMemory);
    return at - position;
  }

  #fail(errno: number): number {
    this.#errno = errno;
    return -1;
  }

  /** The memory at an address, which must have been passed before. */
  #at(address: number, length: number): Buffer {
    const found = this.#memory.find(({ address: start, bytes }) => address >= start && address < start + bytes.length);
    assert.ok(found && address + length <= found.address + found.bytes.length, `${length} bytes at ${address}`);
    return found.bytes.subarray(address - found.address, address - found.address + length);
  }

  /** The memory of a struct iovec. */
  #vector(address: number): Buffer {
    const [base, length] = longs(this.#at(address, 16));
    return this.#at(base!, length!);
  }

  /** struct mmsghdr: struct msghdr, 56 bytes, and msg_len. */
  #message(fd: number, address: number): Message {
    const header = this.#at(address, 64);
    const [name, , vectors, vectorCount, control] = longs(header);
    assert.equal(header.readUInt32LE(8), 16, 'msg_namelen');
    const parts = Array.from({ length: vectorCount! }, (_, i) => this.#vector(vectors! + i * 16));
    const bytes = Buffer.concat(parts); // a copy, as the kernel makes one
    const segment = this.#segment(control!, Number(header.readBigUInt64LE(40)));
    const to = this.#at(name!, 16);
    assert.equal(to.readUInt16LE(0), 2, 'sin_family');
    const group = [...to.subarray(4, 8)].join('.');
    const port = to.readUInt16BE(2);
    assert.deepEqual(to.subarray(8), Buffer.alloc(8));
    assert.ok(bytes.length <= 65_507, `${bytes.length} bytes`);
    const datagrams: Datagram[] = [];
    for (let at = 0; at === 0 || at < bytes.length; at += segment ?? bytes.length) {
      datagrams.push({ group, port, bytes: bytes.subarray(at, at + (segment ?? bytes.length)) });
    }
    assert.ok(datagrams.length <= 64, `${datagrams.length} segments`);
    const option = (name: number) => this.#options.get(`${fd} ${IPPROTO_IP} ${name}`)!;
    return { datagrams, ttl: option(IP_MULTICAST_TTL), mtuDiscover: option(IP_MTU_DISCOVER) };
  }

  /** The length of a UDP_SEGMENT among the control messages, or null. Others are not expected. */
  #segment(control: number, length: number): number | null {
    if (length === 0) return null;
    const header = this.#at(control, length);
    assert.equal(header.readBigUInt64LE(0), 18n, 'cmsg_len'); // CMSG_LEN(sizeof(__u16))
    assert.equal(length, 24, 'msg_controllen'); // CMSG_SPACE(sizeof(__u16))
    assert.deepEqual([header.readInt32LE(8), header.readInt32LE(12)], [SOL_UDP, UDP_SEGMENT]);
    const segment = header.readUInt16LE(16);
    assert.ok(segment > 0);
    return segment;
  }
}

const longs = (bytes: Buffer): number[] =>
  Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => Number(bytes.readBigUInt64LE(i * 8)));
