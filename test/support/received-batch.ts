/** Datagrams as a batching socket hands them over. */
import type { SocketAddress } from '../../src/base/socket-address.js';
import type { ReceivedBatch } from '../../src/net/receive-batched.js';

const HERE: SocketAddress = { address: '127.0.0.1', port: 5004 };

/** Contiguous in one buffer. */
export function batchOf(
  datagrams: readonly Buffer[],
  sources: readonly SocketAddress[] = datagrams.map(() => HERE),
): ReceivedBatch {
  const offsets = new Uint32Array(datagrams.length);
  for (let i = 1; i < datagrams.length; i++) offsets[i] = offsets[i - 1]! + datagrams[i - 1]!.length;
  return {
    buffer: Buffer.concat(datagrams),
    offsets,
    lengths: Uint16Array.from(datagrams, ({ length }) => length),
    sources,
    count: datagrams.length,
  };
}
