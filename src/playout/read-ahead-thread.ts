/** A thread that reads ahead for the stations of one disk. */
import { parentPort, workerData } from 'node:worker_threads';
import { Clock } from '../clock/clock.js';
import { Station } from '../station/station.js';
import { loadLibc } from '../system/libc.js';
import type { ThreadReport } from '../threads/messages.js';
import { StationCounters } from '../threads/station-counters.js';
import { type PlayoutCommand, READ_PERIOD, type ReadAheadThreadData } from './messages.js';
import { adviseKernel, ReadAhead, readThrough } from './read-ahead.js';

const port = parentPort!;
const clock = new Clock((workerData as ReadAheadThreadData).clock);
const post = (message: ThreadReport) => port.postMessage(message);

const { libc } = await loadLibc();
const ahead = new ReadAhead(libc === null ? readThrough() : adviseKernel(libc), (id, error) =>
  post({ is: 'read-error', id, ...error }),
);
let timer: NodeJS.Timeout;
const read = () => {
  clearTimeout(timer);
  // A timer of 0 ms lets messages come first, however much there is to read.
  timer = setTimeout(read, ahead.read(() => clock.now()) ? 0 : READ_PERIOD);
};
timer = setTimeout(read, READ_PERIOD);
port.on('message', (message: PlayoutCommand) => {
  if (message.do === 'add') {
    const { id, station, progress } = message.station;
    ahead.add({ id, station: Station.of(station), progress: new StationCounters(progress), now: clock.now() });
    clearTimeout(timer);
    timer = setTimeout(read, 0);
  } else if (message.do === 'change') {
    ahead.change(message.station.id, message.station.delta);
  } else if (message.do === 'remove') {
    ahead.remove(message.id);
    post({ is: 'removed', id: message.id });
  } else if (message.do === 'stop') {
    clearTimeout(timer);
    port.close();
  }
});
post({ is: 'ready' });
