import { Worker } from 'node:worker_threads';

/** From now on this process ends when its parent has ended, also while its main thread is busy. */
export function endWithParent(): void {
  const watch = new Worker(new URL('./parent-watch.js', import.meta.url), { workerData: process.ppid, execArgv: [] });
  watch.unref();
}
