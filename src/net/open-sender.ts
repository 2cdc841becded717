/** Chooses the way to send. */
import { type LibcOrReason, loadLibc } from '../system/libc.js';
import { BatchSender } from './batch-sender.js';
import { openDatagramSender } from './datagram-sender.js';
import type { MulticastSender, SenderOptions } from './sender.js';

/**
 * The cheapest sender that this system has: on Linux, many datagrams per message and many messages per call; elsewhere
 * a call per datagram. Rejects with a Problem when the interface cannot be used.
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
