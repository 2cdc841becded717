/** The beginning of a supervised thread, called in the thread itself. */
import type { MessagePort } from 'node:worker_threads';
import { messageOf, Problem } from '../base/problem.js';
import type { ThreadReport } from './messages.js';

/** Runs `open` and reports that the thread is ready. If it fails, reports why, closes the port and returns null. */
export async function openThread<T>(port: MessagePort, open: () => Promise<T>): Promise<T | null> {
  const post = (message: ThreadReport) => port.postMessage(message);
  try {
    const opened = await open();
    post({ is: 'ready' });
    return opened;
  } catch (error) {
    const { code, message, next } =
      error instanceof Problem ? error : { code: 'network' as const, message: messageOf(error), next: '' };
    post({ is: 'unable', code, message, next });
    port.close();
    return null;
  }
}
