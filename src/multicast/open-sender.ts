/** Choosing how to send. */
import { loadLibc } from '../linux/libc.js';
import { BatchSender } from './batch-sender.js';
import { openDatagramSender } from './datagram-sender.js';
import type { MulticastSender, SenderOptions } from './sender.js';

/**
 * The least costly sender that this system has: many datagrams a message and many messages a call on Linux, one call a
 * datagram elsewhere. Rejects with a Problem when the interface cannot be used.
 */
export async function openSender(options: SenderOptions): Promise<MulticastSender> {
  const loaded = await loadLibc();
  if (loaded.libc !== null) return BatchSender.open(loaded.libc, options);
  options.onNote(`One system call for each packet, which takes more of the processor: ${loaded.reason}.`);
  return openDatagramSender(options);
}
