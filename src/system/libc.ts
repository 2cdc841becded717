/**
 * Linux system calls that Node.js does not offer: many datagrams in one call, and reading from the page cache only.
 * They are called through koffi, with structures laid out by hand. Only this folder depends on the system; where
 * `loadLibc` returns null, the callers use Node.js.
 */
import { getSystemErrorName } from 'node:util';
import type Koffi from 'koffi';
import { messageOf } from '../base/problem.js';

/** The C functions in use, as koffi calls them. Addresses and offsets are integers below 2^53. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  getsockname(fd: number, address: Buffer, length: Buffer): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Buffer): number;
  sendmmsg(fd: number, messages: number, count: number, flags: number): number;
  recvmmsg(fd: number, messages: number, count: number, flags: number, timeout: null): number;
  preadv2(fd: number, vectors: number, count: number, position: number, flags: number): number;
  posix_fadvise(fd: number, position: number, length: number, advice: number): number;
  ppoll(descriptors: number, count: number, timeout: Buffer, mask: null): number;
  eventfd(value: number, flags: number): number;
  close(fd: number): number;
  if_nametoindex(name: string): number;
  prlimit(pid: number, resource: number, limit: BigUint64Array, before: null): number;
  /** `errno` of the preceding call. */
  errno(): number;
  /** Address of a buffer's first byte. The caller keeps the buffer referenced while the system uses the address. */
  address(buffer: Buffer): number;
}

/** The calls, or the reason why they are unavailable. */
export type LibcOrReason = { libc: Libc } | { libc: null; reason: string };

let loading: Promise<LibcOrReason> | undefined;

/** Loads koffi once. Never rejects: without it, Node.js's own calls do. */
export function loadLibc(): Promise<LibcOrReason> {
  loading ??= load();
  return loading;
}

/** Lets users disable these calls, to see whether they cause a fault. */
const PLAIN = 'MSC_SOCKETS=plain';

async function load(): Promise<LibcOrReason> {
  const { platform, arch, env } = process;
  if (`MSC_SOCKETS=${env.MSC_SOCKETS}` === PLAIN) return { libc: null, reason: PLAIN };
  // The structures of this folder are those of 64-bit Linux, little-endian.
  if (platform !== 'linux' || !['x64', 'arm64'].includes(arch)) {
    return { libc: null, reason: `not made for ${platform} on ${arch}` };
  }
  try {
    return { libc: bind((await import('koffi')).default) };
  } catch (error) {
    return { libc: null, reason: messageOf(error) };
  }
}

function bind(koffi: typeof Koffi): Libc {
  const library = koffi.load(null);
  const define = (prototype: string) => library.func(prototype);
  return {
    socket: define('int socket(int domain, int type, int protocol)'),
    bind: define('int bind(int fd, void *address, uint32_t length)'),
    getsockname: define('int getsockname(int fd, void *address, void *length)'),
    setsockopt: define('int setsockopt(int fd, int level, int name, void *value, uint32_t length)'),
    getsockopt: define('int getsockopt(int fd, int level, int name, void *value, void *length)'),
    sendmmsg: define('int sendmmsg(int fd, uintptr_t messages, uint32_t count, int flags)'),
    recvmmsg: define('int recvmmsg(int fd, uintptr_t messages, uint32_t count, int flags, void *timeout)'),
    preadv2: define('long preadv2(int fd, uintptr_t vectors, int count, int64_t position, int flags)'),
    posix_fadvise: define('int posix_fadvise(int fd, int64_t position, int64_t length, int advice)'),
    ppoll: define('int ppoll(uintptr_t descriptors, unsigned long count, void *timeout, void *mask)'),
    eventfd: define('int eventfd(uint32_t value, int flags)'),
    close: define('int close(int fd)'),
    if_nametoindex: define('uint32_t if_nametoindex(const char *name)'),
    prlimit: define('int prlimit(int pid, int resource, void *limit, void *before)'),
    errno: () => koffi.errno(),
    address: (buffer) => Number(koffi.address(buffer)),
  } as Libc;
}

/** `errno` values, asm-generic/errno.h. */
export const Errno = {
  EPERM: 1,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  EAGAIN: 11,
  EINVAL: 22,
  ENOSYS: 38,
  EMSGSIZE: 90,
  EOPNOTSUPP: 95,
  ENOBUFS: 105,
} as const;

/** The name of an `errno` value, such as "ENOBUFS". */
export const errnoName = (errno: number): string => getSystemErrorName(-errno);
