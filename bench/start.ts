/** From the command to the first packet, Node's own start included: without a reel, and with it in the store. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { stationAddress } from '../src/station/identity.js';
import { bigBuckBunny, report, scratch, shown, spread, startMsc } from './support.js';

const RUNS = 7;
const name = `Bench ${process.pid}`;
const { group, port } = stationAddress(`bench-${process.pid}`, new Set());
const store = join(scratch(), 'store');

const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.bind(port, group);
await once(socket, 'listening');
socket.addMembership(group, '127.0.0.1');

async function firstPacket(): Promise<number> {
  const began = performance.now();
  const server = startMsc(['serve', `${name}=${bigBuckBunny}`, '--store', store, '--control-port', '0', '--quiet']);
  await once(socket, 'message');
  const took = performance.now() - began;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  await ended;
  return took / 1000;
}

const fresh: number[] = [];
const again: number[] = [];
for (let run = 0; run < RUNS; run++) {
  rmSync(store, { recursive: true, force: true });
  fresh.push(await firstPacket());
  again.push(await firstPacket());
}
socket.close();
report('Big Buck Bunny, from the command to its first packet, seconds: median (least–most)', [
  { start: 'the first time', seconds: shown(spread(fresh), 2) },
  { start: 'with its reel in the store', seconds: shown(spread(again), 2) },
]);
