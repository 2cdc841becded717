/** UDP sockets by descriptor, without an event loop: they never block. */
import type { SocketAddress } from '../base/socket-address.js';
import { errnoName, type Libc } from './libc.js';

/** A failed system call, in the manner of Node.js: `code` is the name of errno. */
export class SystemCallError extends Error {
  readonly code: string;

  constructor(call: string, errno: number) {
    super(`${call} ${errnoName(errno)}`);
    this.code = errnoName(errno);
  }
}

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const SOCK_NONBLOCK = 0x800;

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_TIMESTAMPNS = 35;

const IPPROTO_IP = 0;
const IP_MTU_DISCOVER = 10;
const IP_PMTUDISC_WANT = 1;
const IP_PMTUDISC_DO = 2;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_TTL = 33;
const IP_MULTICAST_LOOP = 34;
const IP_ADD_MEMBERSHIP = 35;
const IP_DROP_MEMBERSHIP = 36;
const IP_ADD_SOURCE_MEMBERSHIP = 39;
const IP_DROP_SOURCE_MEMBERSHIP = 40;
const IP_MULTICAST_ALL = 49;

export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
export const UDP_GRO = 104;

/** struct sockaddr_in: sin_family 2, sin_port 2 (big-endian), sin_addr 4, zero 8. */
export const SOCKADDR_LENGTH = 16;

export function writeSockaddr(out: Buffer, offset: number, address: string, port: number): void {
  out.fill(0, offset, offset + SOCKADDR_LENGTH);
  out.writeUInt16LE(AF_INET, offset);
  out.writeUInt16BE(port, offset + 2);
  addressBytes(address).copy(out, offset + 4);
}

export const readSockaddr = (from: Buffer, offset: number): SocketAddress => ({
  address: from.subarray(offset + 4, offset + 8).join('.'),
  port: from.readUInt16BE(offset + 2),
});

const addressBytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

/**
 * An open, non-blocking UDP socket over IPv4. Its methods throw SystemCallError.
 * Responsible for: the descriptor, which only `close` closes.
 */
export class UdpSocket {
  readonly #libc: Libc;
  #fd: number;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    this.#check('socket', this.#fd);
  }

  /** The descriptor; −1 once closed, because the system reuses the number. */
  get fd(): number {
    return this.#fd;
  }

  bind(address: string, port: number): void {
    const name = Buffer.alloc(SOCKADDR_LENGTH);
    writeSockaddr(name, 0, address, port);
    this.#check('bind', this.#libc.bind(this.fd, name, name.length));
  }

  /** The bound address. */
  address(): { address: string; port: number } {
    const name = Buffer.alloc(SOCKADDR_LENGTH);
    this.#check('getsockname', this.#libc.getsockname(this.fd, name, int32(name.length)));
    return readSockaddr(name, 0);
  }

  /** Sets the interface for multicast, by its address, and its time to live: the number of routers plus one. */
  setMulticast(options: { interfaceAddress: string; ttl: number }): void {
    this.#set(IPPROTO_IP, IP_MULTICAST_IF, addressBytes(options.interfaceAddress));
    this.setMulticastTtl(options.ttl);
    this.#set(IPPROTO_IP, IP_MULTICAST_LOOP, int32(1));
  }

  setMulticastTtl(ttl: number): void {
    this.#set(IPPROTO_IP, IP_MULTICAST_TTL, int32(ttl));
  }

  /** Whether datagrams too large for the path are cut into fragments. The identification that this needs has a cost. */
  setFragmenting(allowed: boolean): void {
    this.#set(IPPROTO_IP, IP_MTU_DISCOVER, int32(allowed ? IP_PMTUDISC_WANT : IP_PMTUDISC_DO));
  }

  setReuseAddress(): void {
    this.#set(SOL_SOCKET, SO_REUSEADDR, int32(1));
  }

  joinGroup(group: string, interfaceAddress: string): void {
    this.#setMembership(IP_ADD_MEMBERSHIP, group, interfaceAddress);
  }

  leaveGroup(group: string, interfaceAddress: string): void {
    this.#setMembership(IP_DROP_MEMBERSHIP, group, interfaceAddress);
  }

  /** Joins a group for the datagrams of one source; further sources can be added. */
  joinSource(group: string, interfaceAddress: string, source: string): void {
    this.#setMembership(IP_ADD_SOURCE_MEMBERSHIP, group, interfaceAddress, source);
  }

  leaveSource(group: string, interfaceAddress: string, source: string): void {
    this.#setMembership(IP_DROP_SOURCE_MEMBERSHIP, group, interfaceAddress, source);
  }

  /** struct ip_mreq and ip_mreq_source: imr_multiaddr, imr_interface, imr_sourceaddr. */
  #setMembership(name: number, ...addresses: string[]): void {
    this.#set(IPPROTO_IP, name, Buffer.concat(addresses.map(addressBytes)));
    // Receive only the groups that this socket joined, not those of other sockets of the machine.
    this.#set(IPPROTO_IP, IP_MULTICAST_ALL, int32(0));
  }

  /** Enables receive offload: several datagrams of one source as one message; see ReceiveMessages. */
  setReceiveOffload(): void {
    this.#set(SOL_UDP, UDP_GRO, int32(1));
  }

  /** Enables arrival time stamps; see ReceiveMessages. */
  setTimestamps(): void {
    this.#set(SOL_SOCKET, SO_TIMESTAMPNS, int32(1));
  }

  /** Granted bytes, as the kernel counts them: fewer than requested above the system's limit. */
  setSendBuffer(bytes: number): number {
    this.#set(SOL_SOCKET, SO_SNDBUF, int32(bytes));
    return this.#get(SOL_SOCKET, SO_SNDBUF);
  }

  setReceiveBuffer(bytes: number): number {
    this.#set(SOL_SOCKET, SO_RCVBUF, int32(bytes));
    return this.#get(SOL_SOCKET, SO_RCVBUF);
  }

  /** Further calls do nothing. */
  close(): void {
    const { fd } = this;
    if (fd < 0) return;
    this.#fd = -1;
    this.#check('close', this.#libc.close(fd));
  }

  #set(level: number, name: number, value: Buffer): void {
    this.#check('setsockopt', this.#libc.setsockopt(this.fd, level, name, value, value.length));
  }

  #get(level: number, name: number): number {
    const value = int32(0);
    this.#check('getsockopt', this.#libc.getsockopt(this.fd, level, name, value, int32(value.length)));
    return value.readInt32LE(0);
  }

  #check(call: string, result: number): void {
    if (result < 0) throw new SystemCallError(call, this.#libc.errno());
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
