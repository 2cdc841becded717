/** Choosing how to send. */
import { type LibcOrReason, loadLibc } from '../system/libc.js';
import { BatchSender } from './batch-sender.js';
import { openDatagramSender } from './datagram-sender.js';
import type { MulticastSender, SenderOptions } from './sender.js';

/**
 * The least costly sender that this system has: many datagrams a message and many messages a call on Linux, one call a
 * datagram elsewhere. Rejects with a Problem when the interface cannot be used.
 */
export async function openSender(
  options: SenderOptions,
  loading: Promise<LibcOrReason> = loadLibc(),
): Promise<MulticastSender> {
  const loaded = await loading;
  const sender = loaded.libc && BatchSender.open(loaded.libc, options);
  if (sender) return sender;
  const reason = loaded.libc ? 'this process may not call sendmmsg' : loaded.reason;
  options.onNote(`One system call for each packet, which takes more of the processor: ${reason}.`);
  return openDatagramSender(options);
}
