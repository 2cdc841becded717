/**
 * A thread that dies when it is given its first station, as many times as `workerData.deaths` says, and is sound in the
 * lives after those. With `diesAtStart` it dies before it is ready in those lives, and with `diesAtStop` when it is stopped.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadCommand, ThreadReport } from '../../src/threads/messages.js';

export interface DyingStation {
  id: string;
  title: string;
}
export type DyingChange = { do: 'rename'; id: string; title: string };
export interface DyingThreadData {
  /** One number: lives begun. */
  lives: SharedArrayBuffer;
  deaths: number;
  diesAtStart?: boolean;
  diesAtStop?: boolean;
}

const port = parentPort!;
const { lives, deaths, diesAtStart, diesAtStop } = workerData as DyingThreadData;
const post = (message: ThreadReport) => port.postMessage(message);

const life = Atomics.add(new Int32Array(lives), 0, 1);
if (diesAtStart && life < deaths) throw new Error('no memory');
port.on('message', (message: ThreadCommand<DyingStation> | DyingChange) => {
  if (message.do === 'stop') {
    if (diesAtStop) throw new Error('the socket is stuck');
    port.close();
  } else if (message.do === 'remove') post({ is: 'removed', id: message.id });
  else if (life < deaths) throw new RangeError('out of range');
  else if (message.do === 'add') {
    const { id, title } = message.station;
    post({ is: 'note', line: `life ${life} has ${id}, ${title}` });
  }
});
post({ is: 'ready' });
