import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeLibc } from '../../test/support/fake-libc.js';
import { systemCode } from '../base/problem.js';
import { willNeed } from './file.js';
import { loadLibc } from './libc.js';
import { readSockaddr, SOCKADDR_LENGTH, UdpSocket, writeSockaddr } from './udp-socket.js';

const { libc } = await loadLibc();
const skip = libc === null && 'needs 64-bit Linux';

test('a socket address is family, port and address, of which the last two are big-endian', () => {
  const bytes = Buffer.alloc(SOCKADDR_LENGTH + 2, 0xaa);
  writeSockaddr(bytes, 1, '239.1.2.3', 5004);
  assert.equal(bytes.toString('hex'), 'aa0200138cef0102030000000000000000aa');
});

test('a written address is read back', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 65_535 }), (address, port) => {
      const bytes = Buffer.alloc(SOCKADDR_LENGTH);
      writeSockaddr(bytes, 0, address, port);
      assert.deepEqual(readSockaddr(bytes, 0), { address, port });
    }),
  );
});

test('a socket is closed once, and then has no descriptor that could be another file’s', () => {
  const fake = new FakeLibc(); // fails where a descriptor is closed twice
  const socket = new UdpSocket(fake);
  assert.deepEqual([...fake.open], [socket.fd]);
  socket.close();
  socket.close();
  assert.equal(socket.fd, -1);
  assert.equal(fake.open.size, 0);
});

test('a bound socket has its address and the buffers that it was granted', { skip }, (context) => {
  const socket = new UdpSocket(libc!);
  context.after(() => socket.close());
  socket.bind('127.0.0.1', 0);
  const { address, port } = socket.address();
  assert.equal(address, '127.0.0.1');
  assert.ok(port > 0);
  assert.ok(socket.setSendBuffer(64 * 1024) >= 64 * 1024);
  assert.ok(socket.setReceiveBuffer(64 * 1024) >= 64 * 1024);
});

test('a failed call throws its name and that of errno', { skip }, (context) => {
  const socket = new UdpSocket(libc!);
  context.after(() => socket.close());
  const is = (message: string, code: string) => (error: unknown) =>
    error instanceof Error && error.message === message && systemCode(error) === code;
  assert.throws(() => socket.bind('192.0.2.250', 0), is('bind EADDRNOTAVAIL', 'EADDRNOTAVAIL'));
  assert.throws(() => socket.joinGroup('10.0.0.1', '127.0.0.1'), is('setsockopt EINVAL', 'EINVAL'));
  assert.throws(() => willNeed(libc!, -1, 0, 1), is('posix_fadvise EBADF', 'EBADF'));
  socket.close();
  assert.throws(() => socket.setMulticastTtl(1), is('setsockopt EBADF', 'EBADF'));
});
