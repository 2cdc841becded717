/** How late packets leave: two stations for half a minute, as the server itself counts. */
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bigBuckBunny, report, scratch, startMsc } from './support.js';

const SECONDS = 30;
const store = join(scratch(), 'store');
const words = [
  `One=${bigBuckBunny}`,
  `Two=${bigBuckBunny}`,
  '--store',
  store,
  '--control-port',
  '0',
  '--json',
  '--quiet',
];
const server = startMsc(['serve', ...words]);
interface OffAir {
  event: string;
  packets: number;
  droppedLate: number;
  lateness: { median: number; p99: number; max: number };
}

let onAir = 0;
const events: OffAir[] = [];
createInterface({ input: server.stdout! }).on('line', (line) => {
  const event = JSON.parse(line);
  if (event.event === 'on-air' && ++onAir === 2) setTimeout(() => server.kill('SIGINT'), SECONDS * 1000);
  if (event.event === 'off-air') events.push(event);
});
await once(server, 'close');
if (events.length !== 1) throw new Error('the server did not say how it went');
const [{ packets, droppedLate, lateness }] = events;
report(`Two stations of 6.3 Mbit/s for ${SECONDS} s: packets leave late by, ms`, [
  { ...lateness, packets, droppedLate },
]);
