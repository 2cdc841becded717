/** A thread that dies when it is given its first station, and plays the rest of its life as it should. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, ToThread } from '../../src/playout/messages.js';

const port = parentPort!;
const lives = new Int32Array((workerData as { lives: SharedArrayBuffer }).lives);
const say = (message: FromThread) => port.postMessage(message);

const life = Atomics.add(lives, 0, 1);
port.on('message', (message: ToThread) => {
  if (message.do === 'stop') port.close();
  else if (message.do === 'remove') say({ is: 'removed', id: message.id });
  else if (life === 0) throw new Error('out of memory, say');
  else if (message.do === 'add') {
    const { id, fec } = message.station;
    say({ is: 'note', line: `life ${life} has ${id} with ${fec?.mode}` });
  }
});
say({ is: 'ready' });
