/**
 * A Libc whose sockets receive datagrams of a test. It fills the receivers' structures by offsets of its own, taken from
 * the kernel's headers, and throws for arguments that no kernel would take.
 */
import assert from 'node:assert/strict';
import type { Libc } from '../../src/system/libc.js';

/** The datagrams of one recvmmsg entry: one, or several of `segment` bytes, the last perhaps shorter. */
export interface Arrival {
  bytes: Buffer;
  segment?: number;
  address?: string;
  port?: number;
}

const EAGAIN = 11;
const ENOPROTOOPT = 92;
const SOL_UDP = 17;
const UDP_GRO = 104;

export class FakeArrivals implements Libc {
  /** Open descriptors, and the datagrams that wait there. */
  readonly open = new Map<number, Arrival[]>();
  /** The errno of every recvmmsg of a descriptor until it is deleted; descriptor 0 stands for all. */
  readonly failing = new Map<number, number>();
  /** Size of the sockets' receive buffers, bytes. */
  receiveBuffer = 8 << 20;
  /** Whether sockets know UDP_GRO. */
  knowsOffload = true;
  readonly #memory: { address: number; bytes: Buffer }[] = [];
  #errno = 0;
  #lastFd = 100;

  /** Each buffer lies across a multiple of 2^32, where a sum of 32 bits would overflow. */
  address(buffer: Buffer): number {
    const address = 0x7f00_0000_0000 + this.#memory.length * 0x1_0000_0000 - 24;
    this.#memory.push({ address, bytes: buffer });
    return address;
  }

  recvmmsg(fd: number, messages: number, capacity: number, flags: number, timeout: null): number {
    const arrivals = this.open.get(fd);
    assert.ok(arrivals, `descriptor ${fd} is not open`);
    assert.deepEqual([flags, timeout], [0, null]);
    const failure = this.failing.get(fd) ?? this.failing.get(0);
    if (failure !== undefined) return this.#fail(failure);
    const taken = arrivals.splice(0, capacity);
    for (const [i, arrival] of taken.entries()) this.#receive(messages + i * 64, arrival);
    return taken.length > 0 ? taken.length : this.#fail(EAGAIN);
  }

  errno(): number {
    return this.#errno;
  }

  socket(): number {
    this.open.set(++this.#lastFd, []);
    return this.#lastFd;
  }

  if_nametoindex(): number {
    return 0;
  }

  prlimit(): number {
    throw new Error('not used');
  }

  close(fd: number): number {
    assert.ok(this.open.delete(fd), `descriptor ${fd} is not open`);
    return 0;
  }

  setsockopt(_fd: number, level: number, name: number): number {
    return level === SOL_UDP && name === UDP_GRO && !this.knowsOffload ? this.#fail(ENOPROTOOPT) : 0;
  }

  getsockopt(_fd: number, _level: number, _name: number, value: Buffer): number {
    value.writeInt32LE(this.receiveBuffer);
    return 0;
  }

  bind(): number {
    return 0;
  }

  getsockname(): number {
    return assert.fail('receivers ask for no name');
  }

  sendmmsg(): number {
    return assert.fail('receivers do not send');
  }

  preadv2(): number {
    return assert.fail('receivers read no file');
  }

  ppoll(): number {
    return assert.fail('receivers do not wait');
  }

  eventfd(): number {
    return assert.fail('receivers have no bell');
  }

  posix_fadvise(): number {
    return assert.fail('receivers read no file');
  }

  #fail(errno: number): number {
    this.#errno = errno;
    return -1;
  }

  /** Fills a struct mmsghdr: struct msghdr, 56 bytes, and msg_len. */
  #receive(address: number, { bytes, segment, address: from = '127.0.0.1', port = 5004 }: Arrival): void {
    const header = this.#at(address, 64);
    const [name = 0, , vectors = 0, vectorCount, control = 0] = longs(header);
    assert.equal(header.readUInt32LE(8), 16, 'msg_namelen'); // Also when the header is used again.
    assert.equal(vectorCount, 1);
    const sockaddr = this.#at(name, 16).fill(0);
    sockaddr.writeUInt16LE(2, 0); // sin_family
    sockaddr.writeUInt16BE(port, 2);
    sockaddr.set(from.split('.').map(Number), 4);
    const [base = 0, room = 0] = longs(this.#at(vectors, 16));
    assert.ok(bytes.length <= room);
    bytes.copy(this.#at(base, room));
    header.writeBigUInt64LE(BigInt(segment === undefined ? 0 : this.#grouped(control, header, segment)), 40);
    header.writeUInt32LE(bytes.length, 56); // msg_len
  }

  /** Writes the control message of UDP_GRO; returns msg_controllen. */
  #grouped(control: number, header: Buffer, segment: number): number {
    const length = Number(header.readBigUInt64LE(40));
    assert.ok(length >= 24, 'msg_controllen');
    const message = this.#at(control, length).fill(0xff);
    message.writeBigUInt64LE(20n, 0); // CMSG_LEN(sizeof(int))
    message.writeInt32LE(SOL_UDP, 8);
    message.writeInt32LE(UDP_GRO, 12);
    message.writeInt32LE(segment, 16);
    return 24; // CMSG_SPACE(sizeof(int))
  }

  /** The memory at an address, which has to lie in one of the buffers. */
  #at(address: number, length: number): Buffer {
    const found = this.#memory.find(({ address: start, bytes }) => address >= start && address < start + bytes.length);
    assert.ok(found && address + length <= found.address + found.bytes.length, `${length} bytes at ${address}`);
    return found.bytes.subarray(address - found.address, address - found.address + length);
  }
}

const longs = (bytes: Buffer): number[] =>
  Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => Number(bytes.readBigUInt64LE(i * 8)));
