/** A thread of a child process that ends it with its parent, also while FFmpeg keeps the main thread busy for ever. */
import { workerData } from 'node:worker_threads';
import { isRunning } from '../../base/running.js';
import { Millis } from '../../base/units.js';

const PERIOD = Millis(1_000);
const parent = workerData as number;

setInterval(() => {
  // Its place is taken by another process, or by none on Windows.
  if (process.ppid !== parent || !isRunning(parent)) process.kill(process.pid, 'SIGKILL');
}, PERIOD);
