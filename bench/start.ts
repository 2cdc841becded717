import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stationAddress } from '../src/station/identity.js';
import { bigBuckBunny, finish, scratch } from './support/benchmark.js';
import { mscOption, outOption, readOptions } from './support/options.js';
import { Program } from './support/processes.js';
import { shown, spread } from './support/stats.js';

const options = readOptions('Time from the command to the first packet, without a reel and with it in the store.', {
  runs: [7, 'starts of each kind'],
  ...outOption,
  ...mscOption,
});
const id = `bench-${process.pid}`;
const { group, port } = stationAddress(id, new Set());
const store = join(scratch(), 'store');

const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.bind(port, group);
await once(socket, 'listening');
socket.addMembership(group, '127.0.0.1');

async function secondsToFirstPacket(): Promise<number> {
  const words = [options.msc, 'serve', `${id}=${bigBuckBunny}`, '--store', store, '--control-port', '0', '--quiet'];
  const began = performance.now();
  const server = new Program(process.execPath, words);
  await once(socket, 'message');
  const took = performance.now() - began;
  await server.end();
  return took / 1000;
}

const first: number[] = [];
const later: number[] = [];
for (let run = 0; run < options.runs; run++) {
  rmSync(store, { recursive: true, force: true });
  first.push(await secondsToFirstPacket());
  later.push(await secondsToFirstPacket());
}
const rows = [
  { start: 'without a reel', seconds: shown(spread(first), 2) },
  { start: 'with its reel in the store', seconds: shown(spread(later), 2) },
];
finish({
  tables: [['Big Buck Bunny, from the command to its first packet: median (least–most)', rows]],
  data: { first, later },
  out: options.out,
});
